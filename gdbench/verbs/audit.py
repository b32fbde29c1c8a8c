"""`gdbench audit`: the battery of checks over problems, optimizers and their pairs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gdbench.errors import BadInput
from gdbench.verbs.options import json_option, plugin_option, print_json, table

if TYPE_CHECKING:
    from gdbench.audit.battery import Row


@click.command("audit")
@click.option("-p", "--problem", "problems", multiple=True, metavar="PROBLEM", help="As in quadratic[dim=5].")
@click.option("-o", "--optimizer", "optimizers", multiple=True, metavar="OPTIMIZER", help="As in nesterov.")
@plugin_option
@click.option("--timeout", type=float, default=60.0, show_default=True, help="Seconds per check of a plug-in.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    problems: tuple[str, ...],
    optimizers: tuple[str, ...],
    plugin: Path | None,
    timeout: float,
    as_json: bool,
) -> None:
    """Check problems and optimizers from all sides; all of the registry where none is named.

    With --plugin: what the file defines, on the problems (with the optimizers) named, or on all of them.
    Exit status 1 if anything is violated, or if a check could not be made.
    """
    if not (timeout > 0 and math.isfinite(timeout)):
        raise BadInput(f"--timeout {timeout:g} must be a number of seconds > 0, such as 60.")
    rows = list(_own(problems, optimizers) if plugin is None else _foreign(plugin, problems, optimizers, timeout))
    if as_json:
        print_json("audit", {"rows": [asdict(row) for row in rows]})
    else:
        click.echo(_text(rows))
    ctx.exit(1 if any(row.outcome in ("violated", "failed") for row in rows) else 0)


def _own(problems: Sequence[str], optimizers: Sequence[str]) -> Iterator[Row]:
    from gdbench import registry
    from gdbench.audit.battery import audit

    wanted = {
        what: list(dict.fromkeys(registry.canonical(what, text) for text in texts)) or registry.names(what)
        for what, texts in (("problem", problems), ("optimizer", optimizers))
    }
    return audit(wanted["problem"], wanted["optimizer"])


def _foreign(file: Path, problems: Sequence[str], optimizers: Sequence[str], timeout: float) -> Iterator[Row]:
    from gdbench.audit.foreign import audit_apart
    from gdbench.foreign import ask

    asked = ask(file, problems, optimizers)
    return audit_apart(asked.plugin, asked.problems, asked.optimizers, timeout)


def _text(rows: Sequence[Row]) -> str:
    """A line for each check, and one for each row that is red."""
    from gdbench.audit.battery import checks
    from gdbench.audit.check import OUTCOMES

    head = ["check", *OUTCOMES, "compared", "resolvable", "seconds", ""]
    lines = [head]
    about = {"contract": "its kernels as plain Python, held to the contract at every call"}
    about.update({check.id: check.about for check in checks().values()})
    for name in dict.fromkeys(row.check for row in rows):
        mine = [row for row in rows if row.check == name]
        counts = [sum(row.outcome == outcome for row in mine) for outcome in OUTCOMES]
        compared, resolvable = sum(row.checked for row in mine), sum(row.resolvable for row in mine)
        seconds = sum(row.seconds for row in mine)
        lines.append([name, *map(str, counts), str(compared), str(resolvable), f"{seconds:.1f}", about[name]])
    wrong = [row for row in rows if row.outcome in ("violated", "failed")]
    parts = [table(lines)]
    if wrong:
        parts.append("\n".join(_red(wrong)))
    parts.append(f"{len(rows)} rows, {len(wrong)} red.")
    return "\n\n".join(parts)


def _red(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each finding, however many subjects share it."""
    shared: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        shared.setdefault((row.check, row.saw), []).append(row)
    for (check, saw), mine in shared.items():
        others = f" (and {len(mine) - 1} more)" if len(mine) > 1 else ""
        yield f"!! {check}: {_subject(mine[0])}{others}: {saw}"


def _subject(row: Row) -> str:
    return " on ".join(name for name in (row.optimizer, row.problem) if name) or "the judge"
