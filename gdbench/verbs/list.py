"""`gdbench list`: what there is, one line each."""

from __future__ import annotations

from typing import Any

import click

from gdbench.verbs.options import json_option, print_json

KINDS = ("problems", "optimizers", "schedules", "samplings", "theorems", "suites")


@click.command("list")
@click.argument("kind", type=click.Choice(KINDS), metavar="KIND")
@json_option
def command(kind: str, as_json: bool) -> None:
    """List what there is: KIND is problems, optimizers, schedules, samplings, theorems or suites."""
    rows = _rows(kind)
    if as_json:
        print_json("list", {kind: rows})
    else:
        from gdbench.verbs.words import columns

        click.echo(columns([[str(value) for value in row.values()] for row in rows]))


def _rows(kind: str) -> list[dict[str, Any]]:
    if kind == "suites":
        from gdbench.suite import load, names

        return [{"name": name, "title": load(name).title} for name in names()]
    if kind == "theorems":
        from gdbench.theory import theorems

        return [{"id": one.id, "bound": "tight" if one.tight else "upper", "statement": one.statement}
                for one in theorems().values()]  # fmt: skip
    from gdbench import registry

    what = kind.removesuffix("s")
    return [{"name": name, "about": first_line(registry.module(what, name).__doc__)} for name in registry.names(what)]


def first_line(text: str | None) -> str:
    """The first line of a docstring."""
    return (text or "").strip().partition("\n")[0]
