"""Sums over eight explicit lanes: as fast as reassociated code, with one order of additions on every machine.

Whole blocks of eight are added lane by lane, the lanes as ((0+4)+(2+6)) + ((1+5)+(3+7)), and the last n mod 8 terms in
order. The compiled form emits <8 x double> operations (Numba leaves LLVM's SLP pass off, so eight scalar accumulators
would stay scalar); the plain form does the same additions, bit for bit.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
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


def _observed(builder: Any, g: Any, x: Any, x_star: Any, before: Any, _now: Any) -> list[Any]:
    differences = [_square_of_difference(builder, x, other) for other in (x_star, before)]
    return [builder.fmul(g, g), *differences]


def _pointers(context: Any, builder: Any, types: Any, values: Any) -> tuple[Any, list[Any]]:
    arrays = [context.make_array(kind)(context, builder, value) for kind, value in zip(types, values, strict=True)]
    return arrays[0].nitems, [array.data for array in arrays]


def _lane_sums(builder: Any, length: Any, pointers: Any, terms: Any, count: int, after: Any = None) -> list[Any]:
    """The `count` sums of what `terms` makes of the elements, in one pass; `after` may store what was loaded."""
    blocks = builder.and_(length, ir.Constant(_INT, -LANES))
    results = [cgutils.alloca_once_value(builder, ir.Constant(_DOUBLE, 0.0)) for _ in range(count)]
    with builder.if_then(builder.icmp_signed(">", blocks, ir.Constant(_INT, 0))):
        lanes = [cgutils.alloca_once_value(builder, ir.Constant(_LANES, [0.0] * LANES)) for _ in range(count)]
        for lane in lanes:
            builder.store(ir.Constant(_LANES, [0.0] * LANES), lane)
        with cgutils.for_range_slice(builder, ir.Constant(_INT, 0), blocks, ir.Constant(_INT, LANES)) as (index, _):
            places = [builder.bitcast(builder.gep(pointer, [index]), _LANES.as_pointer()) for pointer in pointers]
            _accumulate(builder, places, terms, lanes, after, 8)
        for lane, result in zip(lanes, results, strict=True):
            builder.store(_fold(builder, builder.load(lane)), result)
    with cgutils.for_range_slice(builder, blocks, length, ir.Constant(_INT, 1)) as (index, _):
        places = [builder.gep(pointer, [index]) for pointer in pointers]
        _accumulate(builder, places, terms, results, after, None)
    return [builder.load(result) for result in results]


def _accumulate(builder: Any, places: Any, terms: Any, sums: Any, after: Any, align: int | None) -> None:
    loaded = [builder.load(place, align=align) for place in places]
    for term, held in zip(terms(builder, *loaded), sums, strict=True):
        builder.store(builder.fadd(builder.load(held), term), held)
    if after is not None:
        source, target = after
        builder.store(loaded[source], places[target], align=align)


def _fold(builder: Any, lanes: Any) -> Any:
    s = [builder.extract_element(lanes, ir.Constant(ir.IntType(32), i)) for i in range(LANES)]
    even = builder.fadd(builder.fadd(s[0], s[4]), builder.fadd(s[2], s[6]))
    odd = builder.fadd(builder.fadd(s[1], s[5]), builder.fadd(s[3], s[7]))
    return builder.fadd(even, odd)


def _one_sum(term: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        length, pointers = _pointers(context, builder, signature.args, values)
        return _lane_sums(builder, length, pointers, lambda build, *loaded: [term(build, *loaded)], 1)[0]

    return emit


@intrinsic  # type: ignore[untyped-decorator]
def _dot(typing: Any, a: Any, b: Any) -> Any:
    return f64(a, b), _one_sum(_product)


@intrinsic  # type: ignore[untyped-decorator]
def _dist2(typing: Any, a: Any, b: Any) -> Any:
    return f64(a, b), _one_sum(_square_of_difference)


@intrinsic  # type: ignore[untyped-decorator]
def _total(typing: Any, a: Any) -> Any:
    return f64(a), _one_sum(lambda builder, element: element)


@intrinsic  # type: ignore[untyped-decorator]
def _observe(typing: Any, g: Any, x: Any, x_star: Any, trace: Any, before: Any, now: Any) -> Any:
    answer = types.UniTuple(f64, 3)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        length, pointers = _pointers(context, builder, signature.args[:3], values[:3])
        _, (first,) = _pointers(context, builder, signature.args[3:4], values[3:4])
        rows = [builder.gep(first, [builder.mul(row, length)]) for row in values[4:]]
        sums = _lane_sums(builder, length, [*pointers, *rows], _observed, 3, after=(1, 4))
        return context.make_tuple(builder, answer, sums)

    return answer(g, x, x_star, trace, before, now), emit


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


def plain_observe(g: Any, x: Any, x_star: Any, trace: Any, before: int, now: int) -> tuple[float, float, float]:
    """`observe` in plain Python."""
    sums = plain_dot(g, g), plain_dist2(x, x_star), plain_dist2(x, trace[before])
    trace[now] = x
    return sums


@inlined
def _compiled_dot(a, b):  # type: ignore[no-untyped-def]
    return _dot(a, b)


@inlined
def _compiled_dist2(a, b):  # type: ignore[no-untyped-def]
    return _dist2(a, b)


@inlined
def _compiled_total(a):  # type: ignore[no-untyped-def]
    return _total(a)


@inlined
def _compiled_observe(g, x, x_star, trace, before, now):  # type: ignore[no-untyped-def]
    return _observe(g, x, x_star, trace, before, now)


#: dot(a, b): the inner product of two vectors of shape (n,).
dot = _compiled_dot if COMPILED else plain_dot
#: dist2(a, b): the squared distance of two vectors of shape (n,).
dist2 = _compiled_dist2 if COMPILED else plain_dist2
#: total(a): the sum of a vector of shape (n,).
total = _compiled_total if COMPILED else plain_total
#: observe(g, x, x_star, trace, before, now): ||g||^2, ||x - x_star||^2 and ||x - trace[before]||^2 in one pass, which
#: also copies x to trace[now].
observe = _compiled_observe if COMPILED else plain_observe
