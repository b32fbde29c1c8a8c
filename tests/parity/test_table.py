"""The committed table has the rows of these cases, and no others."""

import numpy as np
from cases import CASES
from rates import PAIRS
from table import PLACE, SCIPY, TEXT, ceiling, method_names, schedule_names


def test_the_committed_rows_are_the_cases():
    text = PLACE.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
    names = [*map(method_names, CASES), *map(schedule_names, PAIRS)]
    named = [row for row in rows if not row.startswith(("| method |", "| schedule |"))]
    assert len(named) == len(names)
    assert all(row.startswith(name) for row, name in zip(named, names, strict=True))
    assert text.startswith(TEXT) and text.endswith(SCIPY), "`python tests/parity/table.py` writes it anew"


def test_ceilings_are_not_exceeded():
    for value in np.geomspace(1e-15, 1.0, 97):
        assert float(ceiling(value).removeprefix("<= ")) >= value > 0.09 * float(ceiling(value).removeprefix("<= "))
    assert ceiling(0.0) == ceiling(3e-17) == "<= 1e-15" and ceiling(0.3) == "<= 1"
