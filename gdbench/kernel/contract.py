"""The kernel contract: what an oracle, a schedule and a step receive and return, and the decorators that mark them.

A kernel is an ordinary Python function marked with its role. Marking costs nothing: it is compiled when a run first
needs it, for the one signature of its role, and cached on disk. With ``NUMBA_DISABLE_JIT=1`` every kernel is plain
Python and computes the same bits.
"""

from __future__ import annotations

import math
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


class SamplerType(_ShortlyNamed):
    """The Numba type of what a sampling keeps: seed, chosen samples and work space."""


class PairType(_ShortlyNamed):
    """The Numba type of what a run calls: a problem's functions, a schedule, a step and a sampling."""


structref.register(DataType)
structref.register(CallsType)
structref.register(StateType)
structref.register(SamplerType)
structref.register(PairType)

#: What a problem's kernels read. matrix: samples along the inner loop, or a symmetric matrix; rows: samples as rows;
#: vector: targets, eigenvalues; scratch: a run's own work space; layers: offsets of a model's layers in x, 0 first and
#: n last; sizes: read-only integers; draw: batch size and generator state, a run's own.
DATA_FIELDS = ("matrix", "rows", "vector", "scratch", "layers", "sizes", "draw")
DATA_TYPES = (MATRIX, MATRIX, VECTOR, VECTOR, INTEGERS, INTEGERS, INTEGERS)
DATA = DataType(list(zip(DATA_FIELDS, DATA_TYPES, strict=True)))

#: What a sampling reads and writes, a run's own. words: seed (two words of 32 bits) and number of the replicate;
#: chosen: the samples of the last query; order: a permutation of the samples; numbers: its parameters; factor: of a
#: covariance; parts: gradients of the parts of a batch, then work space, as rows of n numbers.
SAMPLER_FIELDS = ("words", "chosen", "order", "numbers", "factor", "parts")
SAMPLER_TYPES = (INTEGERS, INTEGERS, INTEGERS, VECTOR, MATRIX, MATRIX)
SAMPLER = SamplerType(list(zip(SAMPLER_FIELDS, SAMPLER_TYPES, strict=True)))

ORACLE = f64(VECTOR, VECTOR, DATA)
VALUE = f64(VECTOR, DATA)
PRODUCT = none(VECTOR, VECTOR, VECTOR, DATA)
BATCH = f64(VECTOR, VECTOR, INTEGERS, DATA)
SCHEDULE = f64(i64, VECTOR)
FUNCTIONS = (types.FunctionType(ORACLE), types.FunctionType(VALUE), types.FunctionType(PRODUCT))
CALLED = (*FUNCTIONS, types.FunctionType(BATCH))

#: What a step may call on its problem: calls.oracle, calls.value, calls.product, calls.batch. One pointer, because
#: function types passed by value cost three words each an iteration.
CALLS = CallsType(list(zip(("oracle", "value", "product", "batch"), CALLED, strict=True)))

STATE_TYPES = (VECTOR, VECTOR, MATRIX, VECTOR, SAMPLER)
STATE = StateType(list(zip(("x", "g", "memory", "hyper", "sampler"), STATE_TYPES, strict=True)))
STEP = types.Tuple((f64, i64, i64))(i64, f64, f64, STATE, DATA, CALLS)
SAMPLE = types.Tuple((f64, i64))(i64, STATE, DATA, CALLS)


PAIR_TYPES = (CALLS, types.FunctionType(SCHEDULE), types.FunctionType(STEP), types.FunctionType(SAMPLE))
PAIR = PairType(list(zip(("calls", "schedule", "step", "sample"), PAIR_TYPES, strict=True)))

#: ``oracle(x, g, data) -> f``: value and gradient at x in one pass; overwrites g. x and g have shape (n,).
oracle = role(ORACLE)
#: ``value(x, data) -> f``: the value alone, for line searches and for recording away from the query point.
value = role(VALUE)
#: ``product(x, v, out, data)``: the Hessian at x times v, written to out.
product = role(PRODUCT)
#: ``batch(x, g, chosen, data) -> f``: the mean of value and gradient over the samples chosen, of shape (size,);
#: overwrites g. The mean over all samples is f.
batch = role(BATCH)
#: ``schedule(k, plan) -> alpha``: the step size of update k = 0, 1, …; plan holds the schedule's parameters.
schedule = role(SCHEDULE)
#: ``step(k, alpha, f, state, data, calls) -> (alpha used, value calls, gradient calls)``: moves state.x in place, given
#: f and state.g at state.x. A count of value calls -c is failure c of the optimizer's list.
step = role(STEP)
#: ``sample(k, state, data, calls) -> (f, gradients)``: an estimate of f and of its gradient at state.x, which
#: overwrites state.g, and how many gradients (of samples, where there are samples) it took. It draws from
#: state.sampler.words, k and nothing else, so that the bits of query k depend on no other run.
sample = role(SAMPLE)


class _DataProxy(structref.StructRefProxy):  # type: ignore[misc]
    pass


class _CallsProxy(structref.StructRefProxy):  # type: ignore[misc]
    pass


class _StateProxy(structref.StructRefProxy):  # type: ignore[misc]
    pass


class _PairProxy(structref.StructRefProxy):  # type: ignore[misc]
    pass


class _SamplerProxy(structref.StructRefProxy):  # type: ignore[misc]
    pass


structref.define_boxing(DataType, _DataProxy)
structref.define_boxing(SamplerType, _SamplerProxy)
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


@role(SAMPLER(*SAMPLER_TYPES))
def _box_sampler(words, chosen, order, numbers, factor, parts):  # type: ignore[no-untyped-def]
    boxed = structref.new(SAMPLER)
    boxed.words = words
    boxed.chosen = chosen
    boxed.order = order
    boxed.numbers = numbers
    boxed.factor = factor
    boxed.parts = parts
    return boxed


@role(CALLS(*CALLED))
def _box_calls(oracle, value, product, batch):  # type: ignore[no-untyped-def]
    boxed = structref.new(CALLS)
    boxed.oracle = oracle
    boxed.value = value
    boxed.product = product
    boxed.batch = batch
    return boxed


@role(STATE(*STATE_TYPES))
def _box_state(x, g, memory, hyper, sampler):  # type: ignore[no-untyped-def]
    boxed = structref.new(STATE)
    boxed.x = x
    boxed.g = g
    boxed.memory = memory
    boxed.hyper = hyper
    boxed.sampler = sampler
    return boxed


@role(PAIR(*PAIR_TYPES))
def _box_pair(calls, schedule, step, sample):  # type: ignore[no-untyped-def]
    boxed = structref.new(PAIR)
    boxed.calls = calls
    boxed.schedule = schedule
    boxed.step = step
    boxed.sample = sample
    return boxed


@batch
def no_batch(x, g, chosen, data):  # type: ignore[no-untyped-def]
    """Stands where a problem has no samples; nothing asks it."""
    for i in range(g.shape[0]):
        g[i] = math.nan
    return math.nan


@sample
def whole(k, state, data, calls):  # type: ignore[no-untyped-def]
    """Stands where nothing is sampled: the oracle itself."""
    return calls.oracle(state.x, state.g, data), 1


#: What every run needs besides its pair.
BOXES = (_box_data, _box_calls, _box_state, _box_pair, _box_sampler)

PlainData = namedtuple("PlainData", DATA_FIELDS)  # type: ignore[misc]
PlainSampler = namedtuple("PlainSampler", SAMPLER_FIELDS)  # type: ignore[misc]
PlainCalls = namedtuple("PlainCalls", ("oracle", "value", "product", "batch"), defaults=(no_batch,))
PlainState = namedtuple("PlainState", ("x", "g", "memory", "hyper", "sampler"), defaults=(None,))
_PlainPair = namedtuple("_PlainPair", ("calls", "schedule", "step", "sample"), defaults=(whole,))


def no_sampler() -> tuple[np.ndarray[Any, Any], ...]:
    """The arrays of a sampler where nothing is sampled."""
    words, numbers, room = np.zeros(3, dtype=np.int64), np.zeros(1), np.zeros((1, 1))
    return (words, *(np.zeros(1, dtype=np.int64) for _ in range(2)), numbers, room, room)


def box_data(*arrays: np.ndarray[Any, Any]) -> Any:
    """The seven arrays of a problem as kernels see them: a struct reference, or a named tuple with the JIT off."""
    return prepare(_box_data)(*arrays) if COMPILED else PlainData(*arrays)


def box_state(
    x: np.ndarray[Any, Any],
    g: np.ndarray[Any, Any],
    memory: np.ndarray[Any, Any],
    hyper: np.ndarray[Any, Any],
    sampler: tuple[np.ndarray[Any, Any], ...] | None = None,
) -> Any:
    """x and g of shape (n,), memory of shape (rows, n), the hyperparameters and a sampler's six arrays, as steps see
    them.
    """
    arrays = no_sampler() if sampler is None else sampler
    if not COMPILED:
        return PlainState(x, g, memory, hyper, PlainSampler(*arrays))
    return prepare(_box_state)(x, g, memory, hyper, prepare(_box_sampler)(*arrays))


def box_pair(
    oracle: Function,
    value: Function,
    product: Function,
    schedule: Function,
    step: Function,
    batch: Function | None = None,
    sample: Function | None = None,
) -> Any:
    """What a run calls, compiled and held together, so that a chunk's call passes one pointer."""
    batch, sample = batch or no_batch, sample or whole
    if not COMPILED:
        return _PlainPair(PlainCalls(oracle, value, product, batch), schedule, step, sample)
    calls = prepare(_box_calls)(*map(prepare, (oracle, value, product, batch)))
    return prepare(_box_pair)(calls, *map(prepare, (schedule, step, sample)))


def plain_boxes(kernels: Any, state: Any, data: Any) -> tuple[Any, Any, Any]:
    """What a run calls, its state and its data as plain Python has them with the JIT off, for plain kernels.

    kernels: oracle, value, product, schedule, step and, where there are samples, batch and sample; state: its four
    arrays and, there, the sampler's six.
    """
    oracle, value, product, schedule, step, *sampled = kernels
    batch, sample = sampled or (no_batch, whole)
    x, g, memory, hyper = state[:4]
    sampler = PlainSampler(*(no_sampler() if len(state) < 5 or state[4] is None else state[4]))
    pair = _PlainPair(PlainCalls(oracle, value, product, batch), schedule, step, sample)
    return pair, PlainState(x, g, memory, hyper, sampler), PlainData(*data)
