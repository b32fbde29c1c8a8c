"""`gdbench info`: all that is known about a problem, an optimizer, a schedule, a sampling, a theorem or a suite."""

from __future__ import annotations

from typing import Any

import click

from gdbench.verbs.options import json_option, number, print_json, table


@click.command("info")
@click.argument("name")
@json_option
def command(name: str, as_json: bool) -> None:
    """Describe NAME: a problem, optimizer, schedule or sampling (its parameters if you like), a theorem, or a suite."""
    facts = describe(name)
    if as_json:
        print_json("info", facts)
    else:
        click.echo(_text(facts))


def describe(name: str) -> dict[str, Any]:
    """The facts about a name, as plain values."""
    from gdbench import registry
    from gdbench.errors import unknown
    from gdbench.suite import names as suites
    from gdbench.theory import theorems

    family = registry.split_selector(name)[0] if not name.endswith(".toml") else name
    described = {"problem": _problem, "optimizer": _optimizer, "schedule": _schedule, "sampling": _sampling}
    for what, facts in described.items():
        if family in registry.names(what):
            return facts(name, family)
    if name in theorems():
        return _theorem(name)
    if name in suites() or name.endswith(".toml"):
        return _suite(name)
    files = [one for what in described for one in registry.names(what)]
    raise unknown("problem, optimizer, schedule, sampling, theorem or suite", name, [*files, *theorems(), *suites()])


def _parameters(what: str, family: str) -> list[dict[str, Any]]:
    from gdbench import registry

    found = registry.parameters(what, family)
    return [{"name": one.name, "default": _plain(one.default), "values": one.describe()} for one in found]


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, int | float) else str(value) if value is not None else "none"


def _about(what: str, family: str) -> str:
    from gdbench import registry

    return "\n".join(line.strip() for line in (registry.module(what, family).__doc__ or "").strip().splitlines())


def _problem(name: str, family: str) -> dict[str, Any]:
    from gdbench import registry

    made = registry.problem(name)
    constants = {"L": made.L, "mu": made.mu, "pl": made.pl, "f*": made.f_star}
    return {
        "name": made.name,
        "what": "problem",
        "about": _about("problem", family),
        "class": made.kind,
        "dimension": made.n,
        "samples": made.samples or "none",
        "source": made.source,
        "L holds": made.region if made.L is not None else "unknown",
        "x*": "known" if made.x_star is not None else "unknown",
        "constants": [
            {"name": key, "value": one.value, "kind": one.kind, "source": one.source}
            for key, one in constants.items()
            if one is not None
        ],
        "parameters": _parameters("problem", family),
    }


def _optimizer(name: str, family: str) -> dict[str, Any]:
    from gdbench import registry

    made = registry.optimizer(name)
    return {
        "name": made.name,
        "what": "optimizer",
        "about": _about("optimizer", family),
        "source": made.source,
        "memory": _vectors(made.memory) if isinstance(made.memory, int) else "vectors for what the problem has",
        "gradients": "exact" if made.sampling is None else f"sampled: {made.sampling}",
        "judged at": "the iterate; the gradient is taken ahead of it" if made.ahead else "the query point",
        "parameters": _parameters("optimizer", family),
        "theorems": list(made.theorems),
    }


def _vectors(count: int) -> str:
    return f"{count} vector{'s' * (count != 1)}"


def _schedule(name: str, family: str) -> dict[str, Any]:
    from gdbench import registry

    made = registry.schedule(name)
    grows = {True: "grows without bound", False: "stays finite", None: "unknown"}
    return {
        "name": made.name,
        "what": "schedule",
        "about": _about("schedule", family),
        "source": made.source,
        "sum of steps": grows[made.sum_diverges],
        "sum of their squares": grows[None if made.squares_converge is None else not made.squares_converge],
        "parameters": _parameters("schedule", family),
    }


def _sampling(name: str, family: str) -> dict[str, Any]:
    from gdbench import registry

    made = registry.sampling(name)
    return {
        "name": made.name,
        "what": "sampling",
        "about": _about("sampling", family),
        "source": made.source,
        "draws": "a number for each coordinate" if made.by_coordinate else "samples of the problem",
        "parameters": _parameters("sampling", family),
    }


def _theorem(name: str) -> dict[str, Any]:
    from gdbench.theory import theorem

    found = theorem(name)
    return {
        "name": found.id,
        "what": "theorem",
        "about": found.statement,
        "bounds": found.quantity,
        "kind": found.kind,
        "tight": found.tight,
        "source": found.source,
        "needs": list(found.needs),
        "closed form": found.closed is not None,
    }


def _suite(name: str) -> dict[str, Any]:
    from gdbench.suite import load

    found = load(name)
    return {
        "name": found.name,
        "what": "suite",
        "about": found.title,
        "claims": [claim.id for claim in found.claims],
        "cells": [
            {"optimizer": cell.optimizer, "problem": cell.problem, "iterations": cell.iterations}
            for cell in found.cells
        ],
    }


def _text(facts: dict[str, Any]) -> str:
    from gdbench.verbs.words import columns

    parts = [f"{facts['name']} ({facts['what']})\n{facts['about']}"]
    rest = {key: value for key, value in facts.items() if key not in ("name", "what", "about")}
    lines = [
        [f"{key}:", ", ".join(value) if isinstance(value, list) else _shown(value)]
        for key, value in rest.items()
        if not _is_table(value) and value != []
    ]
    if lines:
        parts.append(columns(lines))
    for key, rows in rest.items():
        if _is_table(rows):
            header = list(rows[0])
            parts.append(f"{key}\n" + table([header, *([_shown(row[name]) for name in header] for row in rows)], "  "))
    return "\n\n".join(parts)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, float) else str(value)
