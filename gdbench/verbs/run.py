"""`gdbench run`: run a suite, or pairs, and compare with what is expected."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gdbench.errors import BadInput
from gdbench.verbs.options import json_option, plugin_option, print_json, store_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gdbench.evaluate import Report
    from gdbench.execute import Outcome
    from gdbench.store import Store


@click.command("run")
@click.argument("suite", required=False)
@click.option("-p", "--problem", "problems", multiple=True, metavar="PROBLEM", help="As in quadratic[dim=5].")
@click.option("-o", "--optimizer", "optimizers", multiple=True, metavar="OPTIMIZER", help="As in nesterov.")
@click.option("-n", "--iterations", type=click.IntRange(min=1), help="Updates per run; without SUITE.  [default: 1000]")
@click.option("-r", "--replicates", type=click.IntRange(min=1), help="Runs of each stochastic cell.  [default: 1]")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="What stochastic methods draw from.  [default: 0]")
@click.option("--tol", type=float, help="Stop once ||g|| is at most this; without SUITE.  [default: 0, off]")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Threads.  [default: one per core]")
@click.option("--timeout", type=float, help="Seconds per cell.  [default: none]")
@plugin_option
@store_option("Where results are kept; those of a plug-in are not.")
@click.option("--no-cache", is_flag=True, help="Run every cell, also those in the store, and store it afresh.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    suite: str | None,
    problems: tuple[str, ...],
    optimizers: tuple[str, ...],
    iterations: int | None,
    replicates: int | None,
    seed: int | None,
    tol: float | None,
    jobs: int | None,
    timeout: float | None,
    plugin: Path | None,
    store: Path,
    no_cache: bool,
    as_json: bool,
) -> None:
    """Run SUITE, or pairs of -o and -p, and judge every iterate.

    Without SUITE, -p and -o: the suite `lecture`. With -p or -o alone: every pair of those given (all optimizers, or
    all problems, where one of the two is missing). With SUITE they choose among its cells. SUITE may be a .toml file.
    """
    _check(suite, tol, timeout, plugin)
    pairs = suite is None and bool(problems or optimizers or plugin)
    for option, value in (("-n", iterations), ("--tol", tol)):
        if value is not None and not pairs:
            raise BadInput(f"A suite sets the budget of its cells: {option} goes with -p or -o, without SUITE.")
    if (replicates is not None or seed is not None) and not pairs:
        raise BadInput("A suite sets replicates and seeds of its cells: -r and --seed go with -p or -o, without SUITE.")
    settings: dict[str, object] = {
        "read": not no_cache,
        "jobs": jobs,
        "timeout": math.inf if timeout is None else timeout,
    }
    budget, chance = (iterations or 1000, tol or 0.0), (seed or 0, replicates or 1)
    if plugin is not None:
        report, outcome = _foreign(plugin, problems, optimizers, budget, chance, timeout)
        title = ""
    elif pairs:
        report, outcome = _pairs(problems, optimizers, budget, chance, store, settings)
        title = ""
    else:
        report, outcome, title = _suite(suite, problems, optimizers, store, settings)
    if plugin is None:
        from gdbench.explain import explained

        explained(report.verdicts, outcome.results)
    if as_json:
        print_json("run", {"runs": report.runs, "verdicts": report.verdicts, "claims": report.claims})
    else:
        from gdbench.verbs.words import render

        click.echo(render(report, title, outcome.loaded, outcome.ran))
    ctx.exit(0 if report.as_expected else 1)


def _check(suite: str | None, tol: float | None, timeout: float | None, plugin: Path | None) -> None:
    if timeout is not None and not (timeout > 0 and math.isfinite(timeout)):
        raise BadInput(f"--timeout {timeout:g} must be a number of seconds > 0, such as 60.")
    if tol is not None and not (tol >= 0 and math.isfinite(tol)):
        raise BadInput(f"--tol {tol:g} must be a number >= 0: 0 turns it off.")
    if plugin is not None and suite is not None:
        raise BadInput(f"The suite {suite} lists its cells: --plugin goes with -p or -o, without SUITE.")


def _suite(
    name: str | None, problems: Sequence[str], optimizers: Sequence[str], store: Path, settings: dict[str, object]
) -> tuple[Report, Outcome, str]:
    from gdbench import kept

    before = kept.sources()
    from gdbench import evaluate
    from gdbench.suite import DEFAULT, load

    wanted = load(name or DEFAULT)
    part = bool(problems or optimizers)
    if part:
        wanted = evaluate.filtered(wanted, problems, optimizers)
    with _open(store) as results:
        outcome = _execute(wanted.cells, results, settings)
        report = evaluate.suite(wanted, outcome.results)
        if wanted.name == DEFAULT and not part:
            kept.keep(results, before)
    return report, outcome, wanted.title


def _pairs(
    problems: Sequence[str],
    optimizers: Sequence[str],
    budget: tuple[int, float],
    chance: tuple[int, int],
    store: Path,
    settings: dict[str, object],
) -> tuple[Report, Outcome]:
    """budget is iterations and tolerance; chance is seed and replicates, which only a sampled cell has."""
    from gdbench import evaluate, registry
    from gdbench.run import Cell

    # Named selectors are built here, so that what is wrong with them is said before anything is touched.
    for what, texts in (("problem", problems), ("optimizer", optimizers)):
        for text in texts:
            getattr(registry, what)(text)
    sampled = [one for one in optimizers or registry.names("optimizer") if registry.optimizer(one).sampling is not None]
    if chance != (0, 1) and not sampled:
        click.echo("All of these methods are deterministic: one run each, -r and --seed change nothing.", err=True)
    cells = [
        Cell(optimizer, problem, *budget, 0.0, *(chance if optimizer in sampled else (0, 1)))
        for optimizer in optimizers or registry.names("optimizer")
        for problem in problems or registry.names("problem")
    ]
    named = len(problems) == 1 and len(optimizers) == 1
    if named:
        registry.optimizer(optimizers[0]).tune(registry.problem(problems[0]))
    with _open(store) as results:
        outcome = _execute(list(dict.fromkeys(cells)), results, {**settings, "named": named})
    return evaluate.pairs(outcome.results), outcome


def _foreign(
    file: Path,
    problems: Sequence[str],
    optimizers: Sequence[str],
    budget: tuple[int, float],
    chance: tuple[int, int],
    timeout: float | None,
) -> tuple[Report, Outcome]:
    from gdbench import evaluate
    from gdbench.foreign import ask, execute_apart, explained_apart
    from gdbench.run import Cell

    asked = ask(file, problems, optimizers)
    pairs = [(optimizer, problem) for optimizer in asked.optimizers for problem in asked.problems]
    cells = [Cell(*pair, *budget, 0.0, *chance) for pair in pairs]
    outcome = execute_apart(asked.plugin, cells, math.inf if timeout is None else timeout)
    report = evaluate.pairs(outcome.results)
    explained_apart(asked.plugin, report.verdicts, outcome.results)
    return report, outcome


def _open(path: Path) -> Store:
    from gdbench.store import Store

    return Store(path)


def _execute(cells: Sequence[object], store: Store, settings: dict[str, object]) -> Outcome:
    from gdbench.execute import execute
    from gdbench.store import Nondeterminism

    try:
        return execute(cells, store, **settings)  # type: ignore[arg-type]
    except Nondeterminism as error:
        raise click.ClickException(f"{error} Move the store away, or give another --store.") from error
