"""alpha_k = alpha_0: no schedule at all."""

from gdbench.schedule import CONSTANT, Schedule


def make() -> Schedule:
    """The step size stays."""
    return CONSTANT
