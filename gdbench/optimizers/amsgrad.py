"""AMSGrad: Adam, over the root of the largest average of squares so far (Reddi, Kale and Kumar 2018).

m_{k+1} and v_{k+1} as in `adam`. The largest is that of v, corrected by the present 1 - beta2^(k+1), as torch has it;
with largest=corrected it is that of v/(1 - beta2^(k+1)), as optax has it. Then, and in the paper, which corrects
nothing (correction=false), no coordinate's 1/(sqrt + eps) ever rises; torch's may, while 1 - beta2^(k+1) still does.

With eps = 0 a coordinate whose gradient was always 0 stays where it is. A box projects each iterate on [-box, box]^n,
as the paper's algorithm does. No theorem bounds f: the paper's bound is of regret, for a box and steps like 1/sqrt k.
"""

import math
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Annotated, Literal

import numpy as np

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._moments import averaged, over, past, quotient, within
from gdbench.parameter import Range, Share, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("adam_step",)


@step
def adapt_to_largest(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    hyper = state.hyper
    beta1, beta2, eps, decay, box, corrected = hyper[0], hyper[1], hyper[2], hyper[3], hyper[4], hyper[7]
    x = state.x
    g = state.g
    first, second, largest = state.memory[0], state.memory[1], state.memory[2]
    hyper[5] = averaged(hyper[5], beta1, 1.0)
    hyper[6] = averaged(hyper[6], beta2, 1.0)
    size, root = alpha / hyper[5], math.sqrt(hyper[6])
    before, after = (hyper[6], 1.0) if corrected == 1.0 else (1.0, root)
    for i in range(x.shape[0]):
        slope = g[i] + decay * x[i]
        first[i] = averaged(first[i], beta1, slope)
        second[i] = averaged(second[i], beta2, slope * slope)
        now = second[i] / before
        largest[i] = now if now > largest[i] else largest[i]
        x[i] = within(x[i] - size * over(first[i], math.sqrt(largest[i]) / after + eps), box)
    return alpha, 0, 0


def naive(view: View, correction: bool, largest: str, box: float) -> Iterator[Array]:
    """No running moments: at each step the average of squares is the largest entry of a list."""
    beta1, beta2, eps, decay = (view.declared[name] for name in ("beta1", "beta2", "eps", "decay"))
    slopes: list[Array] = []
    squares: list[Array] = []
    x = view.start
    for k in count():
        yield x
        slopes.append(view.gradient(x) + decay * x)
        mean = past(slopes, beta1, corrected=correction)
        here = past([slope**2 for slope in slopes], beta2, corrected=correction and largest == "corrected")
        squares.append(here)
        left = 1.0 - beta2 ** (k + 1) if correction and largest == "raw" else 1.0
        square = np.max(squares, axis=0) / left
        x = np.clip(x - view.alpha(k) * quotient(mean, np.sqrt(square) + eps), -box, box)


def make(
    alpha: Annotated[StepSize, Unit(x=1)] = StepSize("0.001"),
    beta1: Share = 0.9,
    beta2: Share = 0.999,
    eps: Annotated[float, Range(low=0.0), Unit(f=1, x=-1)] = 1e-8,
    decay: Annotated[float, Range(low=0.0), Unit(f=1, x=-2)] = 0.0,
    correction: bool = True,
    largest: Literal["raw", "corrected"] = "raw",
    box: Annotated[float, Range(low=0.0, open_low=True, infinity=True), Unit(x=1)] = math.inf,
) -> Optimizer:
    """alpha: a length. eps: in units of g. decay: of the weights, in units of L. correction: for the moments' start at
    0. largest: of v as it is, or of v once corrected. box: the largest |x_i|.
    """

    def tune(problem: Problem) -> Tuning:
        size, weight = problem.step_size(alpha), 0.0 if correction else 1.0
        declared = {"alpha": size, "beta1": beta1, "beta2": beta2, "eps": eps, "decay": decay, "box": box}
        hyper = (beta1, beta2, eps, decay, box, weight, weight, float(largest == "corrected"))
        return Tuning(plan=(size,), hyper=hyper, declared={**declared, "correction": 1.0 - weight})

    return Optimizer(
        step=adapt_to_largest,
        tune=tune,
        source="Reddi, Kale and Kumar 2018; torch.optim.Adam(amsgrad=True), optax.amsgrad",
        theorems=THEOREMS,
        memory=3,
        naive=partial(naive, correction=correction, largest=largest, box=box),
    )
