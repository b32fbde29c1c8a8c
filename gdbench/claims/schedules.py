"""Claims about schedules: what decays too fast, Robbins and Monro's conditions, the printed formulas, horizons, L."""

from __future__ import annotations

import math

import numpy as np

from gdbench.claims.claim import Claim, Finding, NotMeasured, Runs, Status, holds, iterations, sound
from gdbench.claims.rates import GD, at, worst
from gdbench.claims.steps import ONE
from gdbench.problem import Array
from gdbench.rate import slope
from gdbench.registry import problem, schedule
from gdbench.run import Result

LONG_BOWL = (ONE, "bowl")
DECAYED_BOWL = ("gradient_descent[alpha=1,schedule=inverse_decay]", "bowl")
HASTY = "gradient_descent[alpha=10/L,schedule=inverse_decay]"
STEEP = "gradient_descent[alpha=10/L,schedule=inverse_decay[rate=1]]"
ESTIMATE = "adaptive_lipschitz[alpha=0.9]"
ESTIMATES = ((ESTIMATE, "quadratic"), ("adaptive_lipschitz", "logistic"), ("adaptive_lipschitz", "rosenbrock"))
#: The best alpha L for k steps on the worst convex function, rounded: 1.5 at k = 1 exactly.
BEST_AT = {1: "1.5", 5: "1.7471", 100: "1.9705"}


def scheduled(name: str) -> tuple[str, str]:
    """Gradient descent from 1/L with a schedule, along the smallest eigenvalue of a quadratic with kappa = 100."""
    return f"gradient_descent[schedule={name}]", worst(100)


STEP, EXPONENTIAL, INVERSE, INVERSE_DECAY = map(scheduled, ("step", "exponential", "inverse", "inverse_decay"))
COSINE, WARMUP = scheduled("cosine[steps=500]"), scheduled("warmup_inverse_sqrt")
CONSTANT = (GD, worst(100))
DECAYS = (STEP, EXPONENTIAL, INVERSE, INVERSE_DECAY, COSINE)
WARMED = tuple(
    (f"gradient_descent[alpha={alpha}{warm}]", "mlp")
    for alpha in (1, 2)
    for warm in ("", ",schedule=warmup_inverse_sqrt")
)


def pochhammer(u: float, q: float) -> float:
    """The product of 1 - u q^i over all i >= 0, by the series of its logarithm: -sum of u^m/(m (1 - q^m))."""
    return math.exp(-sum(u**m / (m * (1.0 - q**m)) for m in range(1, 60)))


def travelled(run: Result) -> float:
    """x_k/x_0 at the end."""
    return at(run, "x0", run.k) / at(run, "x0", 0)


def left(run: Result) -> float:
    """The share of the gap that is left at the end; f* = 0."""
    return at(run, "f", run.k) / at(run, "f", 0)


def stalled(run: Result, said: float, limit: float, why: str) -> Finding:
    """A run that equals its closed form `said` and tends to `limit`, not to 0."""
    off = abs(travelled(sound(run, "quad_gd_exact")) / said - 1.0)
    figure = (
        f"kappa = 100 from 1/L: x_k/x_0 tends to {limit:.6f} and stays there (at k = {run.k} within {off:.0e} of the "
        f"closed form): {why}"
    )
    status: Status = "loose" if off < 1e-9 and limit > 0.0 else "refuted"
    return Finding(status, figure, {"limit": limit, "reached": travelled(run)})


def step_decay(runs: Runs) -> Finding:
    limit = pochhammer(0.01, 0.1) ** 30
    why = "the steps add up to 30 alpha_0/0.9, so 30 epochs must be many more than 30 steps"
    return stalled(runs(*STEP), limit, limit, why)


def exponential_decay(runs: Runs) -> Finding:
    run, q = runs(*EXPONENTIAL), math.exp(-0.01)
    limit = pochhammer(0.01, q)
    why = "the steps add up to alpha_0/(1 - e^-lambda)"
    return stalled(run, limit / pochhammer(0.01 * q**run.k, q), limit, why)


def inverse_goes_far(runs: Runs) -> Finding:
    run = sound(runs(*INVERSE), "quad_gd_exact")
    said = math.exp(math.lgamma(run.k + 0.99) - math.lgamma(0.99) - math.lgamma(run.k + 1.0))
    off = abs(travelled(run) / said - 1.0)
    rows = run.trajectory
    late = rows["k"] >= 100
    order = -slope(np.log(rows["k"][late].astype(float)), np.log(rows["f"][late]))
    figure = (
        f"far enough, some day: with alpha_0 = 1/L and kappa = 100 the gap falls like k^-{order:.4f} (2 mu/L), "
        f"{left(run):.3f} of it is left at k = {run.k}, and 1e-6 takes 1e{6.0 / order:.0f} iterations"
    )
    as_found = off < 1e-9 and abs(order - 0.02) < 2e-4
    status: Status = "loose" if as_found and left(run) > 1e-6 else "refuted"
    return Finding(status, figure, {"order": order, "distance": travelled(run)})


def blocks(alphas: Array, power: int) -> float:
    """The sum of alpha^power over the last half, as a share of the sum over the quarter before.

    A sum over k whose terms fall converges if such shares tend to less than 1 (Cauchy's condensation).
    """
    terms = alphas**power
    half = len(terms) // 2
    return float(np.sum(terms[half:]) / np.sum(terms[half // 2 : half]))


def conditions(run: Result) -> tuple[bool, bool]:
    """Robbins and Monro's two conditions, as the steps of a run suggest: the shares are 1 or more, and less than 0.9.

    Of the six schedules that are held against it none has a share between 0.64 and 1.
    """
    alphas = run.trajectory["alpha"][:-1]
    return blocks(alphas, 1) > 0.9, blocks(alphas, 2) < 0.9


def robbins_monro(runs: Runs) -> Finding:
    named = {"constant": CONSTANT, "step": STEP, "exponential": EXPONENTIAL, "inverse": INVERSE}
    named.update(inverse_decay=INVERSE_DECAY, warmup_inverse_sqrt=WARMUP)
    met = []
    for name, cell in named.items():
        known = schedule(name)
        if conditions(runs(*cell)) != (known.sum_diverges, known.squares_converge):
            raise NotMeasured(f"the steps of {name} do not look as its two sums are known to behave")
        if known.sum_diverges and known.squares_converge:
            met.append(name)
    figure = (
        f"of its schedules without an end, {' and '.join(met)} meet both conditions; the steps of step and exponential "
        "have a finite sum, those of constant and warmup_inverse_sqrt an infinite sum of squares"
    )
    found = {"met": float(len(met)), "schedules": float(len(named))}
    return Finding("confirmed" if "inverse" in met else "refuted", figure, found)


def raises(formula: str) -> bool:
    """Whether a printed formula divides by zero at k = 0."""
    try:
        {
            "alpha_0/k": lambda k: 1.0 / k,
            "min(k/w, (k/w)^-0.5)": lambda k: min(k / 100, (k / 100) ** -0.5),
            "transformer_lr_schedule": lambda k: 512**-0.5 * min(k**-0.5, k * 4000**-1.5),
        }[formula](0)
    except ZeroDivisionError:
        return True
    return False


def inverse_start(runs: Runs) -> Finding:
    failed = raises("alpha_0/k")
    figure = "for k = 0, 1, … as its loops count, alpha_0/k divides by zero at once: alpha_0/(k + 1) is meant"
    return Finding("refuted" if failed else "confirmed", figure, {"raises": float(failed)})


def warmup_start(runs: Runs) -> Finding:
    failed = [raises("min(k/w, (k/w)^-0.5)"), raises("transformer_lr_schedule")]
    with np.errstate(divide="ignore"):
        first = float(np.minimum(0.0, np.float64(0.0) ** -0.5))
    figure = (
        "at k = 0 both printed formulas divide by zero in Python; in NumPy, where 0^-0.5 is infinite, the first step "
        f"is {first:g}: wasted"
    )
    return Finding("refuted" if all(failed) and first == 0.0 else "confirmed", figure, {"first": first})


def cosine_end(runs: Runs) -> Finding:
    run = sound(runs(*COSINE), "quad_gd_exact")
    alphas = run.trajectory["alpha"][:-1]
    printed = (1.0 + np.cos(np.pi * np.arange(len(alphas)) / 500.0)) / 2.0
    within = float(np.max(np.abs(alphas[:501] / alphas[0] - printed[:501])))
    again = printed[-1]
    figure = (
        f"as printed for k <= K = 500 (within {within:.0e}), but it has no end: at k = {len(alphas) - 1} it is back at "
        f"{again:.4f} of alpha_max, where a clamped one is {alphas[-1]:g}"
    )
    as_found = within < 1e-12 and again > 0.99 and alphas[-1] == 0.0
    return Finding("loose" if as_found else "refuted", figure, {"again": again, "clamped": float(alphas[-1])})


def decay_helps(runs: Runs) -> Finding:
    plain = left(runs(*CONSTANT))
    decayed = {cell[0].partition("=")[2][:-1]: left(runs(*cell)) for cell in DECAYS}
    cycling, calmed = left(runs(*LONG_BOWL)), iterations(runs(*DECAYED_BOWL))
    shares = ", ".join(f"{name} {share:.2g}" for name, share in decayed.items())
    figure = (
        f"without noise, only where the step is too long: constant at 2/L leaves {cycling:g} of the gap for ever, "
        f"inverse_decay from there 1e-6 after {calmed} steps; from 1/L after 1000 steps constant leaves {plain:.1e}, "
        f"{shares}"
    )
    helps, harms = calmed <= 1000 and cycling > 1e-6, all(share > plain for share in decayed.values())
    status: Status = "loose" if helps and harms else "confirmed" if helps else "refuted"
    return Finding(status, figure, {"constant": plain, "least": min(decayed.values()), "cycling": cycling})


def warmup_helps(runs: Runs) -> Finding:
    plain, warm, wild, late = (runs(*cell) for cell in WARMED)
    figure = (
        f"2-layer network, alpha_0 = 1: the loss rises in {plain.summary['increases']} steps without warm-up, in "
        f"{warm.summary['increases']} with 100 steps of it; alpha_0 = 2 {wild.status} at k = {wild.k} without, "
        f"{late.status} at k = {late.k} with: too large a step is put off"
    )
    helps = warm.summary["increases"] < plain.summary["increases"] and left(warm) < left(plain)
    delays = wild.status == late.status == "diverged"
    found = {"plain": float(plain.summary["increases"]), "warm": float(warm.summary["increases"])}
    status: Status = "refuted" if not helps else "loose" if delays else "confirmed"
    return Finding(status, figure, {**found, "wild": float(wild.k), "late": float(late.k)})


def decay_instead_of_L(runs: Runs) -> Finding:
    hasty, steep = runs(HASTY, "quadratic[kappa=10]"), runs(STEEP, "quadratic[kappa=10]")
    peak = steep.summary["peak"]
    figure = (
        f"from alpha_0 = 10/L a decay rate of 1 converges once the gap has been {peak:.0f} times the first, the rate "
        f"0.01 {hasty.status} at k = {hasty.k}: how fast to decay depends on L"
    )
    as_found = hasty.status == "diverged" and steep.summary["iterations_to_target"] is not None
    return Finding("loose" if as_found else "refuted", figure, {"peak": peak, "k": float(hasty.k)})


def backtracking_for_L(runs: Runs) -> Finding:
    results = [runs(*cell) for cell in ESTIMATES]
    shares = []
    for run in results:
        constant = problem(run.cell.problem).L
        if constant is None:
            raise NotMeasured(f"{run.cell.problem} has no L")
        shares.append(1.0 / (float(run.trajectory["alpha"][-2]) * constant.value))
    figure = (
        f"never above twice L or the first guess, but no estimate from below: 1/alpha ends at {shares[0]:.2f} L on the "
        f"quadratic, at {shares[1]:.2f} L on logistic (the first guess passes), at {shares[2]:.3f} L on Rosenbrock, "
        "where the path is flatter than the steepest point"
    )
    obeyed = holds(results, "lipschitz_estimate")
    status: Status = "refuted" if not obeyed else "loose" if min(shares) < 0.5 else "confirmed"
    return Finding(status, figure, dict(zip(("quadratic", "logistic", "rosenbrock"), shares, strict=True)))


def norms_for_L(runs: Runs) -> Finding:
    a, b, x = 0.1, 0.1, 10.0
    hessian = x * x * np.array([[b * b, 2.0 * a * b], [2.0 * a * b, a * a]])
    largest = float(np.linalg.eigvalsh(hessian)[-1])
    figure = (
        f"(a b x)^2/2 with a = b = {a:g}, x = {x:g}: the product of norms is {a * b:g}, the loss's largest curvature "
        f"in the weights {largest:.3g}: the product bounds the output's slope in the input"
    )
    return Finding("refuted" if largest > a * b else "confirmed", figure, {"product": a * b, "curvature": largest})


def best_step(k: int) -> float:
    """The a = alpha L whose worst convex gap after k steps is least: where 1/(2 k a + 1) = (1 - a)^(2 k)."""
    low, high = 1.0, 2.0
    for _ in range(60):
        a = 0.5 * (low + high)
        low, high = (low, a) if (a - 1.0) ** (2 * k) * (2.0 * k * a + 1.0) > 1.0 else (a, high)
    return low


def worst_at(k: int) -> tuple[tuple[str, str], tuple[str, str], tuple[str, str]]:
    """1/L on its worst function at k; the best step on both of its own: Huber's function and the steepest quadratic."""
    method = f"gradient_descent[alpha={BEST_AT[k]}/L]"
    usual = (GD, f"huber[horizon={k}]" if k != 100 else "huber")
    return usual, (method, f"huber[horizon={k},alpha={BEST_AT[k]}/L]"), (method, "quadratic[kappa=1,dim=1]")


def step_for_horizon(runs: Runs) -> Finding:
    said, ratios = {}, []
    for k, rounded in BEST_AT.items():
        usual, flat, steep = (sound(runs(*cell), "gd_convex_tight") for cell in worst_at(k))
        # Both worst functions of the best step leave the same share of L R^2/2: shorter is worse on one, longer on the
        # other.
        gaps = [at(run, "f", k) / (2.0 * at(run, "dist2", 0)) for run in (usual, flat, steep)]
        if abs(gaps[1] / gaps[2] - 1.0) > 0.02:
            raise NotMeasured(f"{rounded}/L is not the best step for k = {k}")
        said[f"best_{k}"] = best_step(k)
        ratios.append(gaps[0] / max(gaps[1:]))
    figure = (
        f"on the worst convex function the best constant step is {' / '.join(f'{a:.4f}' for a in said.values())} times "
        f"1/L for k = {' / '.join(map(str, BEST_AT))}: {' / '.join(f'{ratio:.2f}' for ratio in ratios)} times less gap"
    )
    status: Status = "refuted" if min(ratios) > 1.01 else "confirmed"
    return Finding(status, figure, {**said, "ratio_1": ratios[0], "ratio_100": ratios[-1]})


CLAIMS = (
    Claim(
        id="step-horizon",
        section="theory 5",
        says="1/L is the optimal step size, also for convex functions",
        expects="refuted",
        cells=tuple(cell for k in BEST_AT for cell in worst_at(k)),
        measure=step_for_horizon,
    ),
    Claim(
        id="lipschitz-norms",
        section="theory 5",
        says="L is at most the product of the layers' spectral norms",
        expects="refuted",
        measure=norms_for_L,
    ),
    Claim(
        id="lipschitz-backtracking",
        section="theory 5",
        says="backtracking estimates L",
        expects="loose",
        cells=ESTIMATES,
        measure=backtracking_for_L,
    ),
    Claim(
        id="lipschitz-decay",
        section="theory 5",
        says="without L: start large and decay by alpha_0/(1 + k rate)",
        expects="loose",
        cells=((HASTY, "quadratic[kappa=10]"), (STEEP, "quadratic[kappa=10]")),
        measure=decay_instead_of_L,
    ),
    Claim(
        id="schedule-step-decay",
        section="theory 5",
        says="practical: divide alpha by 10 every 30 epochs",
        expects="loose",
        cells=(STEP,),
        measure=step_decay,
    ),
    Claim(
        id="schedule-exponential-decay",
        section="theory 5",
        says="practical: alpha_0 e^(-lambda k)",
        expects="loose",
        cells=(EXPONENTIAL,),
        measure=exponential_decay,
    ),
    Claim(
        id="schedule-robbins-monro",
        section="theory 5",
        says="alpha_0/k satisfies the Robbins-Monro conditions",
        expects="confirmed",
        cells=(CONSTANT, STEP, EXPONENTIAL, INVERSE, INVERSE_DECAY, WARMUP),
        measure=robbins_monro,
    ),
    Claim(
        id="schedule-inverse-far",
        section="theory 5",
        says="the steps alpha_0/k add up to infinity: they go far enough",
        expects="loose",
        cells=(INVERSE,),
        measure=inverse_goes_far,
    ),
    Claim(
        id="schedule-inverse-start",
        section="theory 5",
        says="alpha_k = alpha_0/k, k = 0, 1, …",
        expects="refuted",
        measure=inverse_start,
    ),
    Claim(
        id="schedule-cosine-end",
        section="theory 5",
        says="cosine annealing: alpha_min + (alpha_max - alpha_min) (1 + cos(pi k/K))/2",
        expects="loose",
        cells=(COSINE,),
        measure=cosine_end,
    ),
    Claim(
        id="schedule-warmup-start",
        section="theory 5",
        says="warm-up: alpha_max min(k/k_w, (k/k_w)^-0.5); analysis 7 prints transformer_lr_schedule(step)",
        expects="refuted",
        measure=warmup_start,
    ),
    Claim(
        id="schedule-warmup-helps",
        section="analysis 5",
        says="warm-up prevents initial instability",
        expects="loose",
        cells=WARMED,
        measure=warmup_helps,
    ),
    Claim(
        id="schedule-decay-helps",
        section="analysis 5",
        says="a decay schedule improves final performance",
        expects="loose",
        cells=(CONSTANT, *DECAYS, LONG_BOWL, DECAYED_BOWL),
        measure=decay_helps,
    ),
)
