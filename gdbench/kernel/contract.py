"""The kernel contract: what an oracle, a schedule and a step receive and return, and the decorators that mark them.

A kernel is an ordinary Python function marked with its role. Marking costs nothing: it is compiled when a run first
needs it, for the one signature of its role, and cached on disk. With ``NUMBA_DISABLE_JIT=1`` every kernel is plain
Python and computes the same bits.
"""

from __future__ import annotations

import threading
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import types
from numba.experimental import structref

from gdbench.kernel.cache import attach_cache

COMPILED = not numba.config.DISABLE_JIT

f64 = types.float64
i64 = types.int64
boolean = types.boolean
none = types.none
VECTOR = types.Array(f64, 1, "C")
MATRIX = types.Array(f64, 2, "C")
INTEGERS = types.Array(i64, 1, "C")

Function = Callable[..., Any]
_COMPILING = threading.RLock()
_ANEW = [0]


def helper(function: Function) -> Function:
    """A function that kernels call: compiled into its callers, strict IEEE arithmetic, no GIL."""
    return attach_cache(numba.njit(nogil=True, error_model="numpy")(function))  # type: ignore[no-any-return]


def inlined(function: Function) -> Function:
    """A helper whose code is copied into each caller: for a few operations at most."""
    return attach_cache(numba.njit(nogil=True, error_model="numpy", forceinline=True)(function))  # type: ignore[no-any-return]


def role(signature: Any) -> Callable[[Function], Function]:
    """A decorator for kernels of one signature."""

    def mark(function: Function) -> Function:
        kernel = helper(function)
        kernel.signature = signature  # type: ignore[attr-defined]
        return kernel

    return mark


def prepare(kernel: Function) -> Function:
    """Compile a kernel for its role's signature (from the disk cache where it can) and return it.

    Numba's own lock does not make compiling from several threads safe (references vanish), so kernels are prepared in
    the main thread where they can be, and one at a time where they cannot.
    """
    if COMPILED and not kernel.signatures:  # type: ignore[attr-defined]
        with _COMPILING:
            kernel.compile(kernel.signature)  # type: ignore[attr-defined]
            # Without this a box is compiled anew for every set of functions that it is handed.
            kernel.disable_compile()  # type: ignore[attr-defined]
            _ANEW[0] += sum(kernel.stats.cache_misses.values())  # type: ignore[attr-defined]
    return kernel


def compiled_anew() -> int:
    """How many kernels this process has prepared that the disk cache did not have."""
    return _ANEW[0]


class _ShortlyNamed(types.StructRef):  # type: ignore[misc]
    """A struct reference whose name does not spell out its fields: symbols and cache entries stay short."""

    def __init__(self, fields: Any) -> None:
        super().__init__(fields)
        self.name = f"gdbench.{type(self).__name__}"


class DataType(_ShortlyNamed):
    """The Numba type of a problem's data."""


class CallsType(_ShortlyNamed):
    """The Numba type of a problem's three functions."""


class StateType(_ShortlyNamed):
    """The Numba type of what a step moves and reads: the query point, its gradient, memory and hyperparameters."""


class PairType(_ShortlyNamed):
    """The Numba type of what a run calls: a problem's functions, a schedule and a step."""


structref.register(DataType)
structref.register(CallsType)
structref.register(StateType)
structref.register(PairType)

#: What a problem's kernels read. matrix: samples along the inner loop, or a symmetric matrix; rows: samples as rows;
#: vector: targets, eigenvalues; scratch: a run's own work space; layers: offsets of a model's layers in x, 0 first and
#: n last; sizes: read-only integers; draw: batch size and generator state, a run's own.
DATA_FIELDS = ("matrix", "rows", "vector", "scratch", "layers", "sizes", "draw")
DATA_TYPES = (MATRIX, MATRIX, VECTOR, VECTOR, INTEGERS, INTEGERS, INTEGERS)
DATA = DataType(list(zip(DATA_FIELDS, DATA_TYPES, strict=True)))

ORACLE = f64(VECTOR, VECTOR, DATA)
VALUE = f64(VECTOR, DATA)
PRODUCT = none(VECTOR, VECTOR, VECTOR, DATA)
SCHEDULE = f64(i64, VECTOR)
FUNCTIONS = (types.FunctionType(ORACLE), types.FunctionType(VALUE), types.FunctionType(PRODUCT))

#: What a step may call on its problem: calls.oracle, calls.value, calls.product. One pointer, because three function
#: types passed by value cost nine words an iteration.
CALLS = CallsType(list(zip(("oracle", "value", "product"), FUNCTIONS, strict=True)))

STATE_TYPES = (VECTOR, VECTOR, MATRIX, VECTOR)
STATE = StateType(list(zip(("x", "g", "memory", "hyper"), STATE_TYPES, strict=True)))
STEP = types.Tuple((f64, i64, i64))(i64, f64, f64, STATE, DATA, CALLS)


PAIR_TYPES = (CALLS, types.FunctionType(SCHEDULE), types.FunctionType(STEP))
PAIR = PairType(list(zip(("calls", "schedule", "step"), PAIR_TYPES, strict=True)))

#: ``oracle(x, g, data) -> f``: value and gradient at x in one pass; overwrites g. x and g have shape (n,).
oracle = role(ORACLE)
#: ``value(x, data) -> f``: the value alone, for line searches and for recording away from the query point.
value = role(VALUE)
#: ``product(x, v, out, data)``: the Hessian at x times v, written to out.
product = role(PRODUCT)
#: ``schedule(k, plan) -> alpha``: the step size of update k = 0, 1, …; plan holds the schedule's parameters.
schedule = role(SCHEDULE)
#: ``step(k, alpha, f, state, data, calls) -> (alpha used, value calls, gradient calls)``: moves state.x in place, given
#: f and state.g at state.x. A count of value calls -c is failure c of the optimizer's list.
step = role(STEP)


class _DataProxy(structref.StructRefProxy):  # type: ignore[misc]
    pass


class _CallsProxy(structref.StructRefProxy):  # type: ignore[misc]
    pass


class _StateProxy(structref.StructRefProxy):  # type: ignore[misc]
    pass


class _PairProxy(structref.StructRefProxy):  # type: ignore[misc]
    pass


structref.define_boxing(DataType, _DataProxy)
structref.define_boxing(CallsType, _CallsProxy)
structref.define_boxing(StateType, _StateProxy)
structref.define_boxing(PairType, _PairProxy)


@role(DATA(*DATA_TYPES))
def _box_data(matrix, rows, vector, scratch, layers, sizes, draw):  # type: ignore[no-untyped-def]
    boxed = structref.new(DATA)
    boxed.matrix = matrix
    boxed.rows = rows
    boxed.vector = vector
    boxed.scratch = scratch
    boxed.layers = layers
    boxed.sizes = sizes
    boxed.draw = draw
    return boxed


@role(CALLS(*FUNCTIONS))
def _box_calls(oracle, value, product):  # type: ignore[no-untyped-def]
    boxed = structref.new(CALLS)
    boxed.oracle = oracle
    boxed.value = value
    boxed.product = product
    return boxed


@role(STATE(*STATE_TYPES))
def _box_state(x, g, memory, hyper):  # type: ignore[no-untyped-def]
    boxed = structref.new(STATE)
    boxed.x = x
    boxed.g = g
    boxed.memory = memory
    boxed.hyper = hyper
    return boxed


@role(PAIR(*PAIR_TYPES))
def _box_pair(calls, schedule, step):  # type: ignore[no-untyped-def]
    boxed = structref.new(PAIR)
    boxed.calls = calls
    boxed.schedule = schedule
    boxed.step = step
    return boxed


#: What every run needs besides its pair.
BOXES = (_box_data, _box_calls, _box_state, _box_pair)

PlainData = namedtuple("PlainData", DATA_FIELDS)  # type: ignore[misc]
PlainCalls = namedtuple("PlainCalls", ("oracle", "value", "product"))
PlainState = namedtuple("PlainState", ("x", "g", "memory", "hyper"))
_PlainPair = namedtuple("_PlainPair", ("calls", "schedule", "step"))


def box_data(*arrays: np.ndarray[Any, Any]) -> Any:
    """The seven arrays of a problem as kernels see them: a struct reference, or a named tuple with the JIT off."""
    return prepare(_box_data)(*arrays) if COMPILED else PlainData(*arrays)


def box_state(*arrays: np.ndarray[Any, Any]) -> Any:
    """x and g of shape (n,), memory of shape (rows, n) and the hyperparameters, as steps see them."""
    return prepare(_box_state)(*arrays) if COMPILED else PlainState(*arrays)


def box_pair(oracle: Function, value: Function, product: Function, schedule: Function, step: Function) -> Any:
    """What a run calls, compiled and held together, so that a chunk's call passes one pointer."""
    if not COMPILED:
        return _PlainPair(PlainCalls(oracle, value, product), schedule, step)
    calls = prepare(_box_calls)(prepare(oracle), prepare(value), prepare(product))
    return prepare(_box_pair)(calls, prepare(schedule), prepare(step))


def plain_boxes(kernels: Any, state: Any, data: Any) -> tuple[Any, Any, Any]:
    """What a run calls, its state and its data as plain Python has them with the JIT off, for plain kernels."""
    oracle, value, product, schedule, step = kernels
    return _PlainPair(PlainCalls(oracle, value, product), schedule, step), PlainState(*state), PlainData(*data)
