"""`gdbench compare`: what changed between two stores, or two metrics.csv."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gdbench.verbs.options import json_option, print_json, table

if TYPE_CHECKING:
    from gdbench.comparison import Change

#: So many lines of a part are shown without --all.
SHOWN = 20
#: Parts of the answer, by the columns whose changes they hold.
PARTS = {
    "Outcomes": ("outcome", "line"),
    "Iterations to 1e-6": ("iterations_to_target",),
    "Rates": ("e_fold_iterations", "order"),
    "Oracle calls": ("gradient_calls", "value_calls"),
    "Tightness (measured / bound)": ("tightness",),
    "Resolvable share": ("resolvable",),
    "Figures and exponents": ("value",),
    "Last k and last f": ("k", "f"),
}
MARKS = {"worse": "!!", "better": "ok", "changed": "  "}


@click.command("compare")
@click.argument("before", type=click.Path(path_type=Path), metavar="A")
@click.argument("after", type=click.Path(path_type=Path), metavar="B")
@click.option("--all", "every", is_flag=True, help=f"Every line; otherwise {SHOWN} of each part.")
@json_option
@click.pass_context
def command(ctx: click.Context, before: Path, after: Path, every: bool, as_json: bool) -> None:
    """Say what is different in B, outcomes first; each of A and B is a store or a metrics.csv.

    Exit status 1 if anything got worse (!!): an outcome, a status or a claim flipped, more iterations, calls or
    tightness, a lower share of resolvable k, or a line that is gone.
    """
    from gdbench.comparison import compare, load

    changes = compare(load(before), load(after))
    worse = sum(change.direction == "worse" for change in changes)
    if as_json:
        rows = [{**asdict(change), "factor": change.factor} for change in changes]
        print_json("compare", {"worse": worse, "changes": rows})
    else:
        click.echo(_text(changes, every))
    ctx.exit(1 if worse else 0)


def _text(changes: Sequence[Change], every: bool) -> str:
    parts = []
    for title, columns in PARTS.items():
        found = [change for change in changes if change.column in columns]
        if found:
            shown = found if every else found[:SHOWN]
            rest = [f"  and {len(found) - len(shown)} more: --all lists them"] * (len(shown) < len(found))
            parts.append("\n".join([title, table([_cells(change) for change in shown]), *rest]))
    return "\n\n".join([*parts, _summary(changes)])


def _cells(change: Change) -> list[str]:
    line = change.line
    where = f"{line.optimizer} on {line.problem}" if line.optimizer else ""
    name = " ".join(part for part in (line.subject if line.subject in ("run", "claim") else "", line.name) if part)
    values = change.after if change.column == "line" else f"{change.before or 'none'} -> {change.after or 'none'}"
    several = len(next(columns for columns in PARTS.values() if change.column in columns)) > 1
    named = f"{change.column}: " if several and not change.flip else ""
    factor = "" if math.isnan(change.factor) else f"x {change.factor:.4g}"
    return [f"  {MARKS[change.direction]} {name}", where, f"{named}{values}", factor]


def _summary(changes: Sequence[Change]) -> str:
    if not changes:
        return "Nothing changed."
    counts = []
    for what, flips in (("outcome", True), ("number", False)):
        for direction in MARKS:
            count = sum(change.flip == flips and change.direction == direction for change in changes)
            if count:
                counts.append(f"{count} {what}{'s' * (count != 1)} {direction}")
    return ", ".join(counts) + "."
