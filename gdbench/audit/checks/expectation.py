"""Every theorem on expectations, over replicates of the run."""

from dataclasses import replace

from gdbench.audit.check import Check, Seen, not_applicable
from gdbench.audit.verdicts import judged
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Result, run_pair

#: Enough for a mean that is off by a fifth of a standard deviation to be seen among some hundred comparisons.
REPLICATES, ITERATIONS = 1000, 100


def see(problem: Problem, optimizer: Optimizer, result: Result) -> Seen:
    """The result tells by itself what does not apply: replicates are run of the rest."""
    alone = judged(result, "expectation")
    if alone.outcome == "not applicable":
        return not_applicable(alone.saw)
    cell = replace(result.cell, iterations=ITERATIONS, replicates=REPLICATES)
    share = f"of what is allowed, over {REPLICATES} replicates"
    return judged(run_pair(problem, optimizer, cell), "expectation", share)


CHECK = Check("expectation", "every theorem on expectations, over replicates of the run", "pair", see)
