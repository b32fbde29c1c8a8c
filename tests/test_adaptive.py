"""Adaptive methods: the lengths of their steps, their units, their zeros, and the examples that tell them apart."""

import math
import random
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from planted.bugs_adaptive import HONEST
from planted.test_planted import same_run
from test_no_false_alarms import problem as random_problem

from gdbench import registry
from gdbench.audit.arena import arenas
from gdbench.audit.replay import replay
from gdbench.errors import BadInput
from gdbench.kernel import plain, step
from gdbench.run import Cell, run_cell, run_pair
from gdbench.theory import theorem
from gdbench.theory.adaptive import RegretJudge

U = 2.0**-52
METHODS = ("adagrad", "rmsprop", "adam", "amsgrad", "adamw", "lars", "lamb")
#: With every term of the step at work.
FULL = (
    *("adam[eps=0,alpha=0.1]", "adam[eps=0,correction=false,beta1=0.5]", "amsgrad[eps=0,beta2=0.9]"),
    *("amsgrad[eps=0,largest=corrected,beta2=0.9]", "adamw[eps=0,decay=0.3,alpha=0.1]", "adagrad[eps=0]"),
    *("rmsprop[eps=0,momentum=0.9]", "rmsprop[eps=0,centered=true]", "lars", "lamb[eps=0]"),
)


def walk(selector, gradients, start=0.0, alphas=None, layers=None):
    """x, memory and hyperparameters after each of the gradients, shape (steps, n), whatever x is: the step alone."""
    optimizer = registry.optimizer(selector)
    tuning = optimizer.tune(registry.problem("bowl"))
    gradients = np.asarray(gradients, dtype=float)
    n = gradients.shape[1]
    state = SimpleNamespace(
        x=np.full(n, start), g=np.zeros(n), memory=np.zeros((optimizer.memory, n)), hyper=np.array(tuning.hyper)
    )
    data = SimpleNamespace(layers=np.array([0, n] if layers is None else layers))
    move = plain(optimizer.step)
    found = []
    for k, g in enumerate(gradients):
        state.g[:] = g
        move(k, tuning.plan[0] if alphas is None else alphas[k], 0.0, state, data, None)
        found.append(SimpleNamespace(x=state.x.copy(), memory=state.memory.copy(), hyper=state.hyper.copy()))
    return found


def outcomes(result):
    return {verdict.theorem: verdict for verdict in result.verdicts}


def C(k, beta1, beta2, correction=1.0):
    return float(theorem("adam_step").bound(np.array([float(k)]), locals() | {"alpha": 1.0})[0])


@pytest.mark.parametrize(
    ("method", "more"),
    [
        *[("adam", ""), ("adam", ",correction=false"), ("amsgrad", ""), ("amsgrad", ",correction=false")],
        ("amsgrad", ",largest=corrected"),
    ],
)
@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.5, 0.75), (0.0, 0.9)])
@pytest.mark.parametrize("k", [1, 2, 10, 100])
def test_gradients_that_grow_by_beta2_over_beta1_make_the_longest_step(k, beta1, beta2, method, more):
    ratio = beta1 / beta2
    gradients = ratio ** np.arange(k - 1.0, -1.0, -1.0)[:, np.newaxis]
    found = walk(f"{method}[alpha=1,eps=0,beta1={beta1},beta2={beta2}{more}]", gradients)
    before = found[-2].x[0] if k > 1 else 0.0
    longest = C(k, beta1, beta2, correction=0.0 if "correction" in more else 1.0)
    # x lies up to k C_k from 0, and is rounded to u of that.
    assert before - found[-1].x[0] == pytest.approx(longest, rel=4 * U * (10 + k))


def test_the_length_of_a_step_is_not_alpha():
    """C_1 = 1, C_100 = 2.2434, and 7.27 is all that it grows to; without correction 3.16 at once."""
    assert C(1, 0.9, 0.999) == pytest.approx(1.0, rel=4 * U)
    assert round(C(100, 0.9, 0.999), 4) == 2.2434
    curve = theorem("adam_step").bound(
        np.arange(1.0, 1e5), {"alpha": 1.0, "beta1": 0.9, "beta2": 0.999, "correction": 1.0}
    )
    assert round(float(curve.max()), 2) == 7.27
    # (1 - beta1)/sqrt(1 - beta2) 1/sqrt(1 - rho), where all of the correction is gone.
    assert curve.max() == pytest.approx(0.1 / math.sqrt(0.001 * (1.0 - 0.81 / 0.999)), rel=1e-12)
    assert C(1, 0.9, 0.999, correction=0.0) == pytest.approx(math.sqrt(10.0), rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "selector", ["adam[alpha=1,eps=0]", "adam[alpha=1,eps=0,beta1=0.7,beta2=0.8]", "amsgrad[alpha=1]"]
)
def test_no_gradients_make_a_longer_step(selector, seed):
    """Of any size and sign: also where all are small before a large one."""
    draws = np.random.default_rng(seed)
    gradients = draws.standard_normal((200, 4)) * 10.0 ** draws.uniform(-6.0, 6.0, (200, 4))
    declared = registry.optimizer(selector).tune(registry.problem("bowl")).declared
    x = np.array([np.zeros(4), *(state.x for state in walk(selector, gradients))])
    longest = [C(k, declared["beta1"], declared["beta2"]) for k in range(1, 201)]
    assert np.all(np.abs(np.diff(x, axis=0)) <= np.array(longest)[:, np.newaxis] * (1.0 + 1e-12) + 200 * U)


@pytest.mark.parametrize("p", [1, -3, 7, 40, -61])
@pytest.mark.parametrize("selector", FULL)
def test_without_eps_f_may_be_measured_in_any_unit(selector, p):
    """f times 2^p: the same x to the bit. decay of L2 would have the unit of L."""
    optimizer = registry.optimizer(selector)
    for arena in arenas():
        usual = replay(arena.problem(), optimizer, 60)
        np.testing.assert_array_equal(replay(arena.scaled(p, 0).problem(), optimizer, 60), usual)


def test_with_eps_the_unit_matters():
    arena = arenas()[0]
    optimizer = registry.optimizer("adam[eps=0.1]")
    assert np.any(replay(arena.scaled(4, 0).problem(), optimizer, 5) != replay(arena.problem(), optimizer, 5))


@pytest.mark.parametrize("eps", [0.0, 1e-8, 0.5])
@pytest.mark.parametrize(
    ("selector", "scale"),
    [("adam", 1.0), ("amsgrad", 1.0), ("amsgrad[largest=corrected]", 1.0), ("adamw", 1.0), ("adagrad", 1.0),
     ("rmsprop[rho=0.75]", 0.5)],
)  # fmt: skip
def test_the_first_step_is_alpha_g_over_g_plus_eps(selector, scale, eps):
    """RMSprop's v is (1 - rho) g^2 after it, and not corrected."""
    g = np.array([3.0, -1e-3, 1e-7, 20.0])
    name, given = registry.split_selector(selector)
    more = ",".join(f"{key}={text}" for key, text in {**given, "eps": repr(eps), "alpha": "0.25"}.items())
    [found] = walk(f"{name}[{more}]", [g])
    # x starts at 0, so a decay takes nothing away. A root of a square and two quotients: some u.
    np.testing.assert_allclose(found.x, -0.25 * g / (scale * np.abs(g) + eps), rtol=16 * U)


@pytest.mark.parametrize("more", ["", ",largest=corrected", ",correction=false"])
def test_the_largest_v_never_falls_and_v_does(more):
    gradients = np.random.default_rng(3).standard_normal((300, 5)) * np.linspace(3.0, 0.01, 300)[:, np.newaxis]
    found = walk(f"amsgrad[beta2=0.9{more}]", gradients)
    v, largest = (np.array([state.memory[row] for state in found]) for row in (1, 2))
    assert np.all(np.diff(largest, axis=0) >= 0.0) and np.any(np.diff(v, axis=0) < 0.0)
    weights = np.array([state.hyper[6] for state in found])[:, np.newaxis]
    held = v / weights if "corrected" in more else v
    np.testing.assert_array_equal(largest, np.maximum.accumulate(held, axis=0))
    # Torch's own form divides it by 1 - beta2^k, which grows: its root may fall. The others never do.
    root = largest / weights if not more else largest
    assert np.any(np.diff(root, axis=0) < 0.0) == (not more)


@pytest.mark.parametrize("beta", [0.0, 0.1, 0.3, 0.5, 0.9, 0.999, 1.0 - 2.0**-50])
def test_the_sum_of_the_weights(beta):
    """Corrected it is 1 - beta^k, uncorrected it stays 1 to the bit."""
    selector = f"adam[beta1={beta!r},beta2={beta!r}"
    for k, state in enumerate(walk(selector + "]", np.ones((500, 1))), 1):
        # Each sum rounds twice, and forgets.
        exact = -math.expm1(k * math.log(beta)) if beta > 0.0 else 1.0
        assert state.hyper[5] == state.hyper[6] == pytest.approx(exact, rel=4 * U * (1 + k))
    for state in walk(selector + ",correction=false]", np.ones((500, 1))):
        assert state.hyper[5] == state.hyper[6] == 1.0


@pytest.mark.parametrize("selector", [*FULL, "adam[eps=0,beta2=0]"])
def test_a_coordinate_without_a_gradient_stays_where_it_is(selector):
    gradients = np.random.default_rng(1).standard_normal((50, 3)) * np.array([1.0, 0.0, 1.0])
    x = np.array([state.x for state in walk(selector, gradients, start=1.5)])
    assert np.all(np.isfinite(x))
    left = (1.0 - 0.1 * 0.3) ** np.arange(1, 51) if selector.startswith("adamw") else np.ones(50)
    np.testing.assert_allclose(x[:, 1], 1.5 * left, rtol=50 * U)
    assert np.all(x[:, [0, 2]] != 1.5)


def test_a_box_holds_the_iterates_and_lets_them_go_again():
    gradients = np.concatenate([-np.ones((30, 2)), np.ones((60, 2))])
    x = np.array([state.x for state in walk("adam[alpha=0.1,box=0.75]", gradients)])
    assert x.max() == 0.75 and np.sum(x[:, 0] == 0.75) > 5
    assert x.min() == -0.75
    free = np.array([state.x for state in walk("adam[alpha=0.1]", gradients)])
    np.testing.assert_array_equal(x[:7], free[:7])


@pytest.mark.parametrize(("selector", "end"), [
    ("adam", 1.0), ("adam[correction=false]", 1.0), ("amsgrad[largest=corrected]", -1.0),
    ("amsgrad[correction=false]", -1.0), ("amsgrad", -1.0),
])  # fmt: skip
@pytest.mark.parametrize("start", [1.0, 0.0, -1.0])
def test_reddi_kale_and_kumar_lead_adam_astray(selector, end, start):
    """f_t = 3 x every third time, else -x, on [-1, 1]: their mean falls to the left, Adam goes right (theorem 1)."""
    slope, steps = 3.0, 30_000
    gradients = np.where(np.arange(steps) % 3 == 0, slope, -1.0)[:, np.newaxis]
    beta2 = 1.0 / (1.0 + slope * slope)
    alphas = 0.5 * math.sqrt(1.0 - beta2) / np.sqrt(np.arange(1.0, steps + 1.0))
    name, given = registry.split_selector(selector)
    more = ",".join(f"{key}={text}" for key, text in {**given, "beta1": 0, "beta2": repr(beta2), "box": 1}.items())
    x = walk(f"{name}[{more}]", gradients, start=start, alphas=alphas)[-1].x[0]
    assert abs(x - end) < 0.01


def test_adamw_without_decay_is_adam_to_the_bit():
    for problem in ("rosenbrock", "logistic[features=3]", "mlp"):
        ours, same = (run_cell(Cell(one, problem, 200)) for one in ("adamw[decay=0]", "adam"))
        for name, column in same.trajectory.columns.items():
            np.testing.assert_array_equal(ours.trajectory[name], column)


def test_the_two_decays_differ():
    """L2's passes through the moments, which take its size away."""
    problem = "quadratic[dim=3,kappa=10]"
    decays = ("adam[alpha=0.05]", "adam[alpha=0.05,decay=0.5]", "adamw[alpha=0.05,decay=0.5]")
    ends = [run_cell(Cell(one, problem, 15)).trajectory["x0"][-1] for one in decays]
    assert len(set(ends)) == 3


def test_a_variance_below_0_is_0():
    """Slopes that differ by rounding: v - m^2 is rounding, and torch's RMSprop becomes NaN."""
    draws = np.random.default_rng(5)
    gradients = np.linspace(0.1, 1.0, 41) * (1.0 + 1e-10 * draws.standard_normal((600, 41)))
    found = walk("rmsprop[centered=true,rho=0.9]", gradients)
    v, m = (np.array([state.memory[row] for state in found]) for row in (0, 2))
    assert np.any(v - m * m < 0.0)
    assert np.all(np.isfinite([state.x for state in found]))


@pytest.mark.parametrize("method", ["lars[beta=0,trust=0.02]", "lamb[alpha=0.02]", "lamb[alpha=0.02,decay=0.7]"])
def test_each_layer_moves_by_its_share(method):
    layers = [0, 2, 3, 7]
    start = np.arange(1.0, 8.0)
    [found] = walk(method, [np.random.default_rng(0).standard_normal(7)], start=start, layers=layers)
    for first, last in pairwise(layers):
        moved, length = (np.linalg.norm(x[first:last]) for x in (found.x - start, start))
        # Norms, quotients and x itself: some u of x, which is 50 times the step.
        assert moved == pytest.approx(0.02 * length, rel=400 * U)


@pytest.mark.parametrize(("method", "moves"), [("lars", 1.0), ("lamb[eps=0]", 0.01)])
def test_a_layer_at_0_leaves_it(method, moves):
    """By alpha g, and by alpha in each entry: the trust ratio is 1 there."""
    g = np.array([0.5, -2.0, 3.0])
    [found] = walk(method, [g])
    expected = -moves * (g if method == "lars" else np.sign(g))
    np.testing.assert_allclose(found.x, expected, rtol=8 * U)


@pytest.mark.parametrize("method", ["lars", "lamb"])
def test_layers_are_those_of_the_problem(method):
    """With one layer for all the path is another."""
    problem = registry.problem("quadratic[dim=7]")
    parts = replace(problem, layers=np.array([0, 2, 7], dtype=np.int64))
    assert np.any(replay(parts, registry.optimizer(method), 5) != replay(problem, registry.optimizer(method), 5))


CONVEX = ("bowl", "quadratic", "quadratic[dim=3,kappa=10]", "logistic[features=3]", "least_squares", "huber", "damping")


@pytest.mark.parametrize("selector", ["adagrad", "adagrad[alpha=0.5,eps=0]", "adagrad[alpha=2,initial=1,eps=0.1]"])
@pytest.mark.parametrize("problem", CONVEX)
def test_adagrads_regret_is_bounded(problem, selector):
    verdict = outcomes(run_cell(Cell(selector, problem, 400)))["adagrad_regret"]
    assert verdict.outcome == "holds" and verdict.resolvable == 1.0
    assert verdict.tightness > 1e-3


@step
def still(k, alpha, f, state, data, calls):
    return alpha, 0, 0


@step
def stride(k, alpha, f, state, data, calls):
    """Every entry moves by 12 alpha, beyond every C_k here."""
    for i in range(state.x.shape[0]):
        state.x[i] -= 12.0 * alpha if state.g[i] > 0.0 else -12.0 * alpha
    return alpha, 0, 0


@pytest.mark.parametrize("problem", ["bowl", "quadratic[dim=7]"])
def test_a_method_that_stays_has_more_regret(problem):
    """Like k, where AdaGrad has at most sqrt k."""
    cell = Cell("adagrad[alpha=0.5]", problem, 1500)
    stays = replace(registry.optimizer(cell.optimizer), step=still)
    assert outcomes(run_pair(registry.problem(problem), stays, cell))["adagrad_regret"].outcome == "violated"


def test_regret_by_entries_is_sharper_than_by_norms(monkeypatch):
    cell = Cell("adagrad[alpha=0.5]", "quadratic[dim=3,kappa=10]", 300)
    by_entries = outcomes(run_cell(cell))["adagrad_regret"]
    monkeypatch.setattr(RegretJudge, "_entries", lambda self, chunk: self._norms(
        np.cumsum(chunk.before("grad2")), np.sqrt(np.maximum.accumulate(chunk.before("dist2")))))  # fmt: skip
    by_norms = outcomes(run_cell(cell))["adagrad_regret"]
    assert by_norms.outcome == "holds" and by_norms.tightness < 0.8 * by_entries.tightness


def test_regret_is_the_sum_over_all_steps_also_beyond_a_chunk(monkeypatch):
    """Chunks of 100 rows: sums, squares and distances go on."""
    cell = Cell("adagrad[alpha=0.5]", "bowl", 950)
    whole = run_cell(cell).verdicts
    monkeypatch.setattr(import_module("gdbench.run"), "CHUNK", 100)
    for one, other in zip(whole, run_cell(cell).verdicts, strict=True):
        assert (one.theorem, one.outcome, one.k) == (other.theorem, other.outcome, other.k)
        # The same sums in other groups.
        assert other.bound == pytest.approx(one.bound, rel=1000 * U)
        assert other.measured == pytest.approx(one.measured, rel=1000 * U)


@pytest.mark.parametrize("selector", METHODS)
@pytest.mark.parametrize("problem", ["rosenbrock", "bowl"])
def test_a_step_that_does_not_heed_its_length_is_seen_on_a_run(problem, selector):
    wild = replace(registry.optimizer(selector), step=stride)
    result = run_pair(registry.problem(problem), wild, Cell(selector, problem, 50))
    assert outcomes(result)[wild.theorems[0]].outcome == "violated"


def test_a_schedule_moves_the_bound_along():
    """alpha_k = alpha/(k + 1): at every k the bound is that of the step."""
    result = run_cell(Cell("adam[alpha=0.1,eps=0,schedule=inverse]", "bowl", 300))
    verdict = outcomes(result)["adam_step"]
    assert verdict.outcome == "attained" and verdict.resolvable == 1.0
    longer = replace(registry.optimizer("adam[alpha=0.1,eps=0]"), schedule=registry.schedule("inverse_sqrt"))
    lying = replace(longer, schedule=replace(longer.schedule, shares=registry.schedule("inverse").shares))
    assert outcomes(run_pair(registry.problem("bowl"), lying, Cell("", "", 300)))["adam_step"].outcome == "violated"


NUMBERS = {
    "adam": "alpha={a},beta1={b},beta2={c},eps={e},decay={d},correction={t}",
    "amsgrad": "alpha={a},beta1={b},beta2={c},eps={e},decay={d},largest={w}",
    "adamw": "alpha={a},beta1={b},beta2={c},eps={e},decay={d}",
    "adagrad": "alpha={a},eps={e},initial={d}",
    "rmsprop": "alpha={a},rho={c},eps={e},momentum={b}",
    "lars": "alpha={a},beta={b},trust={s},decay={d}",
    "lamb": "alpha={s},beta1={b},beta2={c},eps={e},decay={d}",
}


@pytest.mark.parametrize("method", NUMBERS)
def test_no_theorem_is_violated_whatever_the_numbers(method):
    """Also where beta is near 1 or 0, eps nothing or all, and iterates cross 0 or stand still."""
    draws = random.Random(method)
    judged = 0
    for seed in range(40):
        numbers = NUMBERS[method].format(
            a=f"{10 ** draws.uniform(-4, 1):.6g}",
            b=draws.choice(["0", "0.5", "0.9", f"{draws.uniform(0, 0.999):.4f}"]),
            c=draws.choice(["0.9", "0.999", f"{draws.uniform(0, 0.9999):.4f}"]),
            e=draws.choice(["0", "1e-8", "0.1", "10"]),
            d=draws.choice(["0", "0", "0.1", "1"]),
            s=f"{10 ** draws.uniform(-4, -0.5):.6g}",
            t=draws.choice(["true", "false"]),
            w=draws.choice(["raw", "corrected"]),
        )
        schedule = draws.choice(["", "", ",schedule=inverse", ",schedule=cosine[steps=200]"])
        result = run_cell(Cell(f"{method}[{numbers}{schedule}]", random_problem(draws, seed), 400))
        told = [verdict for verdict in result.verdicts if verdict.outcome != "not applicable"]
        judged += len(told)
        assert all(verdict.outcome in ("holds", "attained") for verdict in told), (result.cell, told)
    assert judged >= 10


def test_no_theorem_speaks_of_the_gap_of_these_but_adagrads():
    for name in METHODS:
        for held in map(theorem, registry.optimizer(name).theorems):
            assert ("gap" in held.quantity) == (held.id == "adagrad_regret")


@pytest.mark.parametrize("selector", [
    *("adam[beta1=1]", "adam[beta2=1]", "adam[eps=-1]", "adam[decay=-1]", "adam[box=0]", "adam[box=-1]"),
    *("adam[box=nan]", "amsgrad[largest=v]", "amsgrad[eps=inf]", "adamw[decay=-1]", "adagrad[initial=-1]"),
    *("rmsprop[rho=1]", "rmsprop[momentum=1]", "rmsprop[centered=yes]", "lars[trust=0]", "lars[beta=1]"),
    *("adagrad[eps=-1]", "lamb[eps=-1]"),
])  # fmt: skip
def test_what_is_out_of_range_is_refused_in_one_sentence(selector):
    with pytest.raises(BadInput) as refused:
        registry.optimizer(selector)
    said = str(refused.value)
    assert selector.partition("[")[2].partition("=")[0] in said and "\n" not in said and said.endswith(".")


def test_infinity_is_a_box():
    assert registry.optimizer("adam[box=inf]").name == "adam"


@pytest.mark.parametrize("problem", ["quadratic[dim=7]", "mlp[inputs=3,width=3,samples=21]"])
@pytest.mark.parametrize("selector", HONEST)
def test_the_planted_steps_without_a_bug_are_its_own(selector, problem):
    optimizer = registry.optimizer(selector)
    same_run(registry.problem(problem), optimizer, HONEST[selector](optimizer))
