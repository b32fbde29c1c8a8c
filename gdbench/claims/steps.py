"""Claims about the step size: the optimal one, the theorem for smaller ones, too small, right and too large."""

from __future__ import annotations

import math

import numpy as np

from gdbench.claims.claim import Claim, Finding, Runs, Status, iterations, sound
from gdbench.claims.rates import GD, at, worst

SHORT = "gradient_descent[alpha=0.1/L]"
BEST = "gradient_descent[alpha=2/(L+mu)]"
LONG = "gradient_descent[alpha=1.9/L]"
TOO_LONG = "gradient_descent[alpha=2.1/L]"
SLOW, RIGHT, ONE = (f"gradient_descent[alpha={alpha}]" for alpha in ("0.0001", "0.01", "1"))
DAMPING = "damping"


def one_over_L_optimal(runs: Runs) -> Finding:
    usual, best = iterations(runs(GD, worst(100))), iterations(runs(BEST, worst(100)))
    figure = f"worst case at kappa = 100: {usual} iterations with 1/L, {best} with 2/(L + mu)"
    return Finding("refuted" if best < usual else "confirmed", figure, {"one_over_L": usual, "two_over_L_mu": best})


def smaller_steps(runs: Runs) -> Finding:
    run = runs(SHORT, worst(100))
    factor = at(run, "f", 100) / at(run, "f", 99)
    figure = (
        f"linear for every alpha <= 1/L, but 1 - mu/L = 0.99 is the rate of 1/L only: 0.1/L gives {factor:.5f} a "
        f"step"
    )
    status: Status = "loose" if 0.99 < factor < 1.0 else "confirmed" if factor <= 0.99 else "refuted"
    return Finding(status, figure, {"factor": factor})


def too_small(runs: Runs) -> Finding:
    run = sound(runs(SLOW, "bowl"), "quad_gd_exact")
    left = at(run, "f", 1000) / at(run, "f", 0)
    figure = f"alpha = 0.0001 on x^2 + y^2 leaves {left:.2f} of the gap after 1000 iterations"
    return Finding("confirmed" if left > 0.1 else "refuted", figure, {"gap_left": left})


def just_right(runs: Runs) -> Finding:
    run = runs(RIGHT, "bowl")
    figure = f"alpha = 0.01 on x^2 + y^2 reaches ||g|| < 1e-6 at k = {run.k}"
    return Finding("confirmed" if run.status == "converged" else "refuted", figure, {"k": run.k})


def too_large(runs: Runs) -> Finding:
    run = sound(runs(ONE, "bowl"), "quad_gd_exact")
    ratio = at(run, "f", run.k) / at(run, "f", 0)
    same = abs(ratio - 1.0) < 1e-12
    figure = (
        f"alpha = 1 on x^2 + y^2 is 2/L exactly: after {run.k} iterations the gap is {ratio:g} times the first, x "
        f"= -x each step"
    )
    return Finding("refuted" if same else "confirmed", figure, {"ratio": ratio})


def divergence(runs: Runs) -> Finding:
    run = runs(TOO_LONG, "quadratic[kappa=10]")
    rows = run.trajectory
    growth = float(rows["f"][-1] / rows["f"][-2])
    figure = f"alpha = 2.1/L diverges: 1e10 times the first gap is passed at k = {run.k}, x {growth:.3f} a step"
    return Finding("confirmed" if run.status == "diverged" else "refuted", figure, {"k": run.k, "growth": growth})


def constant_step_hovers(runs: Runs) -> Finding:
    run = runs(LONG, DAMPING)
    flips, rises = run.summary["sign_changes"][1], run.summary["increases"]
    left = run.summary["gap"] / run.summary["gap_0"]
    figure = (
        f"alpha = 1.9/L changes the sign of y {flips} times in {run.k} steps, yet f rises {rises} times and "
        f"{left:.1e} of the gap is left: without noise it does not hover"
    )
    status: Status = "loose" if flips > 0 and rises == 0 and left < 1e-6 else "confirmed" if rises else "refuted"
    return Finding(status, figure, {"sign_changes": flips, "increases": rises})


def network(runs: Runs) -> Finding:
    slow, right, wild = (runs(f"gradient_descent[alpha={alpha}]", "mlp") for alpha in ("0.001", "0.5", "50"))
    left = [float(run.trajectory["f"][-1] / run.trajectory["f"][0]) for run in (slow, right, wild)]
    rises = wild.summary["increases"]
    figure = (
        f"2-layer network, loss left after 1000 steps: alpha = 0.001: {left[0]:.2f}, 0.5: {left[1]:.1e}, "
        f"50: {wild.status}, {left[2]:.2g}, the loss rose {rises} times"
    )
    as_said = left[0] > 10.0 * left[1] and (wild.status == "diverged" or rises > 0)
    values = {"slow": left[0], "right": left[1], "rises": float(rises)}
    return Finding("confirmed" if as_said else "refuted", figure, values)


def smallest_gradient(runs: Runs) -> Finding:
    rows = runs(GD, "sine_bowl").trajectory
    flat = math.sqrt(float(np.min(rows["grad2"])))
    figure = f"x^2 + 3 sin^2 x: ||g|| falls to {flat:.1e}, f to {float(rows['f'][-1]):.1e}: a minimum, not a saddle"
    return Finding("loose" if flat < 1e-6 else "refuted", figure, {"grad": flat})


CLAIMS = (
    Claim(
        id="step-optimal",
        section="theory 5",
        says="1/L is the optimal step size",
        expects="refuted",
        cells=((GD, worst(100)), (BEST, worst(100))),
        measure=one_over_L_optimal,
    ),
    Claim(
        id="step-smaller",
        section="analysis 1",
        says="for alpha <= 1/L convergence is linear with rho = 1 - mu/L",
        expects="loose",
        cells=((SHORT, worst(100)),),
        measure=smaller_steps,
    ),
    Claim(
        id="stationary-kind",
        section="theory 4",
        says="the point found could be a minimum, a maximum or a saddle",
        expects="loose",
        cells=((GD, "sine_bowl"),),
        measure=smallest_gradient,
    ),
    Claim(
        id="step-hovers",
        section="theory 5",
        says="a constant step may oscillate near the minimum",
        expects="loose",
        cells=((LONG, DAMPING),),
        measure=constant_step_hovers,
    ),
    Claim(
        id="network-step",
        section="theory 8",
        says="networks: too low is slow, too high diverges or oscillates, right is fast",
        expects="confirmed",
        cells=tuple((f"gradient_descent[alpha={alpha}]", "mlp") for alpha in ("0.001", "0.5", "50")),
        measure=network,
    ),
    Claim(
        id="step-too-small",
        section="learning rate",
        says="alpha = 0.0001 is too small: slow",
        expects="confirmed",
        cells=((SLOW, "bowl"),),
        measure=too_small,
    ),
    Claim(
        id="step-right",
        section="learning rate",
        says="alpha = 0.01 is just right: converges",
        expects="confirmed",
        cells=((RIGHT, "bowl"),),
        measure=just_right,
    ),
    Claim(
        id="step-too-large",
        section="learning rate",
        says="alpha = 1.0 is too large: diverges",
        expects="refuted",
        cells=((ONE, "bowl"),),
        measure=too_large,
    ),
    Claim(
        id="divergence",
        section="common problems",
        says="too large a step makes the loss go to infinity",
        expects="confirmed",
        cells=((TOO_LONG, "quadratic[kappa=10]"),),
        measure=divergence,
    ),
)
