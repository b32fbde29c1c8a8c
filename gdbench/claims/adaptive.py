"""Claims about adaptive methods: Adam's update and its length, Reddi's counterexample, and decoupled weight decay."""

from __future__ import annotations

import math

from gdbench.claims.claim import Claim, Finding, Runs, Status, verdict_on
from gdbench.run import Result

ADAM, RAW = "adam[alpha=0.01]", "adam[alpha=0.01,correction=false]"
BOWL = "bowl"
RARE, RARELY = "reddi[large=1000,period=5000,small=0.001]", "adam[alpha=0.01,sampling=batches[size=1,order=cyclic]]"
ONLINE = "alpha=0.4743,beta1=0,beta2=0.1,box=1,schedule=inverse_sqrt,sampling=batches[size=1,order=cyclic]"
LOST, FOUND = f"adam[{ONLINE}]", f"amsgrad[{ONLINE}]"
DATA = "least_squares[features=3]"
COUPLED, DECOUPLED = "adam[alpha=0.01,decay=0.1]", "adamw[alpha=0.01,decay=0.1]"
PLAIN = "gradient_descent[alpha=1/L]"
RIDGE = "momentum_buffer[beta=0,decay=0.1,alpha=0.3/L]"


def step_length(result: Result, row: int) -> float:
    """||x_k - x_{k-1}|| at a stored row."""
    return math.sqrt(float(result.trajectory["step2"][row]))


def largest_coordinate(result: Result) -> float:
    """The largest change of a coordinate in the first step."""
    columns = [result.trajectory[name] for name in ("x0", "x1")]
    return max(abs(float(column[1] - column[0])) for column in columns)


def update_formula(runs: Runs) -> Finding:
    raw, used = largest_coordinate(runs(RAW, BOWL)) / 0.01, largest_coordinate(runs(ADAM, BOWL)) / 0.01
    figure = (
        f"first step of eta m/sqrt v as printed: {raw:.4f} eta; with the bias corrected, as every library has it: "
        f"{used:.4f} eta"
    )
    status: Status = "loose" if abs(raw - math.sqrt(10.0)) < 1e-4 and abs(used - 1.0) < 1e-4 else "refuted"
    return Finding(status, figure, {"printed": raw, "corrected": used})


def step_bound(runs: Runs) -> Finding:
    run = runs(RARELY, RARE)
    verdict = verdict_on(run, "adam_step")
    longest = step_length(run, -1) / 0.01
    figure = (
        f"a rare large gradient moves x by {longest:.3f} alpha at k = {run.k}; the bound of theory, 7.27 alpha for the "
        f"usual betas, is {verdict.outcome}"
    )
    broken = longest > 1.01 and verdict.outcome in ("attained", "holds")
    return Finding("refuted" if broken else "confirmed", figure, {"longest": longest})


def counterexample(runs: Runs) -> Finding:
    lost, found = (float(runs(one, "reddi").trajectory["x0"][-1]) for one in (LOST, FOUND))
    figure = f"Reddi, Kale and Kumar's problem, whose best point is -1: Adam ends at {lost:.3f}, AMSGrad at {found:.3f}"
    return Finding("refuted" if lost > 0.9 and found < -0.9 else "confirmed", figure, {"adam": lost, "amsgrad": found})


def decoupled(runs: Runs) -> Finding:
    ends = {name: runs(one, DATA) for name, one in (("coupled", COUPLED), ("decoupled", DECOUPLED), ("ridge", RIDGE))}
    last = {name: [float(run.trajectory[f"x{i}"][-1]) for i in range(3)] for name, run in ends.items()}
    size = math.hypot(*last["ridge"])
    apart = {name: math.dist(last[name], last["ridge"]) / size if size else 0.0 for name in ("coupled", "decoupled")}
    figure = (
        f"with decay 0.1 Adam's L2 form ends at the ridge solution (relative distance {apart['coupled']:.1e}), the "
        f"decoupled form elsewhere ({apart['decoupled']:.2f})"
    )
    return Finding("confirmed" if apart["coupled"] < 1e-3 < apart["decoupled"] else "refuted", figure, apart)


CLAIMS = (
    Claim(
        id="adam-update",
        section="tables",
        says="Adam's update is eta m_t / sqrt v_t",
        expects="loose",
        cells=((RAW, BOWL), (ADAM, BOWL)),
        measure=update_formula,
    ),
    Claim(
        id="adam-step",
        section="tables",
        says="Adam moves a parameter by at most its learning rate",
        expects="refuted",
        cells=((RARELY, RARE),),
        measure=step_bound,
    ),
    Claim(
        id="adam-reddi",
        section="theory 9",
        says="adaptive methods repair what a step size breaks",
        expects="refuted",
        cells=((LOST, "reddi"), (FOUND, "reddi")),
        measure=counterexample,
    ),
    Claim(
        id="decay-decoupled",
        section="recipes",
        says="AdamW decouples weight decay from the gradient: another method than Adam with an L2 term",
        expects="confirmed",
        cells=tuple((one, DATA) for one in (COUPLED, DECOUPLED, RIDGE)),
        measure=decoupled,
    ),
)
