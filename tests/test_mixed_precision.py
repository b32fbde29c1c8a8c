"""Mixed precision: what is rounded and what is not, the schedule of scales, what few digits lose, how a run fails."""

import math
from dataclasses import replace

import numpy as np
import pytest
from planted.bugs_mixed_precision import HONEST, OFTEN
from planted.test_planted import same_run

from gdbench import registry
from gdbench.audit.arena import arenas
from gdbench.audit.battery import checks
from gdbench.audit.check import Seen
from gdbench.audit.replay import replay
from gdbench.audit.units import FixedNumbers, in_units
from gdbench.errors import BadInput
from gdbench.kernel import FORMATS, plain, rounded
from gdbench.optimizers.mixed_precision import _kept
from gdbench.problems.quadratic import diagonal
from gdbench.run import Cell, run_cell, run_pair

#: f(x) = 2 x^2 from 1, and the flat end of a valley, where the gradient is 2^-28 x.
LINE, FLAT = "quadratic[dim=1,kappa=1,start=ones]", f"quadratic[dim=2,kappa={2**30},start=bottom]"
STEPS = 200


def run(more, problem=LINE, steps=STEPS):
    return run_cell(Cell(f"mixed_precision[{more}]", problem, steps))


def x_of(result):
    return np.stack([column for name, column in result.trajectory.columns.items() if name[0] == "x"], axis=1)


@pytest.mark.parametrize("master", ["true", "false"])
@pytest.mark.parametrize("name", FORMATS)
def test_the_oracle_is_asked_at_rounded_weights(name, master):
    problem = registry.problem("quadratic[dim=3,kappa=10]")
    found = run(f"format={name},master={master},scaling=none", problem.name)
    x = x_of(found)
    asked = _kept(x, name)
    # f there to the rounding of a sum of three squares; the start is recorded as it is given.
    np.testing.assert_allclose(
        found.trajectory["f_query"][1:], 0.5 * np.sum(problem.vector * asked**2, axis=1)[1:], rtol=1e-15
    )
    assert np.array_equal(x[1:], asked[1:]) == (master == "false")
    assert np.all(x[0] == problem.start) and np.any(asked[0] != problem.start)


def test_the_first_gradient_is_that_at_the_rounded_start():
    problem = registry.problem("quadratic[dim=3,kappa=10]")
    found = run("scaling=none,alpha=0.125,beta=0", problem.name, 1)
    kept = _kept(problem.vector * _kept(problem.start, "float16"), "float16")
    np.testing.assert_array_equal(x_of(found)[1], problem.start - 0.125 * kept)
    assert list(found.trajectory["gradient_calls"]) == [1, 3]


def test_a_start_of_the_format_is_not_asked_again():
    assert list(run("", LINE, 1).trajectory["gradient_calls"]) == [1, 2]


@pytest.mark.parametrize("name", FORMATS)
def test_where_nothing_needs_rounding_it_is_momentum_to_the_bit(name):
    """From 1 with alpha L = beta = 1/2, k steps need about k digits."""
    same = run_cell(Cell("momentum_buffer[alpha=0.5/L,beta=0.5]", LINE, 6))
    for scaling in ("none", "static,scale=1024", "dynamic,scale=8"):
        found = run(f"format={name},scaling={scaling},alpha=0.5/L,beta=0.5", LINE, 6)
        for column in ("x0", "f", "f_query", "grad2", "alpha"):
            np.testing.assert_array_equal(found.trajectory[column], same.trajectory[column])


def test_the_fewer_digits_the_farther_from_momentum():
    problem = "quadratic[dim=3]"
    exact = x_of(run_cell(Cell("momentum_buffer", problem, STEPS)))
    off = [
        float(np.max(np.abs(x_of(run(f"format={name},scaling=none", problem)) - exact)))
        for name in ("float32", "float16", "bfloat16")
    ]
    digits = [2.0**-24, 2.0**-11, 2.0**-8]
    # 0.24 of a digit's share in 1 here. A step loses at most half of it in weights and in slopes of 0.29, and momentum
    # adds up ten steps: 3 of it at most.
    assert all(0.05 * digit < one < 3.0 * digit for one, digit in zip(off, digits, strict=True))


def test_bfloat16_swallows_an_update_of_half_a_last_digit():
    """Below 1 its last digit is 2^-8, and alpha g = 4 alpha: a tie goes to 1, which is even."""
    few = "format=bfloat16,scaling=none,beta=0,master=false"
    for alpha, end in ((2.0**-12, 1.0), (2.0**-11, 1.0), (2.0**-11 + 2.0**-50, 1.0 - 2.0**-8)):
        assert x_of(run(f"{few},alpha={alpha!r}", LINE, 1))[-1] == end
    stuck = run(f"{few},alpha={2.0**-12!r}", LINE, 1000)
    assert np.all(x_of(stuck) == 1.0) and stuck.status == "finished"


@pytest.mark.parametrize("more", ["format=bfloat16,master=true", "format=float16,master=false"])
def test_a_master_copy_or_three_more_digits_do_not_swallow_it(more):
    found = run(f"{more},scaling=none,beta=0,alpha={2.0**-12!r}", LINE, 1000)
    # 3 % off at most: a weight of 11 digits moves by two of its last ones, each time to the nearest.
    assert x_of(found)[-1] == pytest.approx((1.0 - 2.0**-10) ** 1000, rel=0.05)


def test_without_a_scale_small_gradients_are_0_in_float16():
    """2^-28 is below half of the smallest half, 2^-24."""
    alpha = f"alpha={2.0**28!r},beta=0"
    assert np.all(x_of(run(f"scaling=none,{alpha}", FLAT)) == [1.0, 0.0])
    for more in ("scaling=none,format=bfloat16", "scaling=static,scale=16", "scaling=static,scale=65536", ""):
        assert np.all(x_of(run(f"{more},{alpha}".strip(","), FLAT))[1:] == 0.0)


def test_what_is_kept_of_a_gradient_begins_above_2_to_the_minus_25():
    for curvature, moves in ((2.0**-25, False), (math.nextafter(2.0**-25, 1.0), True)):
        problem = diagonal(np.array([curvature]), np.ones(1), "a test")
        optimizer = registry.optimizer("mixed_precision[scaling=none,alpha=1]")
        found = run_pair(problem, optimizer, Cell("mixed_precision", "a line", 3))
        assert bool(np.any(x_of(found) != 1.0)) == moves


def skipped(result):
    return np.flatnonzero(result.trajectory["alpha"][:-1] == 0.0).tolist()


def test_the_scale_halves_until_nothing_overflows_and_doubles_after_so_many_good_steps():
    """g stays close to 4, so scales of 2^14 and more overflow: three halvings, then one after each doubling."""
    found = run(f"interval=5,beta=0,alpha={2.0**-30!r}", LINE, 30)
    assert skipped(found) == [0, 1, 2, 8, 14, 20, 26]
    assert skipped(run(f"interval=1,beta=0,alpha={2.0**-30!r}", LINE, 12)) == [0, 1, 2, 4, 6, 8, 10]
    assert skipped(run(f"interval=900,beta=0,alpha={2.0**-30!r}", LINE, 1500)) == [0, 1, 2, 903]


def test_good_steps_are_counted_anew_after_a_skipped_one():
    """x_k = (-3)^k after k steps that were made: no three in a row go without an overflow, so no scale grows."""
    growing = run("interval=3,beta=0,alpha=1,scale=4096", LINE, 10)
    # 4 3^m against 65520: 2^12 passes for m = 0 and 1, 2^10 for 2, 2^9 for 3, 2^7 for 4.
    assert skipped(growing) == [2, 3, 5, 7, 8]


def test_a_skipped_step_changes_nothing():
    tuning = f"beta=0.9,alpha={2.0**-8!r}"
    usual, dynamic = run(f"scaling=static,scale=8192,{tuning}", LINE, 40), run(f"interval=5,{tuning}", LINE, 50)
    kept = np.delete(x_of(dynamic), np.array(skipped(dynamic)) + 1, axis=0)
    assert len(skipped(dynamic)) >= 5 and len(kept) >= 40
    # Scales are powers of two, and what they multiply is normal: the same bits.
    np.testing.assert_array_equal(kept[:40], x_of(usual)[:40])


def test_the_scale_is_held_in_single_precision():
    tuned = registry.optimizer("mixed_precision[scale=0.1]").tune(registry.problem(LINE))
    assert tuned.declared["scale"] == float(np.float32(0.1)) != 0.1


@pytest.mark.parametrize(
    ("more", "k", "reason"),
    [
        # x_k = (-3)^k: 4 * 3^9 and 3^11 are the first beyond 65504.
        ("scaling=none", 9, "a gradient times its scale of 1 is beyond 65504, the largest number of float16"),
        ("scaling=static", 0, "a gradient times its scale of 65536 is beyond 65504, the largest number of float16"),
        ("scaling=static,scale=0.25", 10, "a weight is beyond 65504, the largest number of float16"),
        ("scaling=static,scale=0.25,master=false", 10, "a weight is beyond 65504, the largest number of float16"),
        ("scaling=dynamic,scale=0.25", 10, "a weight is beyond 65504, the largest number of float16"),
        (
            "format=bfloat16,scaling=static,scale=3e38",
            0,
            "a gradient times its scale of 3e+38 is beyond 3.38953e+38, the largest number of bfloat16",
        ),
    ],
)
def test_a_format_that_overflows_ends_the_run_with_its_reason(more, k, reason):
    found = run(f"{more},alpha=1,beta=0")
    assert (found.status, found.k, found.reason) == ("failed", k, reason)
    assert len(found.trajectory) == k + 1 and np.all(np.isfinite(x_of(found)))


def test_a_gradient_that_no_scale_brings_into_the_format_ends_the_run():
    problem = diagonal(np.array([1e60]), np.ones(1), "a test")
    found = run_pair(problem, registry.optimizer("mixed_precision"), Cell("mixed_precision", "a wall", 400))
    reason = "a gradient is beyond 65504, the largest number of float16, at every scale of single precision"
    # From 2^16 to 2^-149 in 165 halvings; the next is 0.
    assert (found.status, found.k, found.reason) == ("failed", 165, reason)
    # 1e60 times 2^-190 is no overflow, so it is the scale that ends.
    assert np.all(x_of(found) == 1.0)


@pytest.mark.parametrize(
    ("name", "value", "nearest"),
    [
        ("float16", 65505.0, "65504"),
        ("float16", -1e6, "-65504"),
        ("bfloat16", 1e39, "3.38953e+38"),
        ("float32", -math.inf, "-3.40282e+38"),
    ],
)
def test_a_start_that_the_format_does_not_hold_is_refused(name, value, nearest):
    problem = replace(registry.problem("quadratic[dim=2]"), start=np.array([1.0, value]))
    with pytest.raises(BadInput) as refused:
        registry.optimizer(f"mixed_precision[format={name}]").tune(problem)
    assert str(refused.value) == (
        f"x_0 of {problem.name} holds {value:g}, which {name} cannot: the nearest valid value is {nearest}."
    )
    for fine in (65504.0, -65504.0):
        registry.optimizer(f"mixed_precision[format={name}]").tune(replace(problem, start=np.array([1.0, fine])))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("scale=0", "scale=0 is out of range"),
        ("scale=1e39", "the nearest valid value is 3.40282e+38"),
        ("scale=nan", "scale=nan"),
        ("interval=0", "the nearest valid value is 1"),
        ("interval=2.5", "the nearest valid value is 2"),
        ("beta=1", "it must lie strictly below 1"),
        ("format=float8", "did you mean 'float"),
        ("scaling=always", "There is no scaling of mixed_precision 'always'"),
        ("scaling=none,scale=8", "scale=8 of mixed_precision goes with scaling=static or dynamic, and not with none"),
        ("scaling=static,interval=5", "interval=5 of mixed_precision goes with scaling=dynamic, and not with static"),
        ("scaling=none,interval=5", "interval=5 of mixed_precision goes with scaling=dynamic, and not with none"),
    ],
)
def test_bad_input_is_a_sentence(more, says):
    with pytest.raises(BadInput) as refused:
        registry.optimizer(f"mixed_precision[{more}]")
    assert says in str(refused.value)


MODES = (
    *("mixed_precision[master=false]", "mixed_precision[scaling=none]", "mixed_precision[scaling=static,scale=8]"),
    *("mixed_precision[format=bfloat16,master=false]", "mixed_precision[format=float32]", OFTEN),
    *("mixed_precision[scale=1e30]", "mixed_precision[schedule=cosine]", "mixed_precision[beta=0]"),
)


@pytest.mark.parametrize("selector", MODES)
def test_every_mode_agrees_with_its_copies(selector):
    seen = {name: checks()[name].see(registry.optimizer(selector)) for name in ("naive", "permutation", "scaling")}
    unscaled = "none" in selector
    assert [one.outcome for one in seen.values()] == ["passed", "passed", "not applicable" if unscaled else "passed"]
    assert all(one.resolvable > 400 for name, one in seen.items() if not (unscaled and name == "scaling"))


def test_units_of_x_are_left_out_by_name():
    """A format has the same smallest and largest number whatever x is measured in."""
    seen = checks()["scaling"].see(registry.optimizer("mixed_precision"))
    assert seen == Seen(
        "passed",
        "the same bits in 2 other units, with scale multiplied; format=float16 stands for numbers that have no other"
        " units",
        *(seen.checked, seen.resolvable),
    )
    arena, optimizer = arenas()[0], registry.optimizer("mixed_precision")
    with pytest.raises(FixedNumbers, match="format=float16 stands for numbers"):
        in_units(optimizer, arena.problem(), arena.scaled(0, 5).problem(), 0, 5)


def test_a_check_of_units_that_leaves_out_all_of_them_is_not_applicable(monkeypatch):
    from gdbench.audit.checks import scaling

    monkeypatch.setattr(scaling, "UNITS", ((0, 5), (0, -9)))
    seen = scaling.see(registry.optimizer("mixed_precision"))
    assert seen == Seen("not applicable", "format=float16 stands for numbers that have no other units")


@pytest.mark.parametrize(("name", "same"), [("bfloat16", True), ("float32", True), ("float16", False)])
def test_in_other_units_of_x_a_format_with_room_takes_the_same_steps(name, same):
    """Eight bits of exponent hold 2^-9 x to the last digit; five do not."""
    arena = arenas()[0]
    usual = replay(arena.problem(), registry.optimizer(f"mixed_precision[format={name}]"), 100)
    tuned = registry.optimizer(f"mixed_precision[format={name},scale={65536 * 2.0**-9!r}]")
    other = replay(arena.scaled(0, -9).problem(), tuned, 100) * 2.0**9
    assert np.array_equal(other, usual) == same


@pytest.mark.parametrize("name", FORMATS)
def test_the_loop_rounds_as_the_kernel_does(name):
    draws = np.random.default_rng(6)
    x = draws.integers(0, 2**64, 20_000, dtype=np.uint64).view(np.float64)
    near = np.ldexp(draws.uniform(-2.0, 2.0, 20_000), draws.integers(-160, 130, 20_000))
    x = np.concatenate([x[np.isfinite(x)], near])
    slow = plain(rounded)
    expected = [slow(one, *FORMATS[name].numbers) for one in x.tolist()]
    np.testing.assert_array_equal(_kept(x, name), expected)


@pytest.mark.parametrize("problem", registry.names("problem"))
def test_no_theorem_judges_it(problem):
    assert registry.optimizer("mixed_precision").theorems == ()
    alpha = "alpha=0.1" if problem == "mlp" else ""
    found = run_cell(Cell(f"mixed_precision[{alpha}]" if alpha else "mixed_precision", problem, 50))
    assert found.verdicts == () and found.status in ("finished", "diverged", "failed")


@pytest.mark.parametrize("selector", HONEST)
def test_the_planted_steps_without_a_bug_are_its_own(selector):
    problem, optimizer = registry.problem("quadratic[dim=7]"), registry.optimizer(selector)
    same_run(problem, optimizer, HONEST[selector](optimizer))
