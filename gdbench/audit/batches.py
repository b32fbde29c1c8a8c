"""A certificate of a problem's samples: a batch is the mean of losses of one sample each, and f that of all of them."""

from __future__ import annotations

import numpy as np

from gdbench.audit.calls import Calls, Vector, calls
from gdbench.audit.places import EPS, random_points, slope
from gdbench.problem import Problem

Pair = tuple[float, Vector]


def samples(problem: Problem) -> list[str]:
    """Of every sample the batch kernel has a loss whose mean is f, and its gradient; of several it has their mean."""
    if problem.batch is None:
        return [] if problem.samples == 0 else [f"samples: {problem.samples}, without a batch kernel"]
    if problem.samples < 1:
        return [f"samples: {problem.samples}, with a batch kernel"]
    run = calls(problem)
    found = [complaint for x in [problem.start, *random_points(problem, 3)] for complaint in _means(run, x)]
    x = random_points(problem, 2)[1]
    found += [one for i in {0, problem.samples // 2, problem.samples - 1} for one in _slopes_of_one(run, x, i)]
    return found if _keeps_clean(problem, x) else [*found, "batch: reads its work space before it writes it"]


def _means(run: Calls, x: Vector) -> list[str]:
    """Batches against the mean of their samples one by one, and all samples against the oracle."""
    m, draws = run.problem.samples, np.random.default_rng(13)
    seen = [run.batch(x, [i]) for i in range(m)]
    losses, slopes = np.array([f for f, _ in seen]), np.array([g for _, g in seen])
    # Means of up to m terms, which are sums of some n products each: so many roundings of the largest term.
    most = 4.0 * EPS * (m + len(x))
    room = most * float(np.max(np.abs(losses))), most * float(np.max(np.linalg.norm(slopes, axis=1)))
    # Some of all sizes, with samples that come twice and in no order.
    several = [draws.integers(0, m, size).tolist() for size in sorted({min(size, m) for size in (2, 5, m)})]
    named = {
        "the mean over all samples": ((np.mean(losses), np.mean(slopes, axis=0)), run.oracle(x)),
        "a batch of all samples": (run.batch(x, range(m)), run.oracle(x)),
        **{f"a batch of {len(some)}": (run.batch(x, some), _mean(losses, slopes, some)) for some in several},
    }
    return [f"batch: {what} is off by {said}" for what, pair in named.items() if (said := _apart(*pair, room))]


def _mean(losses: Vector, slopes: Vector, chosen: list[int]) -> Pair:
    return float(np.mean(losses[chosen])), np.mean(slopes[chosen], axis=0)


def _apart(one: Pair, other: Pair, room: tuple[float, float]) -> str:
    """How far two pairs of f and gradient are apart, where that is too far."""
    off = {"f": abs(one[0] - other[0]), "gradient": float(np.linalg.norm(one[1] - other[1]))}
    wrong = {name: d for (name, d), allowed in zip(off.items(), room, strict=True) if not d <= allowed}
    return " and ".join(f"{d:.3g} in its {name}" for name, d in wrong.items())


def _slopes_of_one(run: Calls, x: Vector, i: int) -> list[str]:
    """The gradient of one sample is the derivative of its loss, allowances as in `gradient`."""
    v = np.random.default_rng(17).standard_normal(len(x))
    v /= np.linalg.norm(v)
    f, g = run.batch(x, [i])
    expected = float(slope(lambda y: run.batch(y, [i])[0], x, v))
    allowed = 1e-7 * float(np.linalg.norm(g)) + 1e-9 + 100.0 * EPS * abs(f) / 1e-4
    right = abs(float(g @ v) - expected) <= allowed
    return [] if right else [f"batch: sample {i} has slope {float(g @ v)!r} along a direction, its loss {expected!r}"]


def _keeps_clean(problem: Problem, x: Vector) -> bool:
    """Whether batches are the same whatever the work space held."""
    chosen = [0, problem.samples - 1]
    (f, g), (again, g_again) = calls(problem).batch(x, chosen), calls(problem, np.nan).batch(x, chosen)
    return f == again and np.array_equal(g, g_again)
