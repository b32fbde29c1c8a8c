"""Options that verbs share, and how they write."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")

plugin_option = click.option(
    "--plugin", type=click.Path(path_type=Path), metavar="FILE", help="A Python file that defines one more of them."
)


def store_option(about: str) -> Callable[..., Any]:
    """--store FILE."""
    default = Path(".gdbench") / "results.sqlite"
    return click.option("--store", type=click.Path(path_type=Path), default=default, show_default=True, help=about)


def print_json(verb: str, fields: Mapping[str, Any]) -> None:
    """The one document of a verb, strict JSON: NaN and infinities are null."""
    document = {"schema": 1, "verb": verb, **_strict(fields)}
    click.echo(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1))


def _strict(value: Any) -> Any:
    """A value for strict JSON: NaN and infinities become null, mappings and sequences are walked."""
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if hasattr(value, "tolist"):
        return _strict(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def number(value: float | None) -> str:
    """A number in six digits; empty for NaN."""
    return "" if value is None or math.isnan(value) else f"{value:.6g}"


def table(rows: Sequence[Sequence[str]], indent: str = "") -> str:
    """Left-aligned columns, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    lines = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(f"{indent}{line}".rstrip() for line in lines)
