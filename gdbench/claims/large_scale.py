"""Claims about the tricks of large-scale training, measured on small work: few digits and sharded state."""

from __future__ import annotations

import numpy as np

from gdbench import registry
from gdbench.claims.claim import Claim, Finding, Runs
from gdbench.claims.rates import at

FAR = "plateau[start=1000]"
SMALL = "beta=0,alpha=100000000"
UNSCALED, SCALED = (f"mixed_precision[scaling={scaling},{SMALL}]" for scaling in ("none", "dynamic"))
BRAIN = f"mixed_precision[format=bfloat16,scaling=none,{SMALL}]"
ONES = "quadratic[kappa=10,dim=3,start=ones]"
SLOW = "alpha=0.001/L"
SWALLOWED, KEPT = (
    f"mixed_precision[format=bfloat16,master={master},scaling=none,{SLOW},beta=0]" for master in ("false", "true")
)
DOUBLE = f"gradient_descent[{SLOW}]"
NETWORK = "mlp"
UNSHARDED = "adam[alpha=0.01,sampling=batches[parts=4]]"
SHARDED = tuple(f"sharded_adam[alpha=0.01,stage={stage}]" for stage in (1, 2, 3))


def underflow(runs: Runs) -> Finding:
    moved = {
        name: 1000.0 - float(runs(one, FAR).trajectory["x0"][-1])
        for name, one in (("unscaled", UNSCALED), ("scaled", SCALED), ("bfloat16", BRAIN))
    }
    figure = (
        f"gradients of 2e-9: float16 rounds them to 0 and x moves by {moved['unscaled']:g} in 500 steps, by "
        f"{moved['scaled']:.2f} with dynamic loss scaling and by {moved['bfloat16']:.2f} in bfloat16"
    )
    as_said = moved["unscaled"] == 0.0 and min(moved["scaled"], moved["bfloat16"]) > 50.0
    return Finding("confirmed" if as_said else "refuted", figure, moved)


def swallowed(runs: Runs) -> Finding:
    left = {
        name: at(run, "f", 2000) / at(run, "f", 0)
        for name, run in (
            *(("bfloat16", runs(SWALLOWED, ONES)), ("master", runs(KEPT, ONES))),
            ("float64", runs(DOUBLE, ONES)),
        )
    }
    figure = (
        f"steps of 0.001/L: weights kept in bfloat16 alone swallow every update ({left['bfloat16']:.3f} of the gap is "
        f"left after 2000), with a master copy {left['master']:.4f}, in float64 {left['float64']:.4f}"
    )
    as_said = left["bfloat16"] == 1.0 and left["float64"] < 0.5 and abs(left["master"] / left["float64"] - 1.0) < 1e-3
    return Finding("loose" if as_said else "refuted", figure, left)


def sharding(runs: Runs) -> Finding:
    whole, *sharded = (runs(one, NETWORK) for one in (UNSHARDED, *SHARDED))
    same = all(np.array_equal(run.trajectory["f"], whole.trajectory["f"]) for run in sharded)
    share = [float(sum(run.summary["report"]["floats per worker"].values())) for run in sharded]
    n = registry.problem(NETWORK).n
    said = ", ".join(f"stage {stage}: {one / n:.2f}" for stage, one in enumerate(share, 1))
    figure = (
        f"Adam by 4 workers on a network of {n} parameters: the bits of one worker{'' if same else ' differ'}; numbers "
        f"held per worker and parameter, 4 without shards: {said}"
    )
    moved = float(whole.trajectory["f"][-1]) < 0.5 * float(whole.trajectory["f"][0])
    as_said = same and moved and 4.0 * n > share[0] > share[1] > share[2]
    values = dict(zip(("stage_1", "stage_2", "stage_3"), share, strict=True))
    return Finding("confirmed" if as_said else "refuted", figure, values)


CLAIMS = (
    Claim(
        id="mixed-scaling",
        section="tips 5",
        says="mixed precision (float16, bfloat16) trains: float16 with its gradients scaled",
        expects="confirmed",
        cells=tuple((one, FAR) for one in (UNSCALED, SCALED, BRAIN)),
        measure=underflow,
    ),
    Claim(
        id="mixed-master",
        section="tips 5",
        says="weights and gradients can be kept in 16 bits",
        expects="loose",
        cells=((SWALLOWED, ONES), (KEPT, ONES), (DOUBLE, ONES)),
        measure=swallowed,
    ),
    Claim(
        id="sharding",
        section="tips 5",
        says="sharded optimizers (ZeRO) make room for large models",
        expects="confirmed",
        cells=tuple((one, NETWORK) for one in (UNSHARDED, *SHARDED)),
        measure=sharding,
    ),
)
