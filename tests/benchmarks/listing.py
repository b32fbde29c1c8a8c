"""The names that benchmarks are made of, read from files: a problem, method or theorem is tracked by being there."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _modules(folder):
    return sorted(path.stem for path in (ROOT / folder).glob("*.py") if not path.stem.startswith("_"))


def _theorems(optimizer):
    """The texts in the tuple THEOREMS of a method's file, in its order."""
    for node in ast.parse((ROOT / "gdbench" / "optimizers" / f"{optimizer}.py").read_bytes()).body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        if any(isinstance(target, ast.Name) and target.id == "THEOREMS" for target in targets):
            leaves = [leaf for leaf in ast.walk(node.value) if isinstance(leaf, ast.Constant)]
            return [leaf.value for leaf in sorted(leaves, key=lambda leaf: (leaf.lineno, leaf.col_offset))]
    return []


def _scalings():
    suite = tomllib.loads((ROOT / "gdbench" / "suites" / "lecture.toml").read_text(encoding="utf-8"))
    return {f"{entry['optimizer']} on {entry['problem']}": entry for entry in suite["scaling"]}


PROBLEMS = _modules("problems")
OPTIMIZERS = _modules("gdbench/optimizers")
THEOREMS = {optimizer: _theorems(optimizer) for optimizer in OPTIMIZERS}
SCALINGS = _scalings()
