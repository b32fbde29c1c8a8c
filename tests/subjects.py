"""Pairs for tests that take every method to some problem: what a method samples must be there."""

from __future__ import annotations

from dataclasses import replace

from gdbench import registry
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem

SAMPLES = "least_squares[samples=40,features=4]"


def exact(name: str) -> Optimizer:
    """A method with exact gradients."""
    return replace(registry.optimizer(name), sampling=None)


#: Methods that can take exact gradients.
EXACT = [name for name in registry.names("optimizer") if not registry.optimizer(name).draws]


def suited(problem: str, optimizer: Optimizer) -> tuple[Problem, Optimizer]:
    """The pair itself; where a problem has no samples, exact gradients, or for steps that read them another problem."""
    subject = registry.problem(problem)
    if optimizer.sampling is None or subject.batch is not None:
        return subject, optimizer
    if optimizer.draws:
        return registry.problem(SAMPLES), optimizer
    return subject, replace(optimizer, sampling=None)
