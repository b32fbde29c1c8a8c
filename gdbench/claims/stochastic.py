"""Claims about sampled gradients: the floor of a constant step, decay, batch size, and accumulation."""

from __future__ import annotations

import numpy as np

from gdbench.claims.claim import Claim, Finding, Runs, Status, sound
from gdbench.run import Result

BOWL = "quadratic[kappa=10,dim=3]"
NOISE = "sampling=noise[sigma=0.1]"
STEPS = (1.0, 0.5, 0.25)
WHOLE, HALF, QUARTER = (f"sgd[alpha={alpha}/L,{NOISE}]" for alpha in ("1", "0.5", "0.25"))
DECAYING = f"sgd[{NOISE},schedule=inverse_decay]"
DATA = "least_squares[samples=200,features=3]"
SIZES = (4, 16, 64)
BATCHES = tuple(f"sgd[alpha=0.2/L,sampling=batches[size={size}]]" for size in SIZES)
ONE_BATCH = "sgd[alpha=0.2/L]"
IN_PARTS = "sgd[alpha=0.2/L,sampling=batches[parts=4]]"
#: Where a mean over replicates is within this of a formula, they are the same for the eye of a reader.
CLOSE = 0.05


def floor(result: Result) -> float:
    """The mean gap of all replicates at the last checkpoint; the run's moments must be as the theorem has them."""
    sound(result, "sgd_quad_exact")
    return float(result.summary["replicates"]["f"][-1]) - float(result.summary["f"] - result.summary["gap"])


def per_mode(alpha: float, L: float, mu: float) -> float:
    """alpha sigma^2 / (2 (2 - alpha lambda)), summed over the three eigenvalues of the bowl."""
    return sum(0.01 * alpha / (2.0 * (2.0 - alpha * value)) for value in (mu, (L * mu) ** 0.5, L))


def constant_step_floor(runs: Runs) -> Finding:
    measured = [floor(runs(one, BOWL)) for one in (WHOLE, HALF, QUARTER)]
    exact = [per_mode(share / 4.0, 4.0, 0.4) for share in STEPS]
    said = ", ".join(f"{share:g}/L: {one:.5f}" for share, one in zip(STEPS, measured, strict=True))
    figure = f"with noise of sigma = 0.1 the mean gap stays at a floor that falls with the step ({said}) and never at 0"
    as_said = all(abs(one / other - 1.0) < CLOSE for one, other in zip(measured, exact, strict=True))
    values = dict(zip(("whole", "half", "quarter"), measured, strict=True))
    return Finding("confirmed" if as_said and measured[0] > measured[1] > measured[2] else "refuted", figure, values)


def decay_against_constant(runs: Runs) -> Finding:
    constant, decaying = floor(runs(WHOLE, BOWL)), floor(runs(DECAYING, BOWL))
    figure = f"mean gap after 500 noisy steps from 1/L: {constant:.5f} constant, {decaying:.5f} with 1/(1 + 0.01 k)"
    status: Status = "confirmed" if decaying < 0.25 * constant else "refuted"
    return Finding(status, figure, {"constant": constant, "decaying": decaying})


def noise_by_batch(runs: Runs) -> tuple[str, list[float]]:
    """A sentence, and the floors of the batch sizes."""
    measured = [floor(runs(one, DATA)) for one in BATCHES]
    said = ", ".join(f"{size}: {one:.2e}" for size, one in zip(SIZES, measured, strict=True))
    return f"the mean gap of mini-batch steps of 0.2/L settles at a floor like 1/size ({said})", measured


def small_batches(runs: Runs) -> Finding:
    figure, measured = noise_by_batch(runs)
    ratios = {"from_4_to_16": measured[0] / measured[1], "from_16_to_64": measured[1] / measured[2]}
    return Finding("confirmed" if all(ratio > 3.0 for ratio in ratios.values()) else "refuted", figure, ratios)


def larger_batches(runs: Runs) -> Finding:
    figure, measured = noise_by_batch(runs)
    less = measured[-1] < measured[0]
    figure = f"a larger batch takes noise away: {figure}"
    return Finding("refuted" if less else "confirmed", figure, {"share": measured[-1] / measured[0]})


def accumulation(runs: Runs) -> Finding:
    one, parts = runs(ONE_BATCH, DATA), runs(IN_PARTS, DATA)
    names = ("x0", "x1", "x2")
    apart = max(float(np.max(np.abs(one.trajectory[name] - parts.trajectory[name]))) for name in names)
    size = max(float(np.max(np.abs(one.trajectory[name]))) for name in names)
    relative = apart / size if size > 0.0 else 1.0
    figure = f"32 samples at once and in 4 parts of 8: iterates {relative:.1e} of the largest apart in 300 steps"
    return Finding("confirmed" if relative <= 1e-14 else "refuted", figure, {"relative": relative})


CLAIMS = (
    Claim(
        id="noise-floor",
        section="theory 5",
        says="with noise a constant step hovers near the minimum: the noise does not decrease",
        expects="confirmed",
        cells=tuple((one, BOWL) for one in (WHOLE, HALF, QUARTER)),
        measure=constant_step_floor,
    ),
    Claim(
        id="noise-decay",
        section="theory 5",
        says="with sum alpha_k^2 finite the noise decreases, which a constant step does not do",
        expects="confirmed",
        cells=((WHOLE, BOWL), (DECAYING, BOWL)),
        measure=decay_against_constant,
    ),
    Claim(
        id="batch-small",
        section="theory 8",
        says="small batch: more noise",
        expects="confirmed",
        cells=tuple((one, DATA) for one in BATCHES),
        measure=small_batches,
    ),
    Claim(
        id="batch-larger",
        section="theory 9",
        says="against a plateau add noise by a larger batch",
        expects="refuted",
        cells=tuple((one, DATA) for one in BATCHES),
        measure=larger_batches,
    ),
    Claim(
        id="accumulation",
        section="tips 5",
        says="gradient accumulation simulates a large batch",
        expects="confirmed",
        cells=((ONE_BATCH, DATA), (IN_PARTS, DATA)),
        measure=accumulation,
    ),
)
