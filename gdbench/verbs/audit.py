"""`gdbench audit`: the battery of checks over problems, optimizers and their pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from gdbench.verbs.options import json_option, print_json, table

if TYPE_CHECKING:
    from gdbench.audit.battery import Row


@click.command("audit")
@click.option("-p", "--problem", "problems", multiple=True, metavar="PROBLEM", help="As in quadratic[dim=5].")
@click.option("-o", "--optimizer", "optimizers", multiple=True, metavar="OPTIMIZER", help="As in nesterov.")
@json_option
@click.pass_context
def command(ctx: click.Context, problems: tuple[str, ...], optimizers: tuple[str, ...], as_json: bool) -> None:
    """Check problems and optimizers from all sides; all of the registry where none is named.

    Exit status 1 if anything is violated, or if a check could not be made.
    """
    from gdbench import registry
    from gdbench.audit.battery import audit

    wanted = {
        what: list(dict.fromkeys(registry.canonical(what, text) for text in texts)) or registry.names(what)
        for what, texts in (("problem", problems), ("optimizer", optimizers))
    }
    rows = list(audit(wanted["problem"], wanted["optimizer"]))
    if as_json:
        print_json("audit", {"rows": [asdict(row) for row in rows]})
    else:
        click.echo(_text(rows))
    ctx.exit(1 if any(row.outcome in ("violated", "failed") for row in rows) else 0)


def _text(rows: Sequence[Row]) -> str:
    """A line for each check, and one for each row that is red."""
    from gdbench.audit.battery import checks
    from gdbench.audit.check import OUTCOMES

    head = ["check", *OUTCOMES, "compared", "resolvable", "seconds", ""]
    lines = [head]
    for check in checks().values():
        mine = [row for row in rows if row.check == check.id]
        counts = [sum(row.outcome == outcome for row in mine) for outcome in OUTCOMES]
        compared, resolvable = sum(row.checked for row in mine), sum(row.resolvable for row in mine)
        seconds = sum(row.seconds for row in mine)
        lines.append([check.id, *map(str, counts), str(compared), str(resolvable), f"{seconds:.1f}", check.about])
    wrong = [row for row in rows if row.outcome in ("violated", "failed")]
    parts = [table(lines)]
    if wrong:
        parts.append("\n".join(f"!! {row.check}: {_subject(row)}: {row.saw}" for row in wrong))
    parts.append(f"{len(rows)} rows, {len(wrong)} red.")
    return "\n\n".join(parts)


def _subject(row: Row) -> str:
    return " on ".join(name for name in (row.optimizer, row.problem) if name) or "the judge"
