"""The lecture's claims: the figures are those that independent scripts found, and other runs give other statuses."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gdbench.claims import claims
from gdbench.claims.claim import NotMeasured
from gdbench.evaluate import Lookup

#: Closed forms, and figures from plain NumPy scripts that share no code with gdbench.
FIGURES = {
    "theorem-1": {"factor": 8.04},
    "theorem-1-proof": {"factor": 2.01},
    "iterations-kappa": {"iterations_100": 688, "factor": 138155 / 69075},
    "theorem-2": {"factor": 0.9801},
    "kappa-2": {"gap_factor": 0.25, "distance_factor": 0.5},
    "step-optimal": {"one_over_L": 688, "two_over_L_mu": 346},
    "step-smaller": {"factor": 0.999**2},
    "divergence": {"growth": 1.21},
    "momentum-sqrt-kappa": {"factor": 1381.55 / 708},
    "speedup-100": {"heavy_ball": 688 / 58, "nesterov": 688 / 88},
    "speedup-10000": {"heavy_ball": 69075 / 708, "nesterov": 69075 / 919},
    "nesterov-constants": {"nesterov": 88, "heavy_ball": 58},
    "momentum-average": {"weight": 10.0},
    "damping-plain": {"sign_changes": 0},
    "damping-momentum": {"sign_changes": 42, "increases": 56, "peak": 7.17},
    "damping-faster": {"plain": 653, "momentum": 124},
    "optimal-beta": {"x_low": -2208 / 1225, "x_high": 2592 / 1225},
    "numpy-example": {"iterations": 807},
    "torch-example": {"x": 1.0185e-9, "y": 6.111e-10},
    "worked-example-table": {"loss": 0.55924, "w0": 2.018, "w1": -1.517},
    "worked-example-error": {"error": 0.024380},
    # The best step by a grid of 2e6 values of alpha L.
    "step-horizon": {"best_1": 1.5, "best_5": 1.747054, "best_100": 1.9705465, "ratio_1": 4 / 3, "ratio_100": 1.965718},
    # The Hessian [[1, 2], [2, 1]] of a two-layer linear network, by hand.
    "lipschitz-norms": {"product": 0.01, "curvature": 3.0},
    # Halving 0.9 until it is at most 1/4.
    "lipschitz-backtracking": {"quadratic": 1 / (4 * 0.225)},
    # Products over 1200, 6000 and 1000 factors 1 - 0.01 alpha_k/alpha_0; the slope of the last by least squares.
    "schedule-step-decay": {"limit": 0.715439263435704, "reached": 0.715439263435704},
    "schedule-exponential-decay": {"limit": 0.3651143234774122},
    "schedule-inverse-far": {"distance": 0.9278016495542222, "order": 0.01997013},
    "schedule-cosine-end": {"again": 0.99999013},
    "schedule-decay-helps": {"constant": 0.99**2000, "cycling": 1.0},
    "schedule-robbins-monro": {"met": 2, "schedules": 6},
    # The same few lines in plain NumPy, with other formulas for the steps.
    "damping-exact-search": {"factor": (99 / 101) ** 2, "searched": 346, "two_over_L_mu": 346},
    "plateau": {"x": 8.833610496713558, "share": 0.9972204754859939},
    "saddles-rare": {"strict": 126, "flat": 598},
    "saddle-stuck": {"strict": 0.25, "flat": 6.750013},
    # Adam and AMSGrad on Reddi's problem as loops of a few lines; the closed form of a quadratic's gap.
    "adam-update": {"printed": math.sqrt(10.0), "corrected": 1.0},
    "adam-step": {"longest": 3.141076940395273},
    "adam-reddi": {"adam": 1.0, "amsgrad": -0.9980882618294487},
    "mixed-scaling": {"unscaled": 0.0},
    "mixed-master": {"bfloat16": 1.0, "float64": 0.12325112818126102},
    "clipping": {"gap": 0.001195488334374872, "k": 3},
}
#: Claims that are decided without a run, by the lecture's printed code or formula, or by a matrix of two weights.
DECIDED_WITHOUT_PROGRESS = {
    *("armijo-code", "clipping-printed", "lipschitz-norms", "schedule-inverse-start", "schedule-warmup-start"),
}


@pytest.fixture(scope="module")
def recorded(record):
    return record.suite, tuple(record.results.values())


@pytest.mark.parametrize("name", claims())
def test_each_claim_is_decided_as_expected(recorded, name):
    claim = claims()[name]
    finding = claim.measure(Lookup("lecture", recorded[1]))
    assert finding.status == claim.expects
    for key, value in FIGURES.get(name, {}).items():
        assert finding.values[key] == pytest.approx(value, rel=1e-3), key


def standstill(result):
    """The same run, had it never moved: every row is the first one, and nothing holds."""
    rows = {name: np.full_like(column, column[0]) for name, column in result.trajectory.columns.items()}
    rows["k"] = result.trajectory["k"]
    verdicts = tuple(replace(verdict, outcome="violated") for verdict in result.verdicts)
    summary = {**result.summary, "iterations_to_target": None, "increases": 0, "gap": result.summary["gap_0"]}
    summary["sign_changes"] = [0 for _ in result.summary["sign_changes"]]
    summary["rate"] = {**result.summary["rate"], "kind": "refused"}
    columns = replace(result.trajectory, columns=rows)
    return replace(result, trajectory=columns, verdicts=verdicts, summary=summary, status="finished")


@pytest.mark.parametrize("name", [name for name in claims() if name not in DECIDED_WITHOUT_PROGRESS])
def test_a_standstill_decides_each_claim_otherwise(recorded, name):
    claim = claims()[name]
    try:
        with np.errstate(all="ignore"):
            status = claim.measure(Lookup("lecture", [standstill(result) for result in recorded[1]])).status
    except NotMeasured:
        status = "not measured"
    assert status != claim.expects


def test_every_cell_of_a_claim_is_in_the_suite(recorded):
    runs = Lookup("lecture", recorded[1])
    for claim in claims().values():
        for cell in claim.cells:
            assert runs(*cell).status != "failed"


def test_a_failed_run_measures_nothing(recorded):
    empty = [
        replace(result, status="failed", verdicts=(), trajectory=replace(result.trajectory, columns={"k": np.zeros(0)}))
        for result in recorded[1]
    ]
    with pytest.raises(NotMeasured, match="failed"):
        claims()["theorem-1"].measure(Lookup("lecture", empty))
