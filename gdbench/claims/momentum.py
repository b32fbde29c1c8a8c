"""Claims about momentum: sqrt kappa, the optimal beta, Nesterov against heavy ball, the average, the damping demo."""

from __future__ import annotations

import math

import numpy as np

from gdbench.claims.claim import Claim, Finding, Runs, iterations, sound
from gdbench.claims.rates import GD, at, worst
from gdbench.run import Result

HB, NAG = "heavy_ball", "nesterov"
USUAL = "heavy_ball[alpha=1/L,beta=0.9]"
DAMPING = "damping"
CYCLE = "heavy_ball_cycle"
LONG_SLOPE = "huber[horizon=1000]"


def top(kappa: int) -> str:
    """The quadratic on which heavy ball is slowest: the start along the largest eigenvalue."""
    return worst(kappa).replace("bottom", "top")


KAPPAS = (2, 10, 100, 10000)
TOPS = tuple((HB, top(kappa)) for kappa in KAPPAS)
BOTTOMS = tuple((NAG, worst(kappa)) for kappa in KAPPAS)


def sqrt_kappa(runs: Runs) -> Finding:
    counts = [iterations(runs(*cell)) for cell in TOPS]
    said = [math.sqrt(kappa) * math.log(1e6) for kappa in KAPPAS]
    slack = said[-1] / counts[-1]
    sufficient = all(count <= math.ceil(enough) for count, enough in zip(counts, said, strict=True))
    figure = (
        f"sufficient on quadratics: heavy ball {' / '.join(map(str, counts))} for kappa = 2 / 10 / 100 / 10000, "
        f"said {' / '.join(f'{enough:.0f}' for enough in said)}"
    )
    return Finding("loose" if sufficient and slack > 1.01 else "refuted", figure, {"factor": slack})


def speedup(kappa: int) -> Claim:
    said = math.isqrt(kappa)

    def measure(runs: Runs) -> Finding:
        plain = iterations(runs(GD, worst(kappa)))
        heavy, nesterov = iterations(runs(HB, top(kappa))), iterations(runs(NAG, worst(kappa)))
        ratio, slower = plain / heavy, plain / nesterov
        figure = (
            f"worst cases to 1e-6: {plain} / {heavy} heavy ball = {ratio:.1f} x, / {nesterov} Nesterov = "
            f"{slower:.1f} x: "
            f"{said} is the order, not the count"
        )
        near = 0.5 * said <= min(ratio, slower) and max(ratio, slower) <= 2.0 * said
        return Finding("loose" if near else "refuted", figure, {"heavy_ball": ratio, "nesterov": slower})

    return Claim(
        id=f"speedup-{kappa}",
        section="theory 6",
        says=f"kappa = {kappa}: momentum takes {said} times fewer iterations",
        expects="loose",
        cells=((GD, worst(kappa)), (HB, top(kappa)), (NAG, worst(kappa))),
        measure=measure,
    )


def optimal_beta(runs: Runs) -> Finding:
    run = runs(HB, CYCLE)
    tail = sorted(run.trajectory["x0"][-3:])
    cycle = sorted((792 / 1225, -2208 / 1225, 2592 / 1225))
    cycles = all(abs(a - b) < 1e-9 for a, b in zip(tail, cycle, strict=True))
    converges = iterations(runs(GD, CYCLE)) <= runs(GD, CYCLE).k
    figure = (
        f"kappa = 25, strongly convex, not quadratic: cycles over x = {', '.join(f'{x:.4f}' for x in tail)} for ever; "
        "gradient descent converges"
    )
    return Finding("refuted" if cycles and converges else "confirmed", figure, {"x_low": tail[0], "x_high": tail[2]})


def better_constants(runs: Runs) -> Finding:
    pairs = [(iterations(runs(HB, top(k))), iterations(runs(NAG, worst(k)))) for k in (100, 10000)]
    figure = (
        f"worst cases to 1e-6 on quadratics: Nesterov {pairs[0][1]} and {pairs[1][1]} at kappa = 100 and 10000, heavy "
        f"ball {pairs[0][0]} and {pairs[1][0]}: its constant is larger; what it has is a guarantee beyond quadratics"
    )
    slower = all(nesterov > heavy for heavy, nesterov in pairs)
    return Finding("refuted" if slower else "confirmed", figure, {"nesterov": pairs[0][1], "heavy_ball": pairs[0][0]})


def nesterov_guarantee(runs: Runs) -> Finding:
    heavy, ahead = runs(HB, CYCLE), runs(NAG, CYCLE)
    reached = iterations(ahead)
    figure = f"on the function where heavy ball cycles, Nesterov reaches 1e-6 in {reached} iterations"
    good = reached <= ahead.k and iterations(heavy) > heavy.k
    return Finding("confirmed" if good else "refuted", figure, {"iterations": reached})


def moving_average(runs: Runs) -> Finding:
    rows = runs(USUAL, LONG_SLOPE).trajectory
    k = 100
    length = math.sqrt(float(rows["step2"][k + 1])) / (float(rows["alpha"][k]) * math.sqrt(float(rows["grad2"][k])))
    figure = (
        f"under a constant gradient v is {length:.3f} gradients after {k} steps: a sum with weight 1/(1 - beta), "
        f"not an average"
    )
    return Finding("refuted" if length > 1.01 else "confirmed", figure, {"weight": length})


def until_target(run: Result) -> tuple[int, int]:
    """How often y changes sign and f rises up to the target of 1e-6."""
    end = iterations(run) + 1
    y, f = run.trajectory["x1"][:end], run.trajectory["f"][:end]
    return int(np.sum(y[1:] * y[:-1] < 0.0)), int(np.sum(f[1:] > f[:-1]))


def plain_oscillates(runs: Runs) -> Finding:
    run = sound(runs(GD, DAMPING), "quad_gd_exact")
    flips = run.summary["sign_changes"][1]
    figure = (
        f"alpha = 1/L: y is {at(run, 'x1', 1):g} after one step and changes sign {flips} times in "
        f"{iterations(run)} iterations"
    )
    return Finding("refuted" if flips == 0 else "confirmed", figure, {"sign_changes": flips})


def momentum_damps(runs: Runs) -> Finding:
    flips, rises = until_target(runs(USUAL, DAMPING))
    peak = runs(HB, DAMPING).summary["peak"]
    figure = (
        f"beta = 0.9 at alpha = 1/L, up to 1e-6: y changes sign {flips} times and f rises {rises} times, "
        f"gradient descent 0 "
        f"and 0; optimal heavy ball peaks at {peak:.2f} f(x_0)"
    )
    found = {"sign_changes": flips, "increases": rises, "peak": peak}
    return Finding("refuted" if flips > 0 and rises > 0 else "confirmed", figure, found)


def momentum_faster(runs: Runs) -> Finding:
    plain, usual = iterations(runs(GD, DAMPING)), iterations(runs(USUAL, DAMPING))
    best, ahead = iterations(runs(HB, DAMPING)), iterations(runs(NAG, DAMPING))
    figure = f"to 1e-6: gradient descent {plain}, beta = 0.9 {usual}, optimal heavy ball {best}, Nesterov {ahead}"
    return Finding("confirmed" if usual < plain else "refuted", figure, {"plain": plain, "momentum": usual})


def add_momentum(runs: Runs) -> Finding:
    (_, plain), (_, usual) = until_target(runs(GD, DAMPING)), until_target(runs(USUAL, DAMPING))
    figure = (
        f"momentum adds bounces: up to 1e-6 f rises {plain} times without it, {usual} times with beta = 0.9, same "
        f"alpha"
    )
    return Finding("refuted" if usual > plain else "confirmed", figure, {"plain": plain, "momentum": usual})


CLAIMS = (
    Claim(
        id="momentum-sqrt-kappa",
        section="theory 6",
        says="with momentum, accuracy eps takes k >= sqrt(kappa) log(1/eps)",
        expects="loose",
        cells=TOPS,
        measure=sqrt_kappa,
    ),
    speedup(100),
    speedup(10000),
    Claim(
        id="momentum-average",
        section="theory 6",
        says="v is an exponential moving average of the gradients",
        expects="refuted",
        cells=((USUAL, LONG_SLOPE),),
        measure=moving_average,
    ),
    Claim(
        id="nesterov-constants",
        section="theory 6",
        says="Nesterov: the same O(sqrt kappa) with better constants",
        expects="refuted",
        cells=(*TOPS, *BOTTOMS),
        measure=better_constants,
    ),
    Claim(
        id="nesterov-correction",
        section="theory 6",
        says="looking ahead corrects better when approaching the minimum",
        expects="confirmed",
        cells=((HB, CYCLE), (NAG, CYCLE)),
        measure=nesterov_guarantee,
    ),
    Claim(
        id="damping-plain",
        section="analysis 3",
        says="x^2/100 + y^2: without momentum the iterates oscillate in y",
        expects="refuted",
        cells=((GD, DAMPING),),
        measure=plain_oscillates,
    ),
    Claim(
        id="damping-momentum",
        section="analysis 3",
        says="x^2/100 + y^2: momentum averages the oscillations in y out",
        expects="refuted",
        cells=((USUAL, DAMPING), (HB, DAMPING)),
        measure=momentum_damps,
    ),
    Claim(
        id="damping-faster",
        section="analysis 3",
        says="x^2/100 + y^2: momentum converges faster",
        expects="confirmed",
        cells=((GD, DAMPING), (USUAL, DAMPING), (HB, DAMPING), (NAG, DAMPING)),
        measure=momentum_faster,
    ),
    Claim(
        id="optimal-beta",
        section="analysis 3",
        says="beta = ((sqrt kappa - 1)/(sqrt kappa + 1))^2 is optimal",
        expects="refuted",
        cells=((HB, CYCLE), (GD, CYCLE)),
        measure=optimal_beta,
    ),
    Claim(
        id="oscillation-remedy",
        section="theory 9",
        says="a loss that bounces is cured by adding momentum",
        expects="refuted",
        cells=((GD, DAMPING), (USUAL, DAMPING)),
        measure=add_momentum,
    ),
)
