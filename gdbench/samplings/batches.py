"""Mini-batches of a problem's samples (Robbins, Monro 1951; Bottou, Curtis, Nocedal 2018, section 3).

`order` says how a batch is drawn: with `replacement`; `distinct`, without replacement within a batch; `reshuffled`, in
passes over all samples, each in a new random order; `cyclic`, in passes in the given order, with no chance at all.

With parts = P the batch is computed in P pieces of equal size whose gradients are added by a fixed tree of pairs, as
gradient accumulation and data-parallel training do: a mean over the batch up to rounding.
"""

from dataclasses import replace
from functools import cache, partial
from typing import Annotated, Literal

import numpy as np

from gdbench.errors import BadInput
from gdbench.kernel import box_data, helper, prepare, sample
from gdbench.kernel.philox import INDICES, SHUFFLES, uniforms
from gdbench.parameter import Range
from gdbench.problem import Array, Problem
from gdbench.sampling import Batch, Drawn, Gradients, Noise, Room, Sampling, samples_of
from gdbench.samplings._textbook import Stream

#: The covariance of a batch is followed where it takes no more products than this, a few seconds.
PRODUCTS = 10**9
ORDERS = ("replacement", "distinct", "reshuffled", "cyclic")


@helper
def shuffled(words, purpose, k, count, order):  # type: ignore[no-untyped-def]
    """Put a uniform choice without replacement in the first `count` places of order (Fisher, Yates 1938)."""
    m = order.shape[0]
    for i in range(0, count, 2):
        one, two = uniforms(words, purpose, k, i // 2)
        j = i + int(one * (m - i))
        order[i], order[j] = order[j], order[i]
        if i + 1 < count:
            j = i + 1 + int(two * (m - i - 1))
            order[i + 1], order[j] = order[j], order[i + 1]


@helper
def draw_replaced(words, k, m, chosen):  # type: ignore[no-untyped-def]
    """Independent draws from 0 … m - 1, each uniform to within m / 2^53."""
    size = chosen.shape[0]
    for i in range(0, size, 2):
        one, two = uniforms(words, INDICES, k, i // 2)
        chosen[i] = int(one * m)
        if i + 1 < size:
            chosen[i + 1] = int(two * m)


@helper
def draw_distinct(words, k, order, chosen):  # type: ignore[no-untyped-def]
    """As draw_replaced, no sample twice; order rises before and after, so that no draw depends on the ones before."""
    size = chosen.shape[0]
    shuffled(words, INDICES, k, size, order)
    for i in range(size):
        chosen[i] = order[i]
    # A place beyond the first `size` was touched only if its own number was chosen from there.
    for i in range(size):
        order[i] = i
        order[chosen[i]] = chosen[i]


@helper
def draw_in_passes(words, k, order, chosen, fresh):  # type: ignore[no-untyped-def]
    """The next samples of a pass; a pass that ends within a batch is followed by the next one."""
    m = order.shape[0]
    size = chosen.shape[0]
    for i in range(size):
        place = (k * size + i) % m
        if fresh and place == 0:
            for j in range(m):
                order[j] = j
            shuffled(words, SHUFFLES, (k * size + i) // m, m, order)
        chosen[i] = order[place]


@helper
def add_parts(parts, pieces, g, first, last):  # type: ignore[no-untyped-def]
    """g = the mean of the first `pieces` rows of parts, added in pairs: 0 + 1, 2 + 3, …, then pairs of pairs.

    Entries first … last - 1 alone are read and written, in the rows after the first `pieces` too.
    """
    for i in range(first, last):
        for p in range(pieces):
            parts[pieces + p, i] = parts[p, i]
        apart = 1
        while apart < pieces:
            for p in range(0, pieces - apart, 2 * apart):
                parts[pieces + p, i] += parts[pieces + p + apart, i]
            apart *= 2
        g[i] = parts[pieces, i] / pieces


@sample
def mini_batch(k, state, data, calls):  # type: ignore[no-untyped-def]
    sampler = state.sampler
    words, chosen, order = sampler.words, sampler.chosen, sampler.order
    kind, pieces = int(sampler.numbers[0]), int(sampler.numbers[1])
    size = chosen.shape[0]
    if kind == 0:
        draw_replaced(words, k, order.shape[0], chosen)
    elif kind == 1:
        draw_distinct(words, k, order, chosen)
    else:
        draw_in_passes(words, k, order, chosen, kind == 2)
    if pieces == 1:
        return calls.batch(state.x, state.g, chosen, data), size
    parts = sampler.parts
    each = size // pieces
    f = 0.0
    for p in range(pieces):
        f += calls.batch(state.x, parts[p], chosen[p * each : (p + 1) * each], data)
    add_parts(parts, pieces, state.g, 0, state.g.shape[0])
    return f / pieces, size


def naive(given: Gradients, seed: int, replicate: int, size: int, order: str) -> Drawn:
    """Lists of samples for each query, with no memory of the queries before."""
    chance, shuffles = (Stream(seed, replicate, purpose) for purpose in (INDICES, SHUFFLES))
    m = given.samples

    def in_pass(number: int) -> list[int]:
        return shuffles.permutation(number, m, m) if order == "reshuffled" else list(range(m))

    def chosen(k: int) -> list[int]:
        if order == "replacement":
            return [int(chance.uniform(k, i) * m) for i in range(size)]
        if order == "distinct":
            return chance.permutation(k, m, size)
        first, last = k * size, (k + 1) * size
        passes = [one for number in range(first // m, (last - 1) // m + 1) for one in in_pass(number)]
        return passes[first % m :][:size]

    return Drawn(lambda k, x: given.loss(x, chosen(k)), lambda k, x: given.batch(x, chosen(k)), chosen)


def noise_of(problem: Problem, share: float) -> Noise | None:
    """The covariance of a mini-batch gradient of a quadratic, whose sample gradients are H_i (x - x*) + c_i.

    None where it is not known, or where more than PRODUCTS products would be formed to know it.
    """
    if problem.spectrum is None or problem.x_star is None or problem.batch is None:
        return None
    if problem.samples * problem.n**4 > PRODUCTS:
        return None
    moments = cache(lambda: _moments(problem))

    def covariance(mean: Array, second: Array) -> Array:
        both, crossed, own = moments()
        found = own.copy()
        for j in range(problem.n):
            turned = mean[j] * crossed[j]
            found += turned + turned.T
            for q in range(problem.n):
                found += second[j, q] * both[j, q]
        return share * found

    return Noise(covariance=covariance, additive=False, gaussian=False)


def _moments(problem: Problem) -> tuple[Array, Array, Array]:
    """Over the samples i the covariances of H_i e_j and H_i e_q, shape (n, n, n, n), of H_i e_j and c_i, shape (n, n,
    n), and of c_i, shape (n, n); the mean of c_i is 0.
    """
    assert problem.x_star is not None
    data, ask, n = box_data(*problem.arrays()), prepare(problem.batch), problem.n  # type: ignore[arg-type]
    points = [problem.x_star.copy(), *(problem.x_star + unit for unit in np.eye(n))]
    both, crossed, own, average = (np.zeros((n,) * order) for order in (4, 3, 2, 2))
    gradients = np.zeros((n + 1, n))
    for i in range(problem.samples):
        chosen = np.array([i])
        for point, gradient in zip(points, gradients, strict=True):
            ask(point, gradient, chosen, data)
        slope, columns = gradients[0], gradients[1:] - gradients[0]
        both += columns[:, None, :, None] * columns[None, :, None, :]
        crossed += columns[:, :, None] * slope
        own += slope[:, None] * slope
        average += columns
    m = problem.samples
    average /= m
    return both / m - average[:, None, :, None] * average[None, :, None, :], crossed / m, own / m


def make(
    size: Annotated[int, Range(low=1)] = 32,
    order: Literal["replacement", "distinct", "reshuffled", "cyclic"] = "replacement",
    parts: Annotated[int, Range(low=1)] = 1,
) -> Sampling:
    """size: samples of a batch. order: how they are drawn. parts: equal pieces in which a batch is computed."""
    if size % parts:
        nearest = min((p for p in range(1, size + 1) if size % p == 0), key=lambda p: abs(p - parts))
        raise BadInput(f"parts={parts} does not divide a batch of {size}: the nearest valid value is {nearest}.")

    def room(problem: Problem) -> Room:
        m = samples_of(problem, "batches")
        if size > m:
            raise BadInput(f"size={size} is larger than the {m} samples of {problem.name}: the largest batch is {m}.")
        return Room(
            chosen=np.zeros(size, dtype=np.int64),
            order=np.arange(m, dtype=np.int64),
            numbers=np.array([float(ORDERS.index(order)), float(parts)]),
            factor=np.zeros((1, 1)),
            parts=np.zeros((2 * parts, problem.n) if parts > 1 else (1, 1)),
        )

    batch = Batch(size, order, parts)

    def noise(problem: Problem) -> Noise | None:
        return noise_of(problem, batch.share(problem.samples)) if batch.independent else None

    return Sampling(
        kernel=mini_batch,
        room=room,
        source="Robbins, Monro 1951",
        noise=noise,
        naive=partial(naive, size=size, order=order),
        batch=batch,
    )


#: What a method that draws mini-batches draws where nothing else is said.
BATCHES = replace(make(), name="batches")
#: What a method that corrects sample by sample draws.
ONE = replace(make(size=1), name="batches[size=1]")
