"""The compiled method against its naive loop in NumPy, and against its own kernels as plain Python, bit for bit."""

from itertools import islice

import numpy as np

from gdbench.audit.allowance import Agreement, agreement, full, growth_of, same_bits
from gdbench.audit.arena import Arena
from gdbench.audit.check import Check, Seen, not_applicable
from gdbench.audit.replay import replay
from gdbench.audit.rounds import ITERATIONS, compiled, rounds
from gdbench.optimizer import Optimizer
from gdbench.problem import Array
from gdbench.view import Naive

#: Updates of a run in plain Python, which is slow.
FEW = 12


def see(optimizer: Optimizer) -> Seen:
    interpreted = rounds(lambda arena: _as_python(optimizer, arena), "plain Python")
    naive = optimizer.naive
    if interpreted.outcome != "passed":
        return interpreted
    if naive is None:
        return not_applicable("the method gives no naive loop; in plain Python its kernels compute the same bits")
    return rounds(lambda arena: _as_written(optimizer, naive, arena), "the naive loop")


def _as_python(optimizer: Optimizer, arena: Arena) -> Agreement:
    slow = replay(arena.problem(), optimizer, FEW, as_python=True)
    return same_bits(full(slow, FEW + 1), compiled(optimizer, arena, FEW))


def _as_written(optimizer: Optimizer, naive: Naive, arena: Arena) -> Agreement:
    def run(one: Arena) -> Array:
        return full(np.array(list(islice(naive(one.view(optimizer)), ITERATIONS + 1))), ITERATIONS + 1)

    return agreement(compiled(optimizer, arena), run(arena), growth_of(run, arena))


CHECK = Check("naive", "the compiled method against a naive loop, and against plain Python", "optimizer", see)
