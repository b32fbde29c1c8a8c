"""`gdbench export`: all stored trajectories as one tidy table."""

from __future__ import annotations

from pathlib import Path

import click

from gdbench.errors import BadInput
from gdbench.verbs.options import json_option, print_json, store_option


@click.command("export")
@click.option("--csv", type=click.Path(path_type=Path), metavar="FILE", help="Write a CSV file.")
@click.option("--parquet", type=click.Path(path_type=Path), metavar="FILE", help="Write Parquet (needs pyarrow).")
@store_option("Where results are kept.")
@json_option
def command(csv: Path | None, parquet: Path | None, store: Path, as_json: bool) -> None:
    """Write a row for each stored iteration of each run, in an order and in bytes that depend on the results alone."""
    if csv is None and parquet is None:
        raise BadInput("Say where to: --csv FILE or --parquet FILE.")
    from gdbench.export import to_csv, to_parquet
    from gdbench.store import Store

    with Store(store, write=False) as results:
        written = []
        if csv is not None:
            written.append({"file": str(csv), "rows": to_csv(results.results(), csv)})
        if parquet is not None:
            written.append({"file": str(parquet), "rows": to_parquet(results.results(), parquet)})
    if as_json:
        print_json("export", {"files": written})
    else:
        for one in written:
            click.echo(f"{one['file']}: {one['rows']} rows")
