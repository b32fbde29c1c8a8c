"""`gdbench report`: what the default suite's runs say, for people, for git, and for a browser."""

from __future__ import annotations

from pathlib import Path

import click

from gdbench.verbs.options import json_option, print_json, store_option


@click.command("report")
@store_option("Where the results are.")
@click.option(
    *("--output", "output"),
    type=click.Path(path_type=Path),
    default=Path("reports"),
    show_default=True,
    metavar="FOLDER",
    help="Where the report goes.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, store: Path, output: Path, as_json: bool) -> None:
    """Write claims, figures and verdicts of the suite `lecture`, from a store that `gdbench run` has filled.

    convergence.md, figures with a text and a table each, and metrics.csv, whose lines git compares.
    """
    from gdbench.report.build import build
    from gdbench.report.record import read
    from gdbench.report.write import writing
    from gdbench.store import Store

    with Store(store, write=False) as results:
        record = read(results)
    with writing(output) as put:
        files = put(build(record))
    rows = record.rows
    if as_json:
        tables = {"runs": rows.runs, "verdicts": rows.verdicts, "claims": rows.claims}
        print_json("report", {"files": [str(path) for path in files], **tables})
    else:
        counts = f"{len(rows.claims)} claims, {len(rows.runs)} runs, {len(rows.verdicts)} verdicts"
        state = "all as expected" if rows.as_expected else "not all as expected"
        click.echo(f"{len(files)} files in {output}: {counts}, {state}.")
    ctx.exit(0 if rows.as_expected else 1)
