"""A hand-written loop for every method on f(x) = x'Ax/2: its peer in speed, and an oracle of its iterates.

Each loop is one function that Numba compiles on its own: hyperparameters, products, step and recording in one place,
written from the method's source, sharing no line with gdbench. Guards that only rounding or underflow can reach are
left out.
"""

from peers_loops import adaptive, line_searches, momentum, second_order, step_rules
from peers_loops.parts import Loop

LOOPS: dict[str, Loop] = {
    **step_rules.LOOPS,
    **momentum.LOOPS,
    **line_searches.LOOPS,
    **second_order.LOOPS,
    **adaptive.LOOPS,
}
