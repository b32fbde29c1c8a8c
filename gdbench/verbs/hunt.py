"""`gdbench hunt`: search a function class for the instance on which a method comes nearest to its bound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gdbench.errors import BadInput
from gdbench.verbs.options import json_option, number, print_json, table

if TYPE_CHECKING:
    from gdbench.hunt.family import Data
    from gdbench.hunt.hunt import Catch, Judged
    from gdbench.hunt.instance import Instance
    from gdbench.hunt.pep import Exact
    from gdbench.optimizer import Optimizer
    from gdbench.theory import Theorem

OUT = Path(".gdbench") / "hunt.json"


@click.command("hunt")
@click.argument("optimizer", required=False)
@click.option("--class", "class_name", metavar="CLASS", help="convex, strongly-convex or quadratic.")
@click.option("-k", type=click.IntRange(min=1, max=1000), help="The iteration that is made as bad as can be.")
@click.option("--theorem", metavar="ID", help="The bound to come near.  [default: the sharpest of the method]")
@click.option("--kappa", type=float, help="L/mu, where the class has a mu.  [default: 100]")
@click.option("--seed", type=click.IntRange(min=0), help="Where the search starts.  [default: 0]")
@click.option("--budget", type=click.IntRange(min=100), help="Runs at most.  [default: 16000]")
@click.option("--pep", is_flag=True, help="Also the exact worst case by PEPit (needs gdbench[pep]).")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help=f"Where it is kept.  [default: {OUT}]")
@click.option("--replay", type=click.Path(path_type=Path), metavar="FILE", help="Run a kept instance again; no search.")
@json_option
@click.pass_context
def command(ctx: click.Context, /, optimizer: str | None, replay: Path | None, as_json: bool, **given: Any) -> None:
    """Search CLASS for the function and start on which measured / bound of OPTIMIZER is largest at iteration K.

    As in: gdbench hunt gradient_descent --class convex -k 10. The search knows the class, not its worst case. Where no
    theorem binds the method, f(x_K) - f* is held against L ||x_0 - x*||^2 / 2. Exit status 1 if a theorem is violated.
    """
    if replay is not None:
        extra = [f"-{'-' * (name != 'k')}{name.removesuffix('_name')}" for name, value in given.items() if value]
        if optimizer is not None or extra:
            raise BadInput(f"--replay takes all from its file: leave {optimizer or extra[0]} out.")
        ctx.exit(_replay(replay, as_json))
    if optimizer is None:
        raise BadInput("Name an optimizer, as in `gdbench hunt gradient_descent --class convex -k 10`.")
    for option, name in (("--class", "class_name"), ("-k", "k")):
        if given[name] is None:
            raise BadInput(f"Say {option}, as in `gdbench hunt {optimizer} --class convex -k 10`.")
    ctx.exit(_hunt(optimizer, given, as_json))


def _hunt(name: str, given: dict[str, Any], as_json: bool) -> int:
    from gdbench.hunt.binding import chosen
    from gdbench.hunt.classes import function_class
    from gdbench.hunt.hunt import BUDGET, hunted, kept, strayed
    from gdbench.hunt.instance import write

    method, k, seed = _method(name), given["k"], given["seed"] or 0
    wanted = function_class(given["class_name"], given["kappa"])
    theorem = chosen(method, wanted, k, given["theorem"])
    exact = _exact(method, given, theorem)
    budget, path = given["budget"] or BUDGET, given["out"] or OUT
    catch = hunted(method, wanted, k, theorem, seed=seed, budget=budget)
    stray = strayed(catch, method, wanted, theorem, seed=seed, budget=budget)
    found = kept(stray or catch, method, wanted, theorem)
    write(path, found)
    failed = catch.violations > 0 or catch.judged.violated
    failed |= exact is not None and not exact.agrees(catch.judged.trial)
    if as_json:
        others = {"stray": stray and _document(stray, theorem), "exact": exact and exact.document()}
        kept_in = {"instance": found.document(), "file": str(path)}
        print_json("hunt", {**_document(catch, theorem), **others, **kept_in})
    else:
        head = f"{method.name} on {wanted.about}, ||x_0 - x*|| = 1, k = {k}, seed {seed}"
        click.echo("\n\n".join([head, *_parts(catch, theorem, stray, exact), _keeping(path, found)]))
    return 1 if failed else 0


def _method(name: str) -> Optimizer:
    from gdbench import registry

    method = registry.optimizer(name)
    if method.sampling is not None:
        raise BadInput(f"{name} samples its gradients: a hunt needs a method whose gradients are exact.")
    return method


def _exact(method: Optimizer, given: dict[str, Any], theorem: Theorem | None) -> Exact | None:
    if not given["pep"]:
        return None
    from gdbench.hunt.classes import function_class
    from gdbench.hunt.pep import worst_case

    return worst_case(method, function_class(given["class_name"], given["kappa"]), given["k"], theorem)


def _replay(path: Path, as_json: bool) -> int:
    from gdbench.hunt.binding import chosen
    from gdbench.hunt.hunt import judged
    from gdbench.hunt.instance import read

    found = read(path)
    method, problem = _method(found.optimizer), found.problem()
    theorem = chosen(method, found.wanted(), found.k, found.theorem) if found.theorem is not None else None
    again = judged(method, theorem, problem, found.k)
    same = (again.trial.measured, again.trial.bound) == (found.measured, found.bound)
    if as_json:
        print_json("hunt", {**_judged_document(again), "same": same, "instance": found.document(), "file": str(path)})
    else:
        before = "the same bits as in the file" if same else f"the file says {found.measured!r} and {found.bound!r}"
        head = f"{method.name} on {found.wanted().about}, k = {found.k}: {before}"
        click.echo("\n\n".join([head, *_run_parts(again, theorem, found.family, found.data)]))
    return 0 if same and not again.violated else 1


def _parts(catch: Catch, theorem: Theorem | None, stray: Catch | None, exact: Exact | None) -> list[str]:
    """The families, the best instance and its verdicts, the exact worst case, and what does not converge."""
    what = "largest measured/bound" if theorem is not None else "largest (f(x_k) - f*)/(L R2/2)"
    rows = [["family", "runs", what, "violations"]]
    for found in catch.founds:
        largest = f"{found.trial.ratio:.10g}" if found.data else "nothing was told"
        rows.append([found.family.about, str(found.runs), largest, str(found.violations)])
    parts = [table(rows, "  "), *_run_parts(catch.judged, theorem, catch.best.family.name, catch.best.data)]
    if exact is not None:
        parts.append(exact.sentence(catch.judged.trial))
    if stray is not None:
        head = f"Nor need it converge at all: a search at k = {stray.k} found an instance ({stray.best.family.about}):"
        parts.append(f"{head}\n  {stray.judged.fate.says}")
    return parts


def _run_parts(judged: Judged, theorem: Theorem | None, family: str, data: Data) -> list[str]:
    from gdbench.verbs.words import wrapped

    trial = judged.trial
    place = f"at k = {trial.k}: measured {trial.measured:.12g}"
    if theorem is None:
        ratio = f"{trial.ratio:.10g} of L R2/2 = {trial.bound:.12g}"
        first = f"No theorem binds the method on this class: it is at least this bad\n  {place}, {ratio}"
    else:
        mark = "VIOLATED " if judged.trial.violated else ""
        tight = ", which is tight" if theorem.tight else ""
        bound = f"bound {trial.bound:.12g}{tight}: {trial.ratio:.12g} of it"
        first = f"{mark}{theorem.id}: {theorem.statement}\n  {place}, {bound}"
    shape = "; ".join(f"{name} {_rounded(array)}" for name, array in data.items())
    lines = [first, f"  in the long run it {judged.fate.says}", wrapped(f"  the instance ({family}): ", shape)]
    told = [verdict for verdict in judged.verdicts if verdict.outcome != "not applicable"]
    if told:
        shown = ", ".join(f"{one.theorem} {one.outcome}{_tightness(one.tightness)}" for one in told)
        lines.append(wrapped("  all its theorems there: ", shown))
    return ["\n".join(lines)]


def _rounded(array: Any) -> str:
    return f"{array:.6g}" if array.ndim == 0 else f"[{', '.join(map(_rounded, array))}]"


def _tightness(value: float) -> str:
    text = number(value)
    return f" ({text})" if text else ""


def _keeping(path: Path, found: Instance) -> str:
    return f"Kept in {path}, k = {found.k}: `gdbench hunt --replay {path}` runs it again, to the bit."


def _document(catch: Catch, theorem: Theorem | None) -> dict[str, Any]:
    rows = [
        {
            "family": found.family.name,
            "runs": found.runs,
            "ratio": found.trial.ratio if found.data else None,
            "violations": found.violations,
        }
        for found in catch.founds
    ]
    document = {"k": catch.k, "theorem": theorem and theorem.id, "tight": theorem is not None and theorem.tight}
    return {**document, "families": rows, "family": catch.best.family.name, **_judged_document(catch.judged)}


def _judged_document(judged: Judged) -> dict[str, Any]:
    trial = judged.trial
    verdicts = [{"theorem": one.theorem, "outcome": one.outcome, "tightness": one.tightness} for one in judged.verdicts]
    return {
        "measured": trial.measured,
        "bound": trial.bound,
        "ratio": trial.ratio,
        "violated": judged.violated,
        "fate": judged.fate.kind,
        "fate_says": judged.fate.says,
        "verdicts": verdicts,
    }
