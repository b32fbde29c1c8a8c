"""The table of methods: a step of gdbench's driver against the same step of a hand-written loop.

Each pair is held to the same iterates first. Then four players take turns in this process, forth and back: driver and
loop, each with every iterate's row recorded (f, ||g||^2, ||x - x*||^2, ||x_k - x_{k-1}||^2, alpha), and each without: f
is then left out where it costs a product, and the loop records nothing but alpha while the driver goes on recording the
rest. A time is processor time per step, the tenth part of the repeats from below; a ratio's spread is that of the
repeats' own ratios, from quarter to three quarters.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gdbench import registry
from peers_loops import LOOPS
from peers_loops.agreement import apart
from peers_loops.drive import Player, by_hand, dense, driver

SIZES = (10, 100, 1000)
#: What the project holds itself to, at the last of the sizes.
GOAL = 1.3
REPEATS = 15
#: Seconds of one repeat, at least: the clock's steps and the call from Python are then below a thousandth.
LEAST = 0.003


@dataclass(frozen=True)
class Ratio:
    """Driver to loop, and the middle half of the repeats' own ratios."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f}-{self.high:.2f})"


@dataclass(frozen=True)
class Line:
    """One method at one n. products: of a step, f recorded; seconds: of the driver's step, f recorded.

    price: the driver with f recorded against the loop without.
    """

    selector: str
    n: int
    products: float
    seconds: float
    recorded: Ratio
    bare: Ratio
    price: Ratio


def spent(player: Player, repeats: int) -> float:
    start = time.process_time()
    player.again(repeats)
    return time.process_time() - start


def turns(players: list[Player], repeats: int = REPEATS) -> list[list[float]]:
    """Seconds of a run of each player, repeat by repeat; every other round goes backwards."""
    often = [max(1, math.ceil(LEAST / max(min(spent(player, 4) for _ in range(3)) / 4, 1e-9))) for player in players]
    times: list[list[float]] = [[] for _ in players]
    for turn in range(repeats):
        order = range(len(players)) if turn % 2 == 0 else reversed(range(len(players)))
        for i in order:
            times[i].append(spent(players[i], often[i]) / often[i])
    return times


def low(times: list[float]) -> float:
    return sorted(times)[len(times) // 10]


def ratio(ours: list[float], theirs: list[float]) -> Ratio:
    quarters = statistics.quantiles([mine / other for mine, other in zip(ours, theirs, strict=True)], n=4)
    return Ratio(low(ours) / low(theirs), quarters[0], quarters[2])


def measure(selector: str, n: int) -> Line:
    """One line, once the four players have shown that they do the same."""
    loop = LOOPS[selector]
    problem = dense(n, loop)
    players = []
    products = 0
    for record in (True, False):
        pair = [driver(selector, problem, loop.steps, record), by_hand(loop, problem, record)]
        ours, theirs = pair[0].walk(), pair[1].walk()
        wrong = apart(ours, theirs, record)
        if wrong:
            raise SystemExit(f"{selector} at n = {n} and its loop do not take the same steps: they differ in {wrong}.")
        products = products or ours.products
        players += pair
    mine, other, mine_bare, other_bare = turns(players)
    return Line(
        selector,
        n,
        products / loop.steps,
        low(mine) / loop.steps,
        ratio(mine, other),
        ratio(mine_bare, other_bare),
        ratio(mine, other_bare),
    )


def lines(selectors: Iterable[str], sizes: tuple[int, ...] = SIZES) -> Iterator[Line]:
    for selector in selectors:
        for n in sizes:
            yield measure(selector, n)


def show(selectors: Iterable[str]) -> None:
    """Print the table as it is measured, and what misses the goal."""
    columns = "{:32} {:>5} {:>9} {:>10}  {:18} {:18} {:18}"
    print(columns.format("method", "n", "products", "us / step", "recorded", "f not recorded", "price of recording"))
    missed = []
    for line in lines(selectors):
        cells = (line.recorded, line.bare, line.price)
        figures = f"{line.products:.2f}", f"{line.seconds * 1e6:.3g}"
        print(columns.format(line.selector, line.n, *figures, *map(str, cells)).rstrip(), flush=True)
        if line.n == SIZES[-1] and max(line.recorded.value, line.bare.value) > GOAL:
            missed.append(line.selector)
    which = f"all but {', '.join(missed)}" if missed else "all"
    lacking = set(registry.names("optimizer")) - {registry.split_selector(selector)[0] for selector in LOOPS}
    print(f"\nwithout a loop: {', '.join(sorted(lacking)) or 'none'}")
    print(f"at n = {SIZES[-1]} within {GOAL} x of their loops: {which}")
