"""Every bound that applies, lower bounds among them, at every k."""

from gdbench.audit.check import Check, Seen
from gdbench.audit.verdicts import judged
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Result


def see(problem: Problem, optimizer: Optimizer, result: Result) -> Seen:
    return judged(result, "bound")


CHECK = Check("bound", "every bound that applies, lower bounds among them, at every k", "pair", see)
