"""The only room with numba in it: contract, lanes, maths, draws, matrix products, the driver and the disk cache."""

from gdbench.kernel.contract import (
    COMPILED,
    box_data,
    box_pair,
    box_state,
    helper,
    inlined,
    oracle,
    prepare,
    product,
    role,
    schedule,
    step,
    value,
)
from gdbench.kernel.driver import COLUMNS, descend
from gdbench.kernel.lanes import dist2, dot, total
from gdbench.kernel.products import combine_rows

__all__ = [
    "COLUMNS",
    "COMPILED",
    "box_data",
    "box_pair",
    "box_state",
    "combine_rows",
    "descend",
    "dist2",
    "dot",
    "helper",
    "inlined",
    "oracle",
    "prepare",
    "product",
    "role",
    "schedule",
    "step",
    "total",
    "value",
]
