"""Momentum with weights and gradients in few digits, as in mixed-precision training (Micikevicius et al. 2018).

The oracle is asked at the weights rounded to the format, and what it answers is kept as round(scale g); all else, the
velocity too, is float64, in which scale g is exact for powers of two. memory[0] is the judged iterate: the master copy
that collects the updates unrounded, or, with master=false, the rounded weights themselves, which swallow an update of
less than half of their last digit. Where x_0 is no number of the format the oracle is asked once more, at the rounded
x_0, before the first update, so that no sampling goes with it.

A scale lifts gradients out of the format's last digits: without one, float16 keeps nothing of those below 2^-25.
scaling=dynamic changes it as torch.amp.GradScaler does: a step whose gradients overflow is skipped, momentum included,
and halves it; `interval` steps in a row without one double it. It is a number of single precision, as torch's.

No theorem: rounding breaks each of those for momentum by far more than float64's allowance, measured only.
"""

import math
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Annotated, Literal

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import FORMATS, helper, rounded, step, to_float32
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import Range, Share, StepSize, Unit
from gdbench.problem import Array, Problem
from gdbench.view import View

SMALLEST_SCALE, LARGEST_SCALE = 2.0**-149, FORMATS["float32"].largest
WEIGHT, GRADIENT, SCALE = 1, 2, 3


@helper
def ask_again(x, g, spread, smallest, largest, data, calls):  # type: ignore[no-untyped-def]
    """Round x, and where that moves it ask the oracle there; returns how often it was asked."""
    oracle = calls.oracle
    moved = False
    for i in range(x.shape[0]):
        kept = rounded(x[i], spread, smallest, largest)
        moved = moved or kept != x[i]
        x[i] = kept
    if moved:
        oracle(x, g, data)
        return 1
    return 0


@helper
def grown(hyper, interval):  # type: ignore[no-untyped-def]
    """Count a step that was made; the last of `interval` in a row doubles the scale, unless that overflows."""
    hyper[7] += 1.0
    if hyper[7] == interval:
        hyper[7] = 0.0
        larger = to_float32(2.0 * hyper[6])
        if larger < math.inf:
            hyper[6] = larger


@step
def step_rounded(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    hyper = state.hyper
    beta, interval, keeps_master = hyper[0], hyper[1], hyper[2]
    spread, smallest, largest, scale = hyper[3], hyper[4], hyper[5], hyper[6]
    x = state.x
    g = state.g
    judged, velocity, slope = state.memory[0], state.memory[1], state.memory[2]
    asked = ask_again(x, g, spread, smallest, largest, data, calls) if k == 0 else 0
    finite = True
    for i in range(x.shape[0]):
        slope[i] = rounded(scale * g[i], spread, smallest, largest)
        finite = finite and abs(slope[i]) < math.inf
    if not finite:
        if interval == 0.0:
            return 0.0, -GRADIENT, asked
        hyper[6] = to_float32(0.5 * scale)
        hyper[7] = 0.0
        return 0.0, 0 if hyper[6] > 0.0 else -SCALE, asked
    for i in range(x.shape[0]):
        velocity[i] = beta * velocity[i] + slope[i] / scale
        moved = (judged[i] if keeps_master != 0.0 else x[i]) - alpha * velocity[i]
        x[i] = rounded(moved, spread, smallest, largest)
        judged[i] = moved if keeps_master != 0.0 else x[i]
        finite = finite and abs(x[i]) < math.inf
    if interval > 0.0:
        grown(hyper, interval)
    return alpha, 0 if finite else -WEIGHT, asked


def _kept(x: Array, name: str) -> Array:
    """x in a format: NumPy's, or for bfloat16 a whole number of the last of eight digits, which is at least 2^-133."""
    with np.errstate(over="ignore"):
        if name != "bfloat16":
            return x.astype(name).astype(np.float64)
        digit = np.maximum(np.frexp(x)[1], -125) - 8
        near = np.ldexp(np.rint(np.ldexp(x, -digit)), digit)
        return np.where(np.abs(near) < 2.0**128, near, np.copysign(math.inf, x))


def naive(view: View, name: str, master: bool, interval: int) -> Iterator[Array]:
    """No velocity: the j-th last gradient that was kept, unscaled, enters a step with weight beta^j."""
    x, scale, good = view.start, view.declared["scale"], 0
    slopes: list[Array] = []
    for k in count():
        yield x
        query = _kept(x, name)
        scaled = _kept(scale * view.gradient(query), name)
        if not np.all(np.isfinite(scaled)):
            scale, good = float(np.float32(scale / 2.0)), 0
            if not interval or scale == 0.0:
                return
            continue
        slopes.insert(0, scaled / scale)
        past = sum(view.declared["beta"] ** j * slope for j, slope in enumerate(slopes))
        moved = (x if master else query) - view.alpha(k) * past
        if not np.all(np.isfinite(_kept(moved, name))):
            return
        x, good = moved if master else _kept(moved, name), good + 1
        if good == interval:
            scale, good = (2.0 * scale if 2.0 * scale <= LARGEST_SCALE else scale), 0


def make(
    format: Annotated[Literal["float16", "bfloat16", "float32"], Unit(x=1)] = "float16",  # noqa: A002 - the field's word
    master: bool = True,
    scaling: Literal["none", "static", "dynamic"] = "dynamic",
    scale: Annotated[float, Range(low=SMALLEST_SCALE, high=LARGEST_SCALE), Unit(f=-1, x=1)] = 65536.0,
    interval: Annotated[int, Range(low=1)] = 2000,
    alpha: StepSize = StepSize("1/L"),
    beta: Share = 0.9,
) -> Optimizer:
    """format: of weights and gradients. master: keep a float64 copy of the weights. scaling: of gradients, before they
    are rounded. scale: the factor, or the first one. interval: steps without overflow until a dynamic one doubles.
    alpha: step size. beta: momentum.
    """
    _check(scaling, scale, interval)
    kept = FORMATS[format]
    factor = 1.0 if scaling == "none" else float(np.float32(scale))
    good = interval if scaling == "dynamic" else 0

    def tune(problem: Problem) -> Tuning:
        _check_start(problem, format, kept.largest)
        size = problem.step_size(alpha)
        hyper = (beta, float(good), float(master), *kept.numbers, factor, 0.0)
        return Tuning(plan=(size,), hyper=hyper, declared={"alpha": size, "beta": beta, "scale": factor})

    limit = f"{kept.largest:g}, the largest number of {format}"
    return Optimizer(
        step=step_rounded,
        tune=tune,
        source="Micikevicius et al. 2018; torch.amp.GradScaler",
        memory=3,
        ahead=True,
        asks=True,
        failures=(
            f"a weight is beyond {limit}",
            f"a gradient times its scale of {factor:g} is beyond {limit}",
            f"a gradient is beyond {limit}, at every scale of single precision",
        ),
        naive=partial(naive, name=format, master=master, interval=good),
    )


def _check(scaling: str, scale: float, interval: int) -> None:
    """What a scaling would not heed is refused."""
    if scaling == "none" and scale != 65536.0:
        raise BadInput(f"scale={scale:g} of mixed_precision goes with scaling=static or dynamic, and not with none.")
    if scaling != "dynamic" and interval != 2000:
        raise BadInput(f"interval={interval} of mixed_precision goes with scaling=dynamic, and not with {scaling}.")


def _check_start(problem: Problem, name: str, largest: float) -> None:
    beyond = problem.start[np.abs(problem.start) > largest]
    if len(beyond):
        value = float(beyond[0])
        nearest = f"the nearest valid value is {math.copysign(largest, value):g}"
        raise BadInput(f"x_0 of {problem.name} holds {value:g}, which {name} cannot: {nearest}.")
