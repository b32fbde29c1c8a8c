"""The fitted rate against the exact curve's in the same window."""

from gdbench.audit.check import Check, Seen
from gdbench.audit.verdicts import judged
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Result


def see(problem: Problem, optimizer: Optimizer, result: Result) -> Seen:
    return judged(result, "rate")


CHECK = Check("rate", "the fitted rate against the exact curve's in the same window", "pair", see)
