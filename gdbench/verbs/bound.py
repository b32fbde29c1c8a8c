"""`gdbench bound`: what a theorem promises at k."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import click

from gdbench.errors import BadInput, unknown
from gdbench.verbs.options import json_option, print_json


@click.command("bound")
@click.argument("words", nargs=-1, required=True, metavar="THEOREM [NAME=VALUE]...")
@click.option("-k", type=click.IntRange(min=1), required=True, help="The iteration.")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A value the bound needs; more may follow.")
@json_option
def command(words: Sequence[str], k: int, given: Sequence[str], as_json: bool) -> None:
    """Evaluate the bound of THEOREM at iteration K.

    As in: gdbench bound gd_convex_tight -k 10 --set L=1 R2=1 alpha=1. `gdbench info THEOREM` says what it needs.
    """
    names = [word for word in words if "=" not in word]
    if len(names) != 1:
        given_names = " and ".join(map(repr, names)) or "none"
        raise BadInput(f"Name one theorem, as in `gdbench bound gd_convex_tight -k 10 --set L=1`, not {given_names}.")
    values = _values([*given, *(word for word in words if "=" in word)])
    value = evaluate(names[0], k, values)
    if as_json:
        print_json("bound", {"theorem": names[0], "k": k, "values": values, "bound": value})
    else:
        click.echo(repr(value))


def evaluate(name: str, k: int, values: dict[str, float]) -> float:
    """The bound at k; `BadInput` says which value is missing, unknown or out of range."""
    import numpy as np

    from gdbench.theory import theorem

    found = theorem(name)
    if found.closed is None:
        raise BadInput(f"{name} has no closed form: it compares each step with the one before.")
    for key in values:
        if key not in found.needs:
            raise unknown(f"value of {name}", key, found.needs)
    missing = [key for key in found.needs if key not in values]
    if missing:
        add = " ".join(f"{key}=…" for key in missing)
        raise BadInput(f"{name} needs {', '.join(found.needs)}: add {add} to --set.")
    if values.get("mu", 0.0) > values.get("L", math.inf):
        mu, L = values["mu"], values["L"]
        raise BadInput(f"mu={mu:g} is above L={L:g}: the nearest valid value is mu={L:g}.")
    value = float(found.bound(np.array([float(k)]), values)[0])
    if math.isnan(value):
        raise BadInput(f"{name} says nothing for these values: `gdbench info {name}` states when it holds.")
    return value


def _values(texts: Iterable[str]) -> dict[str, float]:
    values: dict[str, float] = {}
    for text in texts:
        name, equals, number = (part.strip() for part in text.partition("="))
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not (equals and name and math.isfinite(value) and value >= 0):
            raise BadInput(f"{text!r} cannot be used: write NAME=VALUE with a finite number >= 0, such as L=1.")
        if name in values:
            raise BadInput(f"{name} is given twice: give it once.")
        values[name] = value
    return values
