"""In other units of f and x, powers of two apart, the trajectory is the same to the last bit.

p is even, so that the roots of L and mu are multiplied by a power of two as well. Parameters that have a unit are
multiplied with it; any other number with a unit is a constant that the method hides. Where a parameter stands for
numbers that cannot be multiplied, such as those of a format, the units that would do so are left out.
"""

from dataclasses import replace

from gdbench.audit.allowance import Agreement, same_bits, worst
from gdbench.audit.arena import Arena
from gdbench.audit.check import Check, Seen
from gdbench.audit.rounds import compiled, rounds
from gdbench.audit.units import FixedNumbers, in_units
from gdbench.errors import BadInput
from gdbench.optimizer import Optimizer

#: Powers (p, q): f is multiplied by 2^p, x by 2^q.
UNITS = ((6, 0), (-10, 0), (0, 5), (0, -9))


def see(optimizer: Optimizer) -> Seen:
    multiplied: dict[str, None] = {}
    left_out: dict[tuple[int, int], str] = {}

    def scaled(arena: Arena) -> Agreement:
        usual = compiled(optimizer, arena)
        found = []
        for p, q in UNITS:
            other = arena.scaled(p, q)
            try:
                tuned, names = in_units(optimizer, arena.problem(), other.problem(), p, q)
            except FixedNumbers as why:
                left_out[p, q] = str(why)
                continue
            multiplied.update(dict.fromkeys(names))
            found.append(same_bits(compiled(tuned, other) / 2.0**q, usual))
        if not found:
            raise BadInput(left_out[UNITS[0]])
        return worst(found)

    seen = rounds(scaled, "the run in other units")
    if seen.outcome == "passed":
        by_hand = f", with {', '.join(multiplied)} multiplied" if multiplied else ""
        without = f"; {next(iter(left_out.values()))}" if left_out else ""
        return replace(seen, saw=f"the same bits in {len(UNITS) - len(left_out)} other units{by_hand}{without}")
    return seen


CHECK = Check("scaling", "the same bits in other units of f and of x", "optimizer", see)
