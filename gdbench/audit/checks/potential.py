"""Inequalities from each step to the next."""

from gdbench.audit.check import Check, Seen
from gdbench.audit.verdicts import judged
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Result


def see(problem: Problem, optimizer: Optimizer, result: Result) -> Seen:
    return judged(result, "potential")


CHECK = Check("potential", "inequalities from each step to the next", "pair", see)
