"""How far verdicts can be trusted: `python tests/validity/report.py` writes reports/validity.md.

It may be stopped and started again: blocks of instances and bugs that are done are kept in .gdbench/validity.jsonl,
under a digest of all sources, so that an edit begins anew. Two processes; about 8 minutes on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # planted is a package beside this folder

import matrix
import study

from gdbench.audit.battery import checks
from gdbench.kernel.cache import source_digest

PLACE = Path("reports") / "validity.md"
KEPT = Path(".gdbench") / "validity.jsonl"
INSTANCES, BLOCK = 10_000, 100


def main() -> None:
    """Do what is not done yet, then write the page."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=PLACE)
    arguments.add_argument("--kept", type=Path, default=KEPT)
    arguments.add_argument("--processes", type=int, default=2)
    given = arguments.parse_args()
    names = [
        *(f"instances {first}" for first in range(0, INSTANCES, BLOCK)),
        *(f"bug {name}" for name in matrix.bugs()),
    ]
    done = kept(given.kept)
    todo = [name for name in names if name not in done]
    given.kept.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(given.processes) as pool, given.kept.open("a") as file:
        waiting = {pool.submit(work, name): name for name in todo}
        for future in as_completed(waiting):
            name = waiting[future]
            done[name] = future.result()
            file.write(json.dumps([digest(), name, done[name]]) + "\n")
            file.flush()
            print(f"\r{len(done)} of {len(names)}", end="", file=sys.stderr)
    given.out.write_text(page([done[name] for name in names if name.startswith("instances")],
                              {name[4:]: done[name] for name in names if name.startswith("bug")}))  # fmt: skip


def digest() -> str:
    """Changes with any source that a figure of the page depends on."""
    files = sorted(
        path for path in Path(__file__).parents[1].rglob("*.py") if path.parent.name in ("validity", "planted")
    )
    return hashlib.sha256(b"\0".join([source_digest().encode(), *(path.read_bytes() for path in files)])).hexdigest()[
        :16
    ]


def kept(file: Path) -> dict[str, object]:
    """What was done under the present sources."""
    if not file.exists():
        return {}
    lines = [line for line in file.read_text().splitlines() if line.endswith("]")]  # the last may be cut short
    return {name: found for under, name, found in map(json.loads, lines) if under == digest()}


def work(name: str) -> object:
    """One block of instances, or one bug."""
    kind, _, which = name.partition(" ")
    if kind == "instances":
        return study.block(int(which), BLOCK)
    return matrix.reds(matrix.bugs()[which])


def page(blocks, bugs) -> str:
    """The report as Markdown."""
    total: dict[str, study.Counts] = {}
    for block in blocks:
        for name, counts in block.items():
            total.setdefault(name, study.Counts()).add(study.Counts(**counts))
    everything = study.Counts()
    for counts in total.values():
        everything.add(counts)
    rows = [_instances(name, counts) for name, counts in sorted(total.items())] + [_instances("all", everything)]
    plants = [_plants(name, counts) for name, counts in sorted(total.items())] + [_plants("all", everything)]
    return TEXT.format(
        instances="\n".join(rows),
        alarms="\n".join(f"- {alarm}" for alarm in everything.alarmed) or "None.",
        plants="\n".join(plants),
        matrix=_matrix(bugs),
        summary=_summary(bugs),
        equivalent="\n".join(f"- {name}: {reason}" for name, reason in matrix.equivalent().items()),
    )


def _instances(name, counts) -> str:
    share = counts.resolvable / counts.checks
    return f"| {name} | {counts.instances:,} | {counts.checks:,} | {100 * share:.1f} % | {counts.alarms} |"


def _plants(name, counts) -> str:
    cells = [f"{found} | {told} | {seen}" for found, told, seen in counts.plants.values()]
    return f"| {name} | {' | '.join(cells)} |"


def _matrix(bugs) -> str:
    columns = [matrix.NAMED, *checks()]
    head = f"| bug | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}"
    lines = [
        f"| {name} | {' | '.join('x' if c in _seen(found) else '' for c in columns)} |" for name, found in bugs.items()
    ]
    clean = {c: sum(c in found["registry"] for found in bugs.values()) for c in columns}
    return "\n".join([head, f"| no bug ({len(bugs)} cells) | {' | '.join(str(clean[c]) for c in columns)} |", *lines])


def _seen(found) -> list[str]:
    """What is red with a bug and not without it."""
    return [check for check in found["with"] if check not in found["without"]]


def _summary(bugs) -> str:
    audit = sum(any(check != matrix.NAMED for check in _seen(found)) for found in bugs.values())
    some = sum(bool(_seen(found)) for found in bugs.values())
    alarms = sum(len(found["registry"]) for found in bugs.values())
    lines = [
        f"{len(bugs)} bugs: {some} are seen by some check, {audit} by one of the audit; {alarms} red without a bug."
    ]
    for name, found in bugs.items():
        if found["without"]:
            reds = " and ".join(found["without"])
            lines.append(
                f"The problem of `{name}` is wrong on purpose, bug or not: {reds} is red, and not counted here."
            )
    return "\n\n".join(lines)


TEXT = """\
# How far verdicts can be trusted

`python tests/validity/report.py` writes this page.

## Random instances

Quadratics, sums of Huber's functions and of log cosh, whose constants are known by construction: L from 1e-3 to 1e3,
kappa up to 1e4, ||x*|| up to 1e3, |f*| up to 1e5, distances of the start from 1e-3 to 1e2; two fifths of
them lie away from the origin. A check is one theorem at one iterate; it is resolvable where rounding is allowed at most
1 % of the bound.

| method | instances | checks | resolvable | false alarms |
|---|---|---|---|---|
{instances}

False alarms:

{alarms}

## Planted violations

Where a bound is attained, what attains it is raised by 1 % (by 0.01 %) in the record of the run, and the run is judged
again. A plant can be told where rounding is allowed at most half of it.

| method | 1 %: attained | can be told | seen | 0.01 %: attained | can be told | seen |
|---|---|---|---|---|---|---|
{plants}

## Planted bugs

Each bug is planted in one cell. `named` is the check that its test names (tests/planted); the others are those of
`gdbench audit`, on the same cell. x: the check is red.

{summary}

{matrix}

Mutants that compute the same, and are no bugs:

{equivalent}
"""

if __name__ == "__main__":
    main()
