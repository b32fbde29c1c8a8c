"""With the coordinates in another order the iterates are the same in that order, to rounding."""

from itertools import pairwise

import numpy as np

from gdbench.audit.allowance import Agreement, agreement, growth_of
from gdbench.audit.arena import LAYERS, Arena
from gdbench.audit.check import Check, Seen
from gdbench.audit.rounds import compiled, rounds
from gdbench.audit.units import reseeded
from gdbench.errors import BadInput
from gdbench.optimizer import Optimizer

#: The last layer comes first, the coordinates of each are rolled: none stays in its place, none leaves its layer.
ORDER = np.concatenate([np.roll(np.arange(*ends), 2) for ends in reversed([*pairwise(LAYERS)])])


def see(optimizer: Optimizer) -> Seen:
    return rounds(lambda arena: _permuted(optimizer, arena), "the run in another order")


def _permuted(optimizer: Optimizer, arena: Arena) -> Agreement:
    if optimizer.sampling is not None and optimizer.sampling.by_coordinate:
        raise BadInput(_another(f"sampling={optimizer.sampling}"))
    usual, other = compiled(optimizer, arena), reseeded(optimizer)
    if other is not None and not np.array_equal(compiled(other, arena), usual):
        raise BadInput(_another(optimizer.name))
    growth = growth_of(lambda one: compiled(optimizer, one), arena)
    return agreement(compiled(optimizer, arena.permuted(ORDER)), usual[:, ORDER], growth)


def _another(drawing: str) -> str:
    return f"{drawing} draws a number per coordinate, in their order: in another it is another run."


CHECK = Check("permutation", "the same iterates in another order of coordinates", "optimizer", see)
