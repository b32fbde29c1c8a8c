"""The only room with numba in it: contract, lanes, maths, rounding, draws, products, the driver and the disk cache."""

from gdbench.kernel.contract import (
    BOXES,
    COMPILED,
    batch,
    box_data,
    box_pair,
    box_state,
    compiled_anew,
    helper,
    inlined,
    no_sampler,
    oracle,
    plain_boxes,
    prepare,
    product,
    role,
    sample,
    schedule,
    step,
    value,
)
from gdbench.kernel.draws import below, seed_draws, uniform
from gdbench.kernel.driver import COLUMNS, descend
from gdbench.kernel.lanes import dist2, dot, total
from gdbench.kernel.maths import cos, exp, log1p, power, sin, tanh
from gdbench.kernel.plain import plain
from gdbench.kernel.products import combine_rows
from gdbench.kernel.rounding import FORMATS, Format, rounded, to_float32

__all__ = [
    "BOXES",
    "COLUMNS",
    "COMPILED",
    "FORMATS",
    "Format",
    "batch",
    "below",
    "box_data",
    "box_pair",
    "box_state",
    "combine_rows",
    "compiled_anew",
    "cos",
    "descend",
    "dist2",
    "dot",
    "exp",
    "helper",
    "inlined",
    "log1p",
    "no_sampler",
    "oracle",
    "plain",
    "plain_boxes",
    "power",
    "prepare",
    "product",
    "role",
    "rounded",
    "sample",
    "schedule",
    "seed_draws",
    "sin",
    "step",
    "tanh",
    "to_float32",
    "total",
    "uniform",
    "value",
]
