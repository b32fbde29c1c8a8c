"""Claims about rates: theorems 1 to 3, the table of condition numbers, iterations to accuracy, the table of rates."""

from __future__ import annotations

import math

import numpy as np

from gdbench.claims.claim import Claim, Finding, Runs, Status, bound_status, holds, iterations, sound, verdict_on
from gdbench.rate import slope
from gdbench.run import Result

GD = "gradient_descent"
HORIZONS = (25, 50, 100, 200, 400)
HUBERS = tuple((GD, f"huber[horizon={horizon}]" if horizon != 100 else "huber") for horizon in HORIZONS)
CONVEX = (*HUBERS, (GD, "quadratic[kappa=inf,spectrum=linear]"), (GD, "logistic"), (GD, "least_squares"))
KAPPAS = (2, 10, 100, 10000)
NONCONVEX = ((GD, "sine_bowl"), (GD, "rosenbrock"))


def worst(kappa: int) -> str:
    """The quadratic on which gradient descent with 1/L is slowest: the start along the smallest eigenvalue."""
    return f"quadratic[kappa={kappa},dim=2,start=bottom]" if kappa != 100 else "quadratic[dim=2,start=bottom]"


BOTTOM = tuple((GD, worst(kappa)) for kappa in KAPPAS)


def at(result: Result, column: str, k: int) -> float:
    """A column of the stored trajectory at iteration k."""
    rows = result.trajectory
    return float(rows[column][np.searchsorted(rows["k"], k)])


def slack_at_horizon(runs: Runs, theorem: str) -> tuple[bool, float]:
    """Whether the bound holds in all convex runs, and bound / measured at its equality case, k = 100."""
    verdict = verdict_on(runs(GD, "huber"), theorem)
    gap = at(runs(GD, "huber"), "f", 100)
    L, R2 = 4.0, at(runs(GD, "huber"), "dist2", 0)
    bound = 2.0 * L * R2 / 100 if theorem == "gd_convex_headline" else L * R2 / 200
    return holds([runs(*cell) for cell in CONVEX], theorem) and verdict.outcome != "violated", bound / gap


def theorem_1(runs: Runs) -> Finding:
    obeyed, slack = slack_at_horizon(runs, "gd_convex_headline")
    figure = f"obeyed at every k of {len(CONVEX)} runs; the worst case at k = 100 is {slack:.2f} times smaller"
    return Finding(bound_status(obeyed, slack), figure, {"factor": slack})


def theorem_1_proof(runs: Runs) -> Finding:
    obeyed, slack = slack_at_horizon(runs, "gd_convex_proof")
    figure = f"obeyed at every k of {len(CONVEX)} runs; the worst case at k = 100 is {slack:.2f} times smaller"
    return Finding(bound_status(obeyed, slack), figure, {"factor": slack})


def gaps_at_horizon(runs: Runs) -> list[float]:
    """The worst gap over convex functions at each horizon: each run attains the tight bound at its own."""
    return [
        at(sound(runs(*cell), "gd_convex_tight"), "f", horizon)
        for cell, horizon in zip(HUBERS, HORIZONS, strict=True)
    ]


def iterations_one_over_k(runs: Runs) -> Finding:
    gaps = gaps_at_horizon(runs)
    grows = slope(-np.log(np.array(gaps)), np.log(np.array(HORIZONS, dtype=float)))
    figure = f"the error is O(1/k); the iterations to error eps grow like eps^-{grows:.3f} (worst cases, k = 25…400)"
    return Finding("refuted" if grows > 0.5 else "confirmed", figure, {"exponent": grows})


def descent_lemma(runs: Runs) -> Finding:
    verdicts = [verdict_on(runs(*cell), "gd_descent") for cell in (*CONVEX, *NONCONVEX)]
    tightest = max(verdict.tightness for verdict in verdicts)
    obeyed = all(verdict.outcome == "holds" for verdict in verdicts)
    figure = f"obeyed at every step of {len(verdicts)} runs, with equality in the closest (ratio {tightest:.9f})"
    return Finding("confirmed" if obeyed else "refuted", figure, {"tightness": tightest})


def theorem_2(runs: Runs) -> Finding:
    run = runs(GD, worst(100))
    obeyed = holds([runs(*cell) for cell in (*BOTTOM, (GD, "logistic"), (GD, "least_squares"))], "gd_sc_linear")
    factor = (at(run, "f", 100) / at(run, "f", 0)) ** 0.01
    twice = math.log(factor) / math.log(0.99)
    figure = (
        f"obeyed; at kappa = 100 the worst run shrinks the gap by {factor:.4f} a step, not 0.99: {twice:.2f} x the "
        f"rate"
    )
    return Finding(bound_status(obeyed, twice), figure, {"factor": factor, "rate_ratio": twice})


def kappa_row(kappa: int) -> Claim:
    says = {
        2: "kappa = 2: rho = 0.5, half the distance each step",
        10: "kappa = 10: rho = 0.9, 10 % improvement per step",
        100: "kappa = 100: rho = 0.99, 1 % improvement per step",
    }[kappa]

    def measure(runs: Runs) -> Finding:
        run = runs(GD, worst(kappa))
        gap = at(run, "f", 10) / at(run, "f", 9)
        distance = math.sqrt(at(run, "dist2", 10) / at(run, "dist2", 9))
        rho = 1.0 - 1.0 / kappa
        figure = (
            f"worst run: distance x {distance:.4f} as said, but rho is stated for the gap, which shrinks x "
            f"{gap:.4f}"
        )
        status: Status = "loose" if abs(distance - rho) < 1e-6 and gap < rho else "refuted"
        return Finding(status, figure, {"gap_factor": gap, "distance_factor": distance})

    return Claim(
        id=f"kappa-{kappa}",
        section="theory 3",
        says=says,
        expects="loose",
        cells=((GD, worst(kappa)),),
        measure=measure,
    )


def kappa_infinite(runs: Runs) -> Finding:
    gaps = gaps_at_horizon(runs)
    half_L_R2 = 2.0 * at(runs(*HUBERS[0]), "dist2", 0)
    shares = [half_L_R2 / gap for gap in gaps]
    figure = (
        f"mu = 0: the worst gap is 1/{shares[0]:.0f} of L R^2/2 at k = {HORIZONS[0]}, 1/{shares[-1]:.0f} at k = "
        f"{HORIZONS[-1]}"
    )
    falls = gaps[-1] < 0.1 * gaps[0]
    return Finding("refuted" if falls else "confirmed", figure, {"share_25": shares[0], "share_400": shares[-1]})


def iterations_kappa(runs: Runs) -> Finding:
    counts = [iterations(runs(*cell)) for cell in BOTTOM]
    said = [kappa * math.log(1e6) for kappa in KAPPAS]
    slack = said[-1] / counts[-1]
    sufficient = all(count <= math.ceil(enough) for count, enough in zip(counts, said, strict=True))
    figure = (
        f"sufficient, not required: worst case {' / '.join(map(str, counts))} for kappa = 2 / 10 / 100 / 10000, "
        f"said {' / '.join(f'{enough:.0f}' for enough in said)}"
    )
    return Finding(bound_status(sufficient, slack), figure, {"factor": slack, "iterations_100": counts[2]})


def theorem_3(runs: Runs) -> Finding:
    results = [runs(*cell) for cell in NONCONVEX]
    tight = verdict_on(runs(GD, "sine_bowl"), "gd_nonconvex_tight")
    obeyed = holds(results, "gd_nonconvex") and tight.outcome in ("holds", "attained")
    closest = max(closest_to_theorem_3(result) for result in results)
    exact = 400.0 / 598.0
    figure = (
        f"obeyed at every k of {len(results)} runs; from k = 2 on no run comes closer than {closest:.3f} of "
        f"it, and the exact "
        f"worst case 4 L Delta/(3 K - 1), obeyed too, is {exact:.3f} of it at K = 200"
    )
    return Finding(bound_status(obeyed, 1.0 / max(closest, exact)), figure, {"closest": closest, "exact": exact})


def closest_to_theorem_3(result: Result) -> float:
    """The largest share of 2 L Delta/k that min over 0..k-1 of ||g||^2 takes, for k >= 2."""
    rows = result.trajectory
    smallest = np.minimum.accumulate(rows["grad2"])[1:-1]
    bound = 2.0 / float(rows["alpha"][0]) * float(rows["f"][0]) / rows["k"][2:]
    return float(np.max(smallest / bound))


def stationary(runs: Runs) -> Finding:
    run = runs(GD, "rosenbrock")
    rows = run.trajectory
    eps = 0.1 * math.sqrt(float(rows["grad2"][0]))
    reached = np.flatnonzero(rows["grad2"] <= eps * eps)
    needed = int(rows["k"][reached[0]]) if len(reached) else run.k + 1
    alpha = float(rows["alpha"][0])
    enough = 2.0 / alpha * at(run, "f", 0) / eps**2
    figure = f"Rosenbrock reaches ||g|| <= {eps:.3g} at k = {needed}; 2 L Delta/eps^2 = {enough:.3g} was sufficient"
    obeyed = needed <= min(enough, run.k)
    return Finding("confirmed" if obeyed else "refuted", figure, {"iterations": needed, "sufficient": enough})


def exponential_printed(runs: Runs) -> Finding:
    run = sound(runs(GD, worst(100)), "quad_gd_exact")
    left, printed = at(run, "f", 100) / at(run, "f", 0), math.exp(-100.0) / 100.0
    figure = (
        f"kappa = 100, k = 100: {left:.3f} of the gap is left; e^-k/kappa would be {printed:.1e}, e^(-k/kappa) is "
        f"{math.exp(-1):.3f}"
    )
    return Finding("refuted" if left > 1e6 * printed else "confirmed", figure, {"gap_left": left})


def table_strongly_convex(runs: Runs) -> Finding:
    rate = runs(GD, worst(100)).summary["rate"]
    figure = (
        f"log gap falls on a line, by {rate['value']:.5f} an iteration at kappa = 100: t is -2 log(1 - 1/kappa), "
        f"which the table leaves open"
    )
    as_found = rate["kind"] == "linear" and abs(rate["value"] + 2.0 * math.log(0.99)) < 1e-6
    status: Status = "loose" if as_found else "refuted"
    return Finding(status, figure, {"rate": rate["value"]})


def table_convex(runs: Runs) -> Finding:
    gaps = gaps_at_horizon(runs)
    order = -slope(np.log(np.array(HORIZONS, dtype=float)), np.log(np.array(gaps)))
    halving = gaps[2] / gaps[1]
    figure = (
        f"the worst gap is k^-{order:.3f}: twice the iterations leave {halving:.3f} of it, so the rate is "
        f"sublinear, not linear"
    )
    return Finding("refuted" if halving > 0.25 else "confirmed", figure, {"order": order, "halving": halving})


def table_nonconvex(runs: Runs) -> Finding:
    obeyed = holds([runs(*cell) for cell in NONCONVEX], "gd_nonconvex")
    rows = runs(GD, "rosenbrock").trajectory
    rises = int(np.sum(np.diff(rows["grad2"]) > 0.0))
    figure = f"true of the smallest ||g|| so far; on Rosenbrock ||g|| itself rises in {rises} of {len(rows) - 1} steps"
    status: Status = "refuted" if not obeyed else "loose" if rises > 0 else "confirmed"
    return Finding(status, figure, {"rises": rises})


CLAIMS = (
    Claim(
        id="theorem-1",
        section="theory 2",
        says="convex, alpha = 1/L: f(x_k) - f* <= 2 L R^2/k",
        expects="loose",
        cells=CONVEX,
        measure=theorem_1,
    ),
    Claim(
        id="theorem-1-proof",
        section="theory 2",
        says="the proof of theorem 1 ends in f(x_k) - f* <= L R^2/(2 k)",
        expects="loose",
        cells=CONVEX,
        measure=theorem_1_proof,
    ),
    Claim(
        id="one-over-k-iterations",
        section="theory 2",
        says="convergence takes O(1/k) iterations",
        expects="refuted",
        cells=HUBERS,
        measure=iterations_one_over_k,
    ),
    Claim(
        id="descent-lemma",
        section="theory 2",
        says="each step of 1/L lowers f by at least ||g||^2/(2 L)",
        expects="confirmed",
        cells=(*CONVEX, *NONCONVEX),
        measure=descent_lemma,
    ),
    Claim(
        id="theorem-2",
        section="theory 3",
        says="strongly convex, alpha = 1/L: the gap shrinks by 1 - mu/L a step",
        expects="loose",
        cells=(*BOTTOM, (GD, "logistic"), (GD, "least_squares")),
        measure=theorem_2,
    ),
    *(kappa_row(kappa) for kappa in (2, 10, 100)),
    Claim(
        id="kappa-infinite",
        section="theory 3",
        says="kappa = infinity: rho = 1, no improvement",
        expects="refuted",
        cells=HUBERS,
        measure=kappa_infinite,
    ),
    Claim(
        id="iterations-kappa",
        section="theory 3",
        says="accuracy eps takes k >= kappa log(1/eps) iterations",
        expects="loose",
        cells=BOTTOM,
        measure=iterations_kappa,
    ),
    Claim(
        id="theorem-3",
        section="theory 4",
        says="non-convex, alpha = 1/L: min over 0..K-1 of ||g||^2 <= 2 L (f(x_0) - inf f)/K",
        expects="loose",
        cells=NONCONVEX,
        measure=theorem_3,
    ),
    Claim(
        id="stationary-point",
        section="theory 4",
        says="an eps-stationary point takes O(1/eps^2) iterations",
        expects="confirmed",
        cells=((GD, "rosenbrock"),),
        measure=stationary,
    ),
    Claim(
        id="exponential-printed",
        section="analysis 1",
        says="(1 - mu/L)^k = O(e^-k/kappa), as printed",
        expects="refuted",
        cells=((GD, worst(100)),),
        measure=exponential_printed,
    ),
    Claim(
        id="table-strongly-convex",
        section="rates table",
        says="strongly convex: O(e^(-k t)), exponential",
        expects="loose",
        cells=((GD, worst(100)),),
        measure=table_strongly_convex,
    ),
    Claim(
        id="table-convex",
        section="rates table",
        says="convex and smooth: O(1/k), called linear",
        expects="refuted",
        cells=HUBERS,
        measure=table_convex,
    ),
    Claim(
        id="table-nonconvex",
        section="rates table",
        says="non-convex: O(1/sqrt k)",
        expects="loose",
        cells=NONCONVEX,
        measure=table_nonconvex,
    ),
)
