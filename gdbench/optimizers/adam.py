"""Adam: steps along an average of gradients, over the root of an average of their squares (Kingma and Ba 2015).

m_{k+1} = beta1 m_k + (1 - beta1) g and v_{k+1} = beta2 v_k + (1 - beta2) g^2 from 0, entry by entry, and
x_{k+1} = x_k - alpha m/(1 - beta1^(k+1)) / (sqrt(v/(1 - beta2^(k+1))) + eps), as torch has it; without correction
x_k - alpha m/(sqrt v + eps). decay is of g + decay x (torch's weight_decay); `adamw` shrinks x beside the step instead.

With eps = 0 a coordinate whose gradient was always 0 stays where it is. A box projects each iterate on [-box, box]^n
(Reddi, Kale and Kumar 2018, whose metric is diagonal: entry by entry is their projection). No theorem bounds f.
"""

import math
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Annotated

import numpy as np

from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.optimizers._moments import adapted, averaged, past, quotient
from gdbench.parameter import Range, Share, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("adam_step",)


@step
def adapt(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    hyper = state.hyper
    beta1, beta2, eps, decay, box = hyper[0], hyper[1], hyper[2], hyper[3], hyper[4]
    x = state.x
    g = state.g
    first, second = state.memory[0], state.memory[1]
    # The sums of the weights in both moments: powers by pow differ from machine to machine.
    hyper[5] = averaged(hyper[5], beta1, 1.0)
    hyper[6] = averaged(hyper[6], beta2, 1.0)
    size, root = alpha / hyper[5], math.sqrt(hyper[6])
    for i in range(x.shape[0]):
        x[i], first[i], second[i] = adapted(
            *(x[i], g[i], first[i], second[i], beta1, beta2, eps, decay, box, size, root)
        )
    return alpha, 0, 0


def naive(view: View, correction: bool, box: float) -> Iterator[Array]:
    """No running moments: at each step all gradients so far are averaged anew."""
    beta1, beta2, eps, decay = (view.declared[name] for name in ("beta1", "beta2", "eps", "decay"))
    slopes: list[Array] = []
    x = view.start
    for k in count():
        yield x
        slopes.append(view.gradient(x) + decay * x)
        mean = past(slopes, beta1, corrected=correction)
        square = past([slope**2 for slope in slopes], beta2, corrected=correction)
        x = np.clip(x - view.alpha(k) * quotient(mean, np.sqrt(square) + eps), -box, box)


def make(
    alpha: Annotated[StepSize, Unit(x=1)] = StepSize("0.001"),
    beta1: Share = 0.9,
    beta2: Share = 0.999,
    eps: Annotated[float, Range(low=0.0), Unit(f=1, x=-1)] = 1e-8,
    decay: Annotated[float, Range(low=0.0), Unit(f=1, x=-2)] = 0.0,
    correction: bool = True,
    box: Annotated[float, Range(low=0.0, open_low=True, infinity=True), Unit(x=1)] = math.inf,
) -> Optimizer:
    """alpha: a length. eps: in units of g. decay: of the weights, in units of L. correction: for the moments' start at
    0. box: the largest |x_i|.
    """

    def tune(problem: Problem) -> Tuning:
        size, weight = problem.step_size(alpha), 0.0 if correction else 1.0
        declared = {"alpha": size, "beta1": beta1, "beta2": beta2, "eps": eps, "decay": decay, "box": box}
        hyper = (beta1, beta2, eps, decay, box, weight, weight)
        return Tuning(plan=(size,), hyper=hyper, declared={**declared, "correction": 1.0 - weight})

    return Optimizer(
        step=adapt,
        tune=tune,
        source="Kingma and Ba 2015; torch.optim.Adam",
        theorems=THEOREMS,
        memory=2,
        naive=partial(naive, correction=correction, box=box),
    )
