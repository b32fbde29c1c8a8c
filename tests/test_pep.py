"""Bounds against the worst cases that performance estimation found (tests/data/pep.csv, L = 1)."""

import csv
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from gdbench.theory import theorem

ROWS = list(csv.DictReader((Path(__file__).parent / "data" / "pep.csv").read_text(encoding="utf-8").splitlines()))
SMALLEST = 1e-3
TIGHT, SOLVER = 2e-5, 1e-6

#: (method, class, metric) -> ids, whether tight, and what is added to k.
COVERED = {
    ("gd", "convex", "gap/R2"): ("gd_convex_tight", True, 0),
    ("gd", "sc", "gap/gap0"): ("gd_sc_gap", True, 0),
    ("gd", "sc", "dist2/R2"): ("gd_sc_dist", True, 0),
    ("gd", "sc", "grad2/grad2_0"): ("gd_sc_grad", True, 0),
    ("gd", "sc", "gap/R2"): ("gd_sc_gap_R2", True, 0),
    ("gd", "nonconvex", "mingrad2_0..K-1/(f0-finf)"): ("gd_nonconvex_tight", True, 0),
    ("gd", "nonconvex", "mingrad2_0..K/(f0-finf)"): ("gd_nonconvex_tight", True, 1),
    ("gd", "nonconvex", "mingrad2_0..K/(f0-fK)"): ("gd_nonconvex_drop", True, 0),
    ("exact_ls", "sc", "gap/gap0"): ("gd_exact_ls", True, 0),
    ("fista_x", "convex", "gap/R2"): ("nag_fista", False, 0),
    ("fista_y", "convex", "gap/R2"): ("nag_fista_y", False, 0),
    ("nag_t/(t+3)_x", "convex", "gap/R2"): ("nag_ratio", False, 0),
    ("nag_const_x", "sc", "gap/V0"): ("nag_sc", False, 0),
    ("hb_ghadimi", "sc", "gap/gap0"): ("hb_ghadimi", False, 0),
    ("hb_polyak", "scquad", "dist2/R2"): ("hb_quad_dist", True, 0),
    ("ogm_y", "convex", "gap/R2"): ("ogm", True, 0),
}

#: No theorem here speaks of these.
UNCOVERED = {
    ("nag_t/(t+3)_y", "convex", "gap/R2"): "no theorem for the look-ahead sequence of j/(j + 3)",
    ("nag_const_y", "sc", "gap/V0"): "no theorem for the look-ahead sequence of constant momentum",
    ("hb_polyak", "sc", "gap/gap0"): "heavy ball has no bound beyond quadratics",
    ("hb_polyak", "sc", "dist2/R2"): "heavy ball has no bound beyond quadratics",
}

#: A row where the solver, not the bound, is off: test_theory has a run that attains the bound to 1e-9.
SOLVER_OFF = {("hb_polyak", "scquad", 0.01, 8): 4e-5}

#: Upper bounds that the rows of a tight one obey as well, where alpha = 1/L.
LOOSER = {
    "gd_convex_tight": ("gd_convex_proof", "gd_convex_headline"),
    "gd_sc_gap": ("gd_sc_linear",),
    "gd_nonconvex_tight": ("gd_nonconvex",),
    "nag_fista": ("nag_fista_simple",),
}


@dataclass(frozen=True)
class Row:
    key: tuple[str, str, str]
    k: int
    tau: float
    values: dict[str, float]

    @property
    def a(self) -> float:
        return self.values["alpha"]


def read(row: dict[str, str]) -> Row:
    mu = float(row["mu_over_L"] or 0.0)
    alpha = math.nan if row["alpha_L"] == "els" else float(row["alpha_L"])
    starts = {"R2": 1.0, "gap_0": 1.0, "G_0": 1.0, "Delta": 1.0, "drop": 1.0, "S": int(row["k"]) * alpha}
    values = {"L": 1.0, "mu": mu, "alpha": alpha, **starts}
    if row["metric"] == "gap/V0":
        # V_0 = gap_0 + mu/2 R2 = 1; the bound is linear in both, so any split will do.
        values.update(gap_0=0.5, R2=1.0 / mu)
    return Row((row["method"], row["class"], row["metric"]), int(row["k"]), float(row["tau"]), values)


PARSED = [read(row) for row in ROWS]
HELD = [row for row in PARSED if row.key in COVERED and row.tau > SMALLEST]


def bound(name: str, k: int, row: Row) -> float:
    return float(theorem(name).bound(np.array([float(k)]), row.values)[0])


def label(row: Row) -> str:
    return f"{'-'.join(row.key)}-{row.a:.4g}-{row.values['mu']:g}-{row.k}"


def test_every_row_is_covered_or_listed_as_uncovered():
    counts = Counter(row.key for row in PARSED)
    assert set(counts) == set(COVERED) | set(UNCOVERED)
    covered = sum(counts[key] for key in COVERED)
    uncovered = sum(counts[key] for key in UNCOVERED)
    assert (covered, uncovered) == (185, 38)
    assert covered + uncovered == len(ROWS) == 223


def test_enough_rows_are_large_enough_to_compare():
    assert len(HELD) >= 160
    assert {row.key for row in HELD} == set(COVERED)


@pytest.mark.parametrize("row", HELD, ids=label)
def test_the_bound_is_the_worst_case(row):
    name, tight, shift = COVERED[row.key]
    assert row.key[1] != "nonconvex" or row.a <= math.sqrt(3.0), "beyond sqrt 3 only gd_nonconvex holds"
    found = bound(name, row.k + shift, row)
    tolerance = SOLVER_OFF.get((*row.key[:2], row.values["mu"], row.k), TIGHT)
    assert theorem(name).tight or not tight
    assert tight or found >= row.tau * (1.0 - SOLVER)
    if tight:
        assert found == pytest.approx(row.tau, rel=tolerance)


@pytest.mark.parametrize("row", [row for row in HELD if COVERED[row.key][0] in LOOSER], ids=label)
def test_looser_bounds_are_above(row):
    name, _, shift = COVERED[row.key]
    for upper in LOOSER[name]:
        if row.a == 1.0:
            assert bound(upper, row.k + shift, row) >= row.tau * (1.0 - SOLVER)


def test_equal_steps_of_at_most_1_over_L_give_the_variable_step_bound():
    rows = [row for row in HELD if row.key == ("gd", "convex", "gap/R2") and row.a <= 1.0]
    assert len(rows) >= 6
    for row in rows:
        assert bound("gd_convex_varstep", row.k, row) == pytest.approx(row.tau, rel=TIGHT)
