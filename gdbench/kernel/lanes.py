"""Sums over eight explicit lanes: as fast as reassociated code, with one order of additions on every machine.

Whole blocks of eight are added lane by lane, the lanes as ((0+4)+(2+6)) + ((1+5)+(3+7)), and the last n mod 8 terms in
order. The compiled form emits <8 x double> operations (Numba leaves LLVM's SLP pass off, so eight scalar accumulators
would stay scalar); the plain form does the same additions, bit for bit.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

from gdbench.kernel.contract import COMPILED, f64, inlined

LANES = 8
_DOUBLE = ir.DoubleType()
_LANES = ir.VectorType(_DOUBLE, LANES)
_INT = ir.IntType(64)


def _product(builder: Any, a: Any, b: Any) -> Any:
    return builder.fmul(a, b)


def _square_of_difference(builder: Any, a: Any, b: Any) -> Any:
    difference = builder.fsub(a, b)
    return builder.fmul(difference, difference)


def _lane_sum(context: Any, builder: Any, types: Any, values: Any, term: Any) -> Any:
    arrays = [context.make_array(kind)(context, builder, value) for kind, value in zip(types, values, strict=True)]
    length = arrays[0].nitems
    pointers = [array.data for array in arrays]
    blocks = builder.and_(length, ir.Constant(_INT, -LANES))
    result = cgutils.alloca_once_value(builder, ir.Constant(_DOUBLE, 0.0))
    with builder.if_then(builder.icmp_signed(">", blocks, ir.Constant(_INT, 0))):
        builder.store(_lanes_of_blocks(builder, pointers, blocks, term), result)
    with cgutils.for_range_slice(builder, blocks, length, ir.Constant(_INT, 1)) as (index, _):
        loaded = [builder.load(builder.gep(pointer, [index])) for pointer in pointers]
        builder.store(builder.fadd(builder.load(result), term(builder, *loaded)), result)
    return builder.load(result)


def _lanes_of_blocks(builder: Any, pointers: Any, blocks: Any, term: Any) -> Any:
    lanes = cgutils.alloca_once(builder, _LANES)
    builder.store(ir.Constant(_LANES, [0.0] * LANES), lanes)
    with cgutils.for_range_slice(builder, ir.Constant(_INT, 0), blocks, ir.Constant(_INT, LANES)) as (index, _):
        loaded = []
        for pointer in pointers:
            place = builder.bitcast(builder.gep(pointer, [index]), _LANES.as_pointer())
            loaded.append(builder.load(place, align=8))
        builder.store(builder.fadd(builder.load(lanes), term(builder, *loaded)), lanes)
    summed = builder.load(lanes)
    s = [builder.extract_element(summed, ir.Constant(ir.IntType(32), i)) for i in range(LANES)]
    even = builder.fadd(builder.fadd(s[0], s[4]), builder.fadd(s[2], s[6]))
    odd = builder.fadd(builder.fadd(s[1], s[5]), builder.fadd(s[3], s[7]))
    return builder.fadd(even, odd)


@intrinsic  # type: ignore[untyped-decorator]
def _dot(typing: Any, a: Any, b: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _lane_sum(context, builder, signature.args, values, _product)

    return f64(a, b), emit


@intrinsic  # type: ignore[untyped-decorator]
def _dist2(typing: Any, a: Any, b: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _lane_sum(context, builder, signature.args, values, _square_of_difference)

    return f64(a, b), emit


@intrinsic  # type: ignore[untyped-decorator]
def _total(typing: Any, a: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _lane_sum(context, builder, signature.args, values, lambda _builder, element: element)

    return f64(a), emit


def _plain_lane_sum(terms: list[float]) -> float:
    blocks = len(terms) // LANES * LANES
    result = 0.0
    if blocks:
        s = [0.0] * LANES
        for i in range(blocks):
            s[i % LANES] += terms[i]
        result = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
    for i in range(blocks, len(terms)):
        result += terms[i]
    return result


def plain_dot(a: Any, b: Any) -> float:
    """`dot` in plain Python."""
    return _plain_lane_sum([float(a[i]) * float(b[i]) for i in range(len(a))])


def plain_dist2(a: Any, b: Any) -> float:
    """`dist2` in plain Python."""
    return _plain_lane_sum([(float(a[i]) - float(b[i])) * (float(a[i]) - float(b[i])) for i in range(len(a))])


def plain_total(a: Any) -> float:
    """`total` in plain Python."""
    return _plain_lane_sum([float(a[i]) for i in range(len(a))])


@inlined
def _compiled_dot(a, b):  # type: ignore[no-untyped-def]
    return _dot(a, b)


@inlined
def _compiled_dist2(a, b):  # type: ignore[no-untyped-def]
    return _dist2(a, b)


@inlined
def _compiled_total(a):  # type: ignore[no-untyped-def]
    return _total(a)


#: dot(a, b): the inner product of two vectors of shape (n,).
dot = _compiled_dot if COMPILED else plain_dot
#: dist2(a, b): the squared distance of two vectors of shape (n,).
dist2 = _compiled_dist2 if COMPILED else plain_dist2
#: total(a): the sum of a vector of shape (n,).
total = _compiled_total if COMPILED else plain_total
