"""The random numbers: known answers, the same bits in plain Python, uniform, normal, and independent of each other.

All seeds are fixed: a test that passes passes on every machine. A statistic that is this far out has a chance below
CHANCE where the numbers are what they should be; the wrong ones at the end are much farther out.
"""

import itertools
import math

import numpy as np
import pytest
from draws import samples
from scipy import stats

from gdbench.kernel import helper, plain
from gdbench.kernel.philox import INDICES, NOISE, SHUFFLES, normals, philox, uniforms
from gdbench.samplings._textbook import Stream, block

CHANCE = 1e-6
#: Random123's own (tests/kat_vectors): counter, key, and the four words.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
#: Seed in two words, replicate.
FAR = (0xFFFFFFFF, 0x80000001, 0xFFFFFFFE)


@helper
def compiled_block(key, counter, words):
    """philox at every row of counter, as a kernel calls it."""
    for row in range(counter.shape[0]):
        a, b, c, d = philox(
            *(int(key[row, 0]), int(key[row, 1])),
            *(int(counter[row, 0]), int(counter[row, 1]), int(counter[row, 2]), int(counter[row, 3])),
        )
        words[row, 0] = a
        words[row, 1] = b
        words[row, 2] = c
        words[row, 3] = d


@helper
def fill(words, purpose, first, kind, out):
    """Rows of numbers for queries first, first + 1, …: kind 0 uniform, 1 normal."""
    for row in range(out.shape[0]):
        for i in range(0, out.shape[1], 2):
            if kind == 0:
                one, two = uniforms(words, purpose, first + row, i // 2)
            else:
                one, two = normals(words, purpose, first + row, i // 2)
            out[row, i] = one
            if i + 1 < out.shape[1]:
                out[row, i + 1] = two


def drawn(kind, queries, width, *, words=(5, 0, 0), purpose=NOISE, first=0, by=fill):
    out = np.zeros((queries, width))
    by(np.array(words, dtype=np.int64), purpose, first, ("uniform", "normal").index(kind), out)
    return out


def test_known_answers():
    counters, keys, answers = (np.array(part, dtype=np.int64) for part in zip(*KNOWN, strict=True))
    found = np.zeros((len(KNOWN), 4), dtype=np.int64)
    compiled_block(keys, counters, found)
    np.testing.assert_array_equal(found, answers)
    for counter, key, answer in KNOWN:
        assert plain(philox)(*key, *counter) == answer
        assert block(key, counter) == answer


def test_words_are_those_of_arithmetic_in_large_integers():
    draws = np.random.default_rng(1)
    numbers = draws.integers(0, 2**32, (4000, 6), dtype=np.int64)
    numbers[:64] = list(itertools.product((0, 2**32 - 1), repeat=6))
    numbers[64:128] = list(itertools.product((1, 2**31), repeat=6))
    found = np.zeros((len(numbers), 4), dtype=np.int64)
    compiled_block(np.ascontiguousarray(numbers[:, :2]), np.ascontiguousarray(numbers[:, 2:]), found)
    for (key0, key1, *counter), words in zip(numbers.tolist(), found.tolist(), strict=True):
        assert tuple(words) == block((key0, key1), tuple(counter)) == plain(philox)(key0, key1, *counter)


@pytest.mark.parametrize("purpose", [INDICES, NOISE, SHUFFLES])
@pytest.mark.parametrize("first", [0, 2**32 - 3, 2**40])
@pytest.mark.parametrize("words", [(5, 0, 0), FAR])
def test_numbers_are_the_same_bits_in_plain_python(words, first, purpose):
    run = {"words": words, "first": first, "purpose": purpose}
    for kind in ("uniform", "normal"):
        compiled = drawn(kind, 6, 9, **run)
        np.testing.assert_array_equal(compiled, drawn(kind, 6, 9, **run, by=plain(fill)))
    stream = Stream(words[0] + 2**32 * words[1], words[2], purpose)
    uniform = drawn("uniform", 6, 9, **run)
    for k, i in itertools.product(range(6), range(9)):
        assert uniform[k, i] == stream.uniform(first + k, i)
        # Box and Muller's formula by libm: a few units in the last place.
        assert compiled[k, i] == pytest.approx(stream.normal(first + k, i), rel=1e-14, abs=1e-15)


def test_uniforms_are_uniform():
    found = drawn("uniform", 1000, 1000).ravel()
    assert found.min() >= 0.0 and found.max() < 1.0
    assert np.all(np.ldexp(found, 53) == np.floor(np.ldexp(found, 53)))
    assert stats.kstest(found, "uniform").pvalue > CHANCE
    for digit in (0, 8, 16, 24, 32, 40, 45):  # each byte of the 53 bits
        counts = np.bincount((np.ldexp(found, digit + 8) % 256).astype(int), minlength=256)
        assert stats.chisquare(counts).pvalue > CHANCE


def test_normals_are_normal():
    found = drawn("normal", 1000, 1000).ravel()
    n = found.size
    assert stats.kstest(found, "norm").pvalue > CHANCE
    limit = stats.norm.isf(CHANCE)
    # Standard errors of the moments of n normal numbers.
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        assert abs(np.mean(found**power) - mean) < limit * math.sqrt(variance / n), power
    assert abs(np.mean(np.abs(found) > 4.0) - 2 * stats.norm.sf(4)) < limit * math.sqrt(2 * stats.norm.sf(4) / n)


def most_correlated(streams):
    """The largest correlation between any two rows, in standard errors."""
    found = np.corrcoef(streams)
    return float(np.max(np.abs(found[np.triu_indices(len(streams), 1)]))) * math.sqrt(streams.shape[1])


def correlation_limit(rows):
    return stats.norm.isf(CHANCE / (rows * (rows - 1)))


def test_streams_do_not_know_of_each_other():
    """Neighbours in every word of key and counter; 10 000 numbers each."""
    several = {
        "seed": [drawn("normal", 10, 1000, words=(s, 0, 0)).ravel() for s in range(40)],
        "seed's high word": [drawn("normal", 10, 1000, words=(0, s, 0)).ravel() for s in range(40)],
        "replicate": [drawn("normal", 10, 1000, words=(0, 0, r)).ravel() for r in range(40)],
        "purpose": [drawn("normal", 10, 1000, purpose=p).ravel() for p in (INDICES, NOISE, SHUFFLES)],
        "query": [drawn("normal", 1, 10_000, first=k).ravel() for k in range(40)],
        "far query": [drawn("normal", 1, 10_000, first=2**32 * k).ravel() for k in range(40)],
        "coordinate": list(drawn("normal", 10_000, 40).T),
        "its square": list(drawn("normal", 10_000, 40).T ** 2),
    }
    for name, streams in several.items():
        assert most_correlated(np.array(streams)) < correlation_limit(len(streams)), name


def test_lagged_numbers_are_uncorrelated():
    for kind in ("uniform", "normal"):
        found = drawn(kind, 1, 400_000).ravel()
        lagged = [abs(np.corrcoef(found[:-lag], found[lag:])[0, 1]) * math.sqrt(found.size) for lag in range(1, 9)]
        assert max(lagged) < correlation_limit(4)


def test_no_counter_is_used_twice():
    """The counter's words as `uniforms` makes them, over blocks, queries, purposes and replicates."""
    seen = set()
    for purpose, k, i, replicate in itertools.product(
        (INDICES, NOISE, SHUFFLES), (0, 1, 2**31, 2**32 - 1, 2**32, 2**33 + 1), (0, 1, 5), (0, 1, 2)
    ):
        out = np.zeros((1, 12))
        fill(np.array([7, 0, replicate]), purpose, k, 0, out)
        seen.add(tuple(out[0, 2 * i : 2 * i + 2]))
    assert len(seen) == 3 * 6 * 3 * 3


# -- which samples ------------------------------------------------------------------------------------------------

M, SIZE, QUERIES = 12, 5, 60_000
ORDERS = ("replacement", "distinct", "reshuffled", "cyclic")


def chosen(order, m=M, size=SIZE, count=QUERIES, **run):
    return samples(f"batches[size={size},order={order}]", m, count, **run)


def singles(taken, m=M):
    """The chance of the counts of each sample at each place of a batch, at least, over all places."""
    found = [stats.chisquare(np.bincount(place, minlength=m)).pvalue for place in taken.T]
    return min(found) * len(found)


def pairs(taken, m=M, *, replaced):
    """The same for the ordered pairs of every two places; without replacement a pair has two different samples."""
    found = []
    for one, two in itertools.combinations(range(taken.shape[1]), 2):
        counts = np.bincount(taken[:, one] * m + taken[:, two], minlength=m * m).reshape(m, m)
        if not replaced:
            assert np.trace(counts) == 0
            counts = counts[~np.eye(m, dtype=bool)]
        found.append(stats.chisquare(counts.ravel()).pvalue)
    return min(found) * len(found)


def passes(taken, m=M):
    """The samples as they come, a row for each pass over all of them."""
    flat = taken.ravel()
    return flat[: len(flat) // m * m].reshape(-1, m)


def once_each(rows, m=M):
    return bool(np.all(np.sort(rows, axis=1) == np.arange(m)))


@pytest.mark.parametrize("order", ORDERS[:2])
def test_batches_are_uniform(order):
    taken = chosen(order)
    assert taken.min() == 0 and taken.max() == M - 1
    assert singles(taken) > CHANCE
    assert pairs(taken, replaced=order == "replacement") > CHANCE
    assert all(len(set(row)) == SIZE for row in taken.tolist()) == (order == "distinct")


def test_a_reshuffled_pass_takes_every_sample_once_in_a_new_order():
    """12 samples in batches of 5: passes end within batches."""
    rows = passes(chosen("reshuffled", count=150_000))
    assert once_each(rows)
    assert singles(rows) > CHANCE and pairs(rows, replaced=False) > CHANCE
    whole = passes(chosen("reshuffled", m=40, count=5000), 40)
    assert once_each(whole, 40) and len({tuple(row) for row in whole.tolist()}) == len(whole)
    # Nor is a pass like the one before, as it would be if few places were changed.
    alike = np.sum(rows[1:] == rows[:-1])
    assert stats.binomtest(int(alike), rows[1:].size, 1.0 / M).pvalue > CHANCE


def test_a_cyclic_pass_takes_them_in_order():
    np.testing.assert_array_equal(chosen("cyclic", count=100).ravel(), np.arange(500) % M)


def test_all_of_24_orders_of_4_samples_are_alike():
    rows = passes(chosen("reshuffled", m=4, size=4), 4)
    places = rows @ np.array([1, 4, 16, 64])
    assert len(set(places.tolist())) == 24
    assert stats.chisquare(np.unique(places, return_counts=True)[1]).pvalue > CHANCE


@pytest.mark.parametrize("order", ORDERS)
def test_a_batch_depends_on_no_batch_before(order):
    """A pass alone is begun at its beginning, from where the rest of it follows."""
    size = 4
    taken = chosen(order, size=size, count=300)
    for first in (0, 3, 33, 270):
        np.testing.assert_array_equal(chosen(order, size=size, count=30, first=first), taken[first : first + 30])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("m", "size"), [(12, 5), (7, 7), (3, 1), (40, 32)])
def test_batches_are_those_of_lists_in_plain_python(order, m, size):
    from gdbench import registry

    sampling = registry.sampling(f"batches[size={size},order={order}]")
    loop = sampling.naive(_Nothing(m), 2**40 + 3, 2)
    taken = chosen(order, m=m, size=size, count=40, seed=2**40 + 3, replicate=2)
    assert taken.tolist() == [loop.chosen(k) for k in range(40)]


class _Nothing:
    """Gradients that nobody asks for."""

    def __init__(self, samples):
        self.samples = samples


@pytest.mark.parametrize("order", ORDERS[:3])
def test_seeds_and_replicates_draw_other_batches(order):
    found = [chosen(order, count=200, seed=s, replicate=r).tobytes() for s in (0, 1, 2**32) for r in (0, 1)]
    assert len(set(found)) == 6
    assert chosen(order, count=200, seed=1, replicate=1).tobytes() == found[3]


# -- the same statistics of numbers that are wrong -----------------------------------------------------------------


def biased(m, size, count, pick):
    """Batches by Fisher and Yates with another choice of the place to change with."""
    draws = np.random.default_rng(3)
    rows = np.zeros((count, size), dtype=np.int64)
    for row in rows:
        order = list(range(m))
        for i in range(size):
            j = pick(draws.random(), i, m)
            order[i], order[j] = order[j], order[i]
        row[:] = order[:size]
    return rows


def test_a_choice_with_a_bias_is_seen():
    draws = np.random.default_rng(3)
    never_last = (draws.random((QUERIES, SIZE)) * (M - 1)).astype(np.int64)
    assert singles(never_last) < CHANCE
    rounded = np.rint(draws.random((QUERIES, SIZE)) * (M - 1)).astype(np.int64)
    assert singles(rounded) < CHANCE
    sattolo = biased(M, SIZE, 20_000, lambda u, i, m: i + 1 + int(u * (m - i - 1)))
    assert singles(sattolo) < CHANCE
    anywhere = biased(M, SIZE, 20_000, lambda u, i, m: int(u * m))
    assert min(singles(anywhere), pairs(anywhere, replaced=False)) < CHANCE
    honest = biased(M, SIZE, 20_000, lambda u, i, m: i + int(u * (m - i)))
    assert min(singles(honest), pairs(honest, replaced=False)) > CHANCE


def test_one_batch_for_two_queries_and_one_sample_for_a_batch_are_seen():
    taken = chosen("replacement")
    assert pairs(np.repeat(taken[:, :1], 2, axis=1), replaced=True) < CHANCE
    reused = np.column_stack([taken[:, 0], taken[:, 1], taken[:, 0]])
    assert singles(reused) > CHANCE > pairs(reused, replaced=True)


def test_streams_that_share_numbers_are_seen():
    streams = np.array([drawn("normal", 10, 1000, words=(s, 0, 0)).ravel() for s in range(40)])
    for other in (streams[0], -streams[0], 0.1 * streams[0] + streams[39], np.roll(streams[0], 0)):
        assert most_correlated(np.vstack([streams, other])) > correlation_limit(41)


def test_normals_that_are_a_little_off_are_seen():
    found = drawn("normal", 1000, 1000).ravel()
    for wrong in (1.01 * found, found + 0.01, np.where(np.abs(found) < 0.01, 0.0, found)):
        assert stats.kstest(wrong, "norm", method="asymp").pvalue < CHANCE
