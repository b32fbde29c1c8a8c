"""What became of each theorem on each problem, one class per method, named like it. Lower is better."""

import math

from asv_runner.benchmarks.mark import SkipNotImplemented

from .listing import PROBLEMS, THEOREMS
from .pairs import figures, nine_digits, setup_cache

CODES = {"attained": 0, "holds": 1, "unresolvable": 2, "inconclusive": 2, "not applicable": 3, "violated": 4}


class _Theorems:
    param_names = ("theorem", "problem")
    version = "1"  # as in runs.py
    setup_cache = staticmethod(setup_cache)

    def track_verdict(self, cache, theorem, problem):
        """0 attained, 1 holds, 2 unresolvable or inconclusive, 3 not applicable, 4 violated."""
        return CODES[self._verdict(cache, theorem, problem)[0]]

    def track_tightness(self, cache, theorem, problem):
        """The largest measured / bound over the k that rounding leaves resolvable."""
        tightness = self._verdict(cache, theorem, problem)[1]
        if math.isnan(tightness):
            raise SkipNotImplemented(f"{theorem} is not held against a number on {problem}")
        return nine_digits(tightness)

    track_verdict.unit = "code"
    track_tightness.unit = "measured/bound"

    def _verdict(self, cache, theorem, problem):
        optimizer = type(self).__name__
        verdicts = figures(cache, optimizer, problem)["verdicts"]
        if theorem not in verdicts:
            raise SkipNotImplemented(f"in this commit {optimizer} does not list {theorem}")
        return verdicts[theorem]


for _optimizer, _ids in THEOREMS.items():
    if _ids:
        globals()[_optimizer] = type(_optimizer, (_Theorems,), {"params": (_ids, PROBLEMS), "__module__": __name__})
