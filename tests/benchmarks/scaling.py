"""How iterations to the target grow with the condition number: the scaling entries of the suite lecture."""

import traceback

from .listing import SCALINGS
from .pairs import nine_digits

params = list(SCALINGS)
param_names = ("entry",)
version = "1"  # as in runs.py


def setup_cache():
    """Entry -> (exponent, nothing), or (nothing, the text of what went wrong)."""
    from gdbench.run import run_cell  # noqa: F401 - as in pairs.py

    found = {}
    for name, entry in SCALINGS.items():
        try:
            found[name] = _exponent(entry), None
        except Exception:  # noqa: BLE001 - one broken entry must not hide the others
            found[name] = None, traceback.format_exc()
    return found


setup_cache.timeout = 900


def track_exponent(cache, entry):
    """The exponent p of iterations ~ kappa^p. Lower is better."""
    exponent, error = cache[entry]
    if error is not None:
        raise RuntimeError(error)
    return exponent


track_exponent.unit = "power of kappa"


def _exponent(entry):
    from gdbench.rate import exponent
    from gdbench.run import Cell, run_cell

    reached = []
    for kappa in entry["kappa"]:
        problem = entry["problem"].replace("{kappa}", f"{kappa:g}")
        result = run_cell(Cell(entry["optimizer"], problem, entry["iterations"], target=entry["target"]))
        if result.status != "reached":
            raise RuntimeError(f"{problem}: {result.status} at k = {result.k} {result.reason}")
        reached.append(result.k)
    return nine_digits(exponent(entry["kappa"], reached)[0])
