"""Claims about line searches beyond backtracking, exploding and bouncing losses, saddles and plateaus."""

from __future__ import annotations

import numpy as np

from gdbench.claims.claim import Claim, Finding, Runs, Status, holds, iterations, sound
from gdbench.claims.rates import GD, at, worst
from gdbench.claims.steps import BEST, ONE, SLOW
from gdbench.run import Result

EXACT = ("exact_line_search", "quadratic[dim=2,start=line_search]")
WOLFE = tuple(("wolfe", problem) for problem in ("quadratic", "logistic", "rosenbrock", "mlp"))
BOUNCING = tuple((f"gradient_descent[alpha={alpha}]", "mlp") for alpha in ("1", "0.5", "0.25"))
TENFOLD = ("gradient_descent[alpha=0.5]", "mlp"), ("gradient_descent[alpha=5]", "mlp")
WILD, CLIPPED = "gradient_descent[alpha=0.01]", "clipped[alpha=0.01]"
SADDLE, BESIDE = (GD, "saddle"), (GD, "saddle[offset=1e-06]")
MONKEY, BESIDE_MONKEY = (GD, "monkey_saddle"), (GD, "monkey_saddle[offset=0.001]")
NOISY = tuple((method, "saddle") for method in ("perturbed", "perturbed[seed=1]", "perturbed[seed=2]"))
NOISY_MONKEY = ("perturbed[threshold=0.01,radius=0.1]", "monkey_saddle")
PLATEAU = (GD, "plateau")
CYCLES = tuple((f"gradient_descent[alpha={a}/L,schedule=one_cycle]", "plateau") for a in (20, 100))


def exact_search_zigzags(runs: Runs) -> Finding:
    run = sound(runs(*EXACT), "gd_exact_ls")
    f, flips = run.trajectory["f"], run.summary["sign_changes"][1]
    factors = f[1:] / f[:-1]
    off = float(np.max(np.abs(factors / (99.0 / 101.0) ** 2 - 1.0)))
    best, searched = iterations(runs(BEST, worst(100))), iterations(run)
    figure = (
        f"1/L does not (damping-plain); the best step at every point does, from its worst start: y changes sign "
        f"{flips} times in {run.k} steps, each leaves ((kappa - 1)/(kappa + 1))^2 of the gap (within {off:.0e}), and "
        f"1e-6 takes {searched} at kappa = 100, as many as 2/(L + mu) at worst ({best})"
    )
    as_found = flips == run.k and off < 1e-6 and searched == best
    found = {"factor": float(factors[0]), "searched": searched, "two_over_L_mu": best}
    return Finding("loose" if as_found else "refuted", figure, found)


def wolfe_steps(runs: Runs) -> Finding:
    results = [runs(*cell) for cell in WOLFE]
    obeyed = holds(results, "armijo_nonconvex") and holds(results[:3], "wolfe_step")
    asked = [result.summary["gradient_calls"] / result.k for result in results]
    figure = (
        f"found in all of {sum(result.k for result in results)} iterations on {len(results)} problems, where L is "
        f"known never below (1 - c2)/L; gradients asked for per step: {' / '.join(f'{one:.1f}' for one in asked)}"
    )
    return Finding("confirmed" if obeyed else "refuted", figure, {"calls": max(asked)})


def wolfe_tests(run: Result, alpha: float) -> tuple[float, float]:
    """The shares of a run's steps on x^2 + y^2 that pass sufficient decrease and curvature (c1 = 1e-4, c2 = 0.9)."""
    rows = run.trajectory
    x, f = np.column_stack([rows["x0"], rows["x1"]]), rows["f"]
    before, turned = np.sum(x[:-1] ** 2, axis=1), np.sum(x[1:] * x[:-1], axis=1)
    sufficient = f[1:] <= f[:-1] - 1e-4 * alpha * 4.0 * before
    return float(np.mean(sufficient)), float(np.mean(turned <= 0.9 * before))


def wolfe_roles(runs: Runs) -> Finding:
    short, long = wolfe_tests(runs(SLOW, "bowl"), 1e-4), wolfe_tests(runs(ONE, "bowl"), 1.0)
    figure = (
        f"the other way round: on x^2 + y^2 the short step 0.0001 passes sufficient decrease in {short[0]:.0%} of "
        f"steps and curvature in {short[1]:.0%}, the long one 1.0 in {long[0]:.0%} and {long[1]:.0%}"
    )
    swapped = short == (1.0, 0.0) and long == (0.0, 1.0)
    found = {"short_decrease": short[0], "long_curvature": long[1]}
    return Finding("refuted" if swapped else "confirmed", figure, found)


def clipping(runs: Runs) -> Finding:
    wild, tame = runs(WILD, "rosenbrock"), runs(CLIPPED, "rosenbrock")
    share = tame.summary["gap"] / tame.summary["gap_0"]
    figure = (
        f"alpha = 0.01 on Rosenbrock's function {wild.status} at k = {wild.k}; with ||g|| clipped to 1 it ends with "
        f"{share:.1e} of the gap, hovering: the loss rises in {tame.summary['increases']} of {tame.k} steps"
    )
    saved = wild.status == "diverged" and tame.status == "finished" and share < 0.01
    return Finding("confirmed" if saved else "refuted", figure, {"gap": share, "k": float(wild.k)})


def clipping_printed(runs: Runs) -> Finding:
    gradient, undefined = 0.0, False
    try:
        gradient * min(1.0, 1.0 / gradient)
    except ZeroDivisionError:
        undefined = True
    with np.errstate(divide="ignore"):
        still = float(gradient * min(1.0, np.float64(1.0) / gradient))
    figure = (
        "right for every gradient but 0, that of the minimum: there Python divides by zero; NumPy warns and returns "
        f"{still:g}"
    )
    return Finding("loose" if undefined and still == 0.0 else "confirmed", figure, {"raises": float(undefined)})


def bouncing(runs: Runs) -> Finding:
    results = [runs(*cell) for cell in BOUNCING]
    rises = [int(run.summary["increases"]) for run in results]
    shares = [at(run, "f", run.k) / at(run, "f", 0) for run in results]
    figure = (
        f"the network's loss rises in {' / '.join(map(str, rises))} of {results[0].k} steps with alpha = 1 / 0.5 "
        f"/ 0.25, and {' / '.join(f'{share:.2g}' for share in shares)} of it is left"
    )
    calmer = rises[0] > rises[1] > rises[2] == 0 and shares[2] < shares[0]
    return Finding("confirmed" if calmer else "refuted", figure, {"first": float(rises[0]), "last": float(rises[2])})


def ten_times(runs: Runs) -> Finding:
    works, fails = (runs(*cell) for cell in TENFOLD)
    share = at(works, "f", works.k) / at(works, "f", 0)
    figure = f"2-layer network: alpha = 0.5 leaves {share:.3f} of the loss, alpha = 5 {fails.status} at k = {fails.k}"
    as_said = share < 0.1 and fails.status == "diverged"
    return Finding("confirmed" if as_said else "refuted", figure, {"share": share, "k": float(fails.k)})


def stuck_at_saddle(runs: Runs) -> Finding:
    strict, flat = (sound(runs(*cell), "gd_nonconvex") for cell in (SADDLE, MONKEY))
    slopes = [at(run, "grad2", run.k) ** 0.5 for run in (strict, flat)]
    above = [run.summary["gap"] for run in (strict, flat)]
    figure = (
        f"from the set that leads into it: ||g|| = {slopes[0]:.0e} and f is {above[0]:.4f} above its minimum after "
        f"{strict.k} steps; into the monkey saddle ||g|| = {slopes[1]:.0e}, {above[1]:.3f} above"
    )
    stuck = abs(above[0] - 0.25) < 1e-9 and slopes[0] < 1e-9 and abs(above[1] - 6.75) < 1e-3 and slopes[1] < 0.01
    return Finding("confirmed" if stuck else "refuted", figure, {"strict": above[0], "flat": above[1]})


def saddles_are_left(runs: Runs) -> Finding:
    strict, flat = iterations(runs(*BESIDE)), iterations(runs(*BESIDE_MONKEY))
    figure = (
        f"a start 1e-6 beside that set is enough: the minimum within 1e-6 after {strict} iterations; 0.001 beside that "
        f"of the monkey saddle after {flat}"
    )
    reached = strict <= runs(*BESIDE).k and flat <= runs(*BESIDE_MONKEY).k
    return Finding("confirmed" if reached else "refuted", figure, {"strict": strict, "flat": flat})


def noise_leaves_saddles(runs: Runs) -> Finding:
    counts = [iterations(runs(*cell)) for cell in NOISY]
    flat = iterations(runs(*NOISY_MONKEY))
    figure = (
        "a random step of at most 0.01 where ||g|| is small: the minimum within 1e-6 after "
        f"{' / '.join(map(str, counts))} iterations for three seeds, where none would stay; the monkey saddle, with "
        f"0.1, after {flat}"
    )
    results = [runs(*cell) for cell in (*NOISY, NOISY_MONKEY)]
    reached = all(iterations(run) <= run.k for run in results)
    return Finding("confirmed" if reached else "refuted", figure, {"slowest": max(counts), "flat": flat})


def plateau_stops(runs: Runs) -> Finding:
    run = sound(runs(*PLATEAU), "gd_nonconvex")
    share, x = at(run, "f", run.k) / at(run, "f", 0), at(run, "x0", run.k)
    # x' = -(1/L) 2/x^3 far out: x^4 falls by 4 per step, a little less as the slope is 2 x/(1 + x^2)^2.
    smooth = (at(run, "x0", 0) ** 4 - 4.0 * run.k) ** 0.25
    figure = (
        f"x^2/(1 + x^2) from x = 10 with 1/L: {run.k} steps lower f by {1.0 - share:.2%} and x to {x:.3f} "
        f"(x^4 falls by 4 a step: {smooth:.2f})"
    )
    hardly = 0.99 < share < 1.0 and abs(x / smooth - 1.0) < 0.05
    return Finding("confirmed" if hardly else "refuted", figure, {"share": share, "x": x})


def plateau_cycle(runs: Runs) -> Finding:
    plain, (good, wild) = runs(*PLATEAU), [runs(*cell) for cell in CYCLES]
    shares = [run.summary["gap"] / run.summary["gap_0"] for run in (plain, good, wild)]
    figure = (
        f"in {good.k} steps one cycle up to 20/L and down crosses the plateau and leaves less than 1e-6 of the gap, "
        f"where 1/L leaves {shares[0]:.3f}; up to 100/L it jumps from one side's plateau to the other's and leaves "
        f"{shares[2]:.2f}"
    )
    helps, fails = shares[1] < 1e-6 and shares[0] > 0.9, shares[2] > 0.9
    status: Status = "refuted" if not helps else "loose" if fails else "confirmed"
    return Finding(status, figure, {"plain": shares[0], "wild": shares[2]})


CLAIMS = (
    Claim(
        id="wolfe-steps",
        section="theory 7",
        says="Wolfe's conditions with c1 = 1e-4, c2 = 0.9 ensure useful steps",
        expects="confirmed",
        cells=WOLFE,
        measure=wolfe_steps,
    ),
    Claim(
        id="wolfe-roles",
        section="theory 7",
        says="sufficient decrease keeps steps from being too short, curvature from being too long",
        expects="refuted",
        cells=((SLOW, "bowl"), (ONE, "bowl")),
        measure=wolfe_roles,
    ),
    Claim(
        id="saddles-rare",
        section="theory 8",
        says="saddle points are rarely problematic",
        expects="confirmed",
        cells=(BESIDE, BESIDE_MONKEY),
        measure=saddles_are_left,
    ),
    Claim(
        id="clipping",
        section="theory 9",
        says="exploding gradients: clip the norm",
        expects="confirmed",
        cells=((WILD, "rosenbrock"), (CLIPPED, "rosenbrock")),
        measure=clipping,
    ),
    Claim(
        id="clipping-printed",
        section="theory 9",
        says="clip by g min(1, threshold/||g||)",
        expects="loose",
        measure=clipping_printed,
    ),
    Claim(
        id="oscillation-reduce",
        section="theory 9",
        says="the loss bounces up and down: reduce the learning rate",
        expects="confirmed",
        cells=BOUNCING,
        measure=bouncing,
    ),
    Claim(
        id="step-tenfold",
        section="analysis 5",
        says="the learning rate is the most critical: a factor of 10 often makes it work or fail",
        expects="confirmed",
        cells=TENFOLD,
        measure=ten_times,
    ),
    Claim(
        id="plateau",
        section="theory 9",
        says="on a flat region the loss stops decreasing",
        expects="confirmed",
        cells=(PLATEAU,),
        measure=plateau_stops,
    ),
    Claim(
        id="plateau-cycle",
        section="theory 9",
        says="plateau: increase the learning rate, then decrease it",
        expects="loose",
        cells=(PLATEAU, *CYCLES),
        measure=plateau_cycle,
    ),
    Claim(
        id="saddle-stuck",
        section="common problems",
        says="stuck at a saddle: gradient near 0, but not a minimum",
        expects="confirmed",
        cells=(SADDLE, MONKEY),
        measure=stuck_at_saddle,
    ),
    Claim(
        id="saddle-noise",
        section="common problems",
        says="stuck at a saddle: add noise",
        expects="confirmed",
        cells=(*NOISY, NOISY_MONKEY),
        measure=noise_leaves_saddles,
    ),
    Claim(
        id="damping-exact-search",
        section="analysis 3",
        says="without momentum the iterates oscillate in the steep direction",
        expects="loose",
        cells=(EXACT, (BEST, worst(100))),
        measure=exact_search_zigzags,
    ),
)
