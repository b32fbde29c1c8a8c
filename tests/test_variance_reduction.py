"""SVRG and SAGA: what a step is, what it costs, what it is on average, and how fast it is in expectation."""

from dataclasses import replace
from functools import cache
from itertools import islice, product

import numpy as np
import pytest
from finite_sums import Player, gradients, textbook
from planted.bugs_variance_reduction import HONEST
from planted.test_planted import same_run

from gdbench import registry
from gdbench.errors import BadInput
from gdbench.jury import facts_of
from gdbench.kernel import COLUMNS
from gdbench.run import Cell, problem_value, run_cell, run_pair
from gdbench.theory import theorem

U = 2.0**-52
SQUARES, LOGISTIC = "least_squares[samples=12,features=3]", "logistic[samples=12,features=3,l2=0.3]"
TINY = "least_squares[samples=3,features=2,seed=1]"
METHODS = (
    *("svrg[epoch=7]", "svrg[epoch=7,average=true]", "svrg[sampling=batches[size=4]]", "svrg[epoch=1]", "svrg", "saga"),
    *("svrg[sampling=batches[size=6,order=distinct,parts=3],epoch=5,average=true]", "saga[schedule=inverse_sqrt]"),
    *(
        "saga[sampling=batches[size=5]]",
        "saga[sampling=batches[size=12]]",
        "saga[sampling=batches[order=cyclic,size=1]]",
    ),
    *("saga[sampling=batches[size=4,order=distinct]]", "svrg[sampling=batches[size=5,order=reshuffled]]"),
)


def drawn(problem, optimizer, count, seed=0):
    """The samples of the first queries, by the sampling's own kernel: draws do not depend on x."""
    player, found = Player(problem, optimizer, seed), []
    for k in range(count):
        player.query(k)
        found.append(player.chosen.tolist())
    return found


@pytest.mark.parametrize("problem", [SQUARES, LOGISTIC])
@pytest.mark.parametrize("selector", METHODS)
def test_a_run_is_its_naive_loop(selector, problem):
    steps, instance, method = 60, registry.problem(problem), registry.optimizer(selector)
    view = textbook(instance, method, drawn(instance, method, steps))
    shares = method.schedule.shares(np.arange(steps, dtype=float))
    view.alpha = lambda k: view.declared["alpha"] * shares[k]
    path = np.array(list(islice(method.naive(view), steps)))
    run = run_cell(Cell(selector, problem, steps - 1)).trajectory
    found = np.stack([run[f"x{i}"] for i in range(instance.n)], axis=1)
    # Steps that contract keep a few roundings of gradients of samples, L_sample/L times as long as that of f: 30 u.
    np.testing.assert_allclose(found, path, rtol=0, atol=256 * U * np.abs(path).max())


@pytest.mark.parametrize("problem", [TINY, LOGISTIC.replace("12", "3")])
@pytest.mark.parametrize(("selector", "size"), [("saga", 1), ("saga", 2), ("saga", 3), ("svrg[epoch=9]", 2)])
def test_over_all_batches_a_step_is_the_gradient_step(selector, size, problem):
    """With replacement: in many batches a sample comes twice or thrice."""
    instance = registry.problem(problem)
    given = f"sampling=batches[size={size}]"
    method = registry.optimizer(f"{selector[:-1]},{given}]" if "[" in selector else f"{selector}[{given}]")
    player, everything = Player(instance, method), range(instance.samples)
    for k in range(5):
        player.step(k)
    before, alpha = player.kept(), player.tuning.plan[0]
    moves = []
    for batch in product(everything, repeat=size):
        player.step(5, batch)
        moves.append(player.x - before[0])
        player.put_back(before)
    exact = np.mean(gradients(instance)(before[0], list(everything)), axis=0)
    largest = np.max(np.abs(moves))
    np.testing.assert_allclose(
        np.mean(moves, axis=0), -alpha * exact, rtol=0, atol=8 * U * (largest + np.abs(player.x).max())
    )
    assert np.std(moves, axis=0).max() > 1e-3 * largest


@pytest.mark.parametrize("size", [1, 2, 9])
def test_the_table_holds_the_last_gradient_of_each_sample_and_its_mean(size):
    instance = registry.problem(SQUARES)
    player = Player(instance, registry.optimizer(f"saga[sampling=batches[size={size}]]"))
    slopes, twice = gradients(instance), 0
    table = slopes(player.x, list(range(12)))
    largest = np.abs(table).max()
    for k in range(100):
        x = player.x.copy()
        player.step(k)
        chosen = sorted(set(player.chosen.tolist()))
        twice += len(chosen) < size
        table[chosen] = slopes(x, chosen)
        np.testing.assert_allclose(player.memory[3:], table, rtol=0, atol=32 * U * largest)
        # Differences of `size` rows a step, summed anew every 12 steps: 3 u at most.
        drift = np.abs(player.memory[0] - np.mean(player.memory[3:], axis=0)).max()
        assert drift <= 8 * U * largest
    assert (twice > 0) == (size > 1)


def test_rounding_does_not_gather_in_the_mean_of_the_table():
    """The table falls to 1e-30 of its start; a mean that is never summed anew keeps u of the start."""
    instance = replace(registry.problem(SQUARES), vector=np.zeros(12), start=np.ones(3))
    player = Player(instance, registry.optimizer("saga[alpha=0.3/L_sample]"))
    for k in range(20_000):
        player.step(k)
    assert np.linalg.norm(player.x) < 1e-30


@pytest.mark.parametrize(
    ("selector", "counted"),
    [
        ("svrg[epoch=10]", lambda k, m: k + 1 + m * (1 + (k - 1) // 10) + (k - 1 - (k - 1) // 10)),
        ("svrg[epoch=10,average=true]", lambda k, m: k + 1 + m * (1 + (k - 1) // 10) + (k - 1 - (k - 1) // 10)),
        ("svrg[epoch=10,sampling=batches[size=4]]",
         lambda k, m: 4 * (k + 1) + m * (1 + (k - 1) // 10) + 4 * (k - 1 - (k - 1) // 10)),
        ("saga", lambda k, m: k + 1 + m),
        ("saga[sampling=batches[size=4]]", lambda k, m: 4 * (k + 1) + m + 4 * k),
    ],
)  # fmt: skip
def test_gradients_are_counted_by_samples(selector, counted):
    rows = run_cell(Cell(selector, SQUARES, 45)).trajectory["gradient_calls"]
    assert rows[0] == (4 if "size=4" in selector else 1)
    assert rows[1:].tolist() == [counted(k, 12) for k in range(1, 46)]


def test_the_default_epoch_draws_twice_the_samples():
    for size, epoch in ((1, 24), (4, 6), (5, 4), (12, 2)):
        method = registry.optimizer(f"svrg[sampling=batches[size={size}]]")
        assert method.tune(registry.problem(SQUARES)).declared["epoch"] == epoch
    assert registry.optimizer("saga").rows(registry.problem(SQUARES)) == 3 + 12


@cache
def gaps(selector, problem):
    """The mean gap over replicates at each checkpoint, and at the start."""
    found = run_cell(Cell(selector, problem, 10_000, replicates=100))
    kept, f_star = found.summary["replicates"], registry.problem(problem).f_star.value
    return {0: found.summary["gap_0"], **dict(zip(kept["k"], np.array(kept["f"]) - f_star, strict=True))}


@pytest.mark.parametrize(
    ("corrected", "k"), [("svrg[{}]", 100), ("svrg[average=true,epoch=400,{}]", 1000), ("saga[{}]", 100)]
)
@pytest.mark.parametrize("problem", ["least_squares[samples=30,features=3]", "logistic[samples=30,features=3,l2=0.2]"])
def test_corrected_batches_converge_where_plain_ones_stall(corrected, k, problem):
    instance, alpha = registry.problem(problem), "alpha=0.1/L_sample"
    stalls, falls = gaps(f"sgd[{alpha},sampling=batches[size=1]]", problem), gaps(corrected.format(alpha), problem)
    # A floor: over a decade the mean gap keeps its size, of which its standard error is a tenth.
    assert stalls[10_000] > 0.5 * stalls[1000] > 2e-5
    # A line in log f: twice the updates square the ratio to the start, but for a constant.
    assert falls[2 * k] / falls[0] <= 4 * (falls[k] / falls[0]) ** 2 < 0.1
    # Down to the rounding of f, a sum of 30 terms.
    assert abs(falls[10_000]) <= 64 * U * instance.f_star.value


BINDING = [
    ("svrg[average=true,epoch=2000]", "least_squares[samples=30,features=3]", "svrg_gap"),
    ("svrg[average=true,epoch=1000,alpha=0.15/L_sample,sampling=batches[size=4,order=distinct]]",
     "least_squares[samples=30,features=3]", "svrg_gap"),
    ("svrg[average=true,epoch=1000]", "logistic[samples=30,features=3,l2=0.5]", "svrg_gap"),
    ("svrg[epoch=200]", "least_squares[samples=30,features=3]", "svrg_dist"),
    ("svrg[epoch=50,sampling=batches[size=4]]", "least_squares[samples=30,features=3]", "svrg_dist"),
    ("svrg", "logistic[samples=30,features=3,l2=0.5]", "svrg_dist"),
    ("saga", "least_squares[samples=30,features=3]", "saga_dist"),
    ("saga[alpha=1/(6*L_sample),sampling=batches[size=10]]", "least_squares[samples=30,features=3]", "saga_dist"),
    ("saga[sampling=batches[size=10,order=distinct]]", "logistic[samples=30,features=3]", "saga_dist"),
    ("saga[alpha=1/(2*(mu*30+L_sample))]", "logistic[samples=30,features=3,l2=0.5]", "saga_defazio"),
]  # fmt: skip


@pytest.mark.parametrize(("optimizer", "problem", "name"), BINDING)
def test_the_theorem_holds_over_replicates(optimizer, problem, name):
    found = run_cell(Cell(optimizer, problem, 3000, replicates=200))
    verdict = next(one for one in found.verdicts if one.theorem == name)
    assert (verdict.outcome, verdict.resolvable > 0.3) == ("holds", True), verdict


SEQUENCE = 6


MORE_TINY = "logistic[samples=3,features=2,l2=0.4,seed=1]"
OVER_ALL_DRAWS = (
    *(("saga[alpha=0.1/L_sample]", "saga_dist", problem) for problem in (TINY, MORE_TINY)),
    *(("saga[alpha=0.35/L_sample]", "saga_dist", problem) for problem in (TINY, MORE_TINY)),
    *(("svrg[alpha=0.02/L_sample,epoch=3]", "svrg_dist", problem) for problem in (TINY, MORE_TINY)),
    *(("svrg[alpha=0.3/L_sample,epoch=3]", "svrg_dist", problem) for problem in (TINY, MORE_TINY)),
    ("saga[alpha=1/(2*(mu*3+L_sample))]", "saga_defazio", MORE_TINY),
)


@pytest.mark.parametrize(("selector", "name", "problem"), OVER_ALL_DRAWS)
def test_the_bound_is_above_the_expectation_over_all_draws(selector, name, problem):
    """All 3^6 sequences of samples, by the naive loop; mu is that of one sample in logistic."""
    instance, method = registry.problem(problem), registry.optimizer(selector)
    total = np.zeros(SEQUENCE + 1)
    for sequence in product(range(3), repeat=SEQUENCE):
        view = textbook(instance, method, [[s] for s in (*sequence, 0)])
        path = np.array(list(islice(method.naive(view), SEQUENCE + 1)))
        total += np.sum((path - instance.x_star) ** 2, axis=1)
    known = {**instance.constants(), **method.tune(instance).declared}
    known["R2"] = float(np.sum((instance.start - instance.x_star) ** 2))
    known["gap_0"] = problem_value(instance, instance.start) - instance.f_star.value
    held = theorem(name)
    bound = held.bound(np.arange(SEQUENCE + 1.0), {key: known[key] for key in held.needs})
    assert np.all(total / 3**SEQUENCE <= bound * (1 + 1e-12))


REASONS = [
    ("svrg_gap", "svrg", SQUARES, "average=false takes the last iterate"),
    ("svrg_dist", "svrg[average=true]", SQUARES, "average=true takes the mean"),
    ("svrg_gap", "svrg[average=true,alpha=0.3/L_sample]", SQUARES, "alpha L_sample = 0.3 is not below 1/4"),
    ("svrg_gap", "svrg[average=true,epoch=10]", SQUARES, "an epoch of 10 is too short: epoch="),
    ("svrg_dist", "svrg[alpha=0.6/L_sample]", SQUARES, "alpha L_sample = 0.6 is above 1/2"),
    ("svrg_dist", "svrg[alpha=0.5/L_sample]", "least_squares", "is too long: the bound of an epoch's factor is"),
    ("saga_dist", "saga[alpha=0.4/L_sample]", SQUARES, "alpha L_sample = 0.4 is not below 32/81"),
    ("saga_dist", "saga[schedule=inverse]", SQUARES, "the step size follows a schedule"),
    ("saga_dist", "saga[sampling=batches[size=2,order=reshuffled]]", SQUARES, "does not draw a batch of samples anew"),
    ("svrg_dist", "svrg[sampling=batches[size=2,order=cyclic]]", SQUARES, "does not draw a batch of samples anew"),
    ("saga_dist", "saga[alpha=0.1]", "mlp", "the smoothness of one sample is unknown"),
    ("saga_dist", "saga", "logistic[l2=0]", "not strongly convex"),
    ("saga_defazio", "saga", SQUARES, "not known to be strongly convex"),
    ("saga_defazio", "saga[sampling=batches[size=2]]", LOGISTIC, "batches of 2 are not of one sample"),
    ("saga_defazio", "saga", LOGISTIC, "is not 0."),
]


@pytest.mark.parametrize(("name", "optimizer", "problem", "reason"), REASONS)
def test_what_a_theorem_is_not_about_has_a_reason(name, optimizer, problem, reason):
    instance, method = registry.problem(problem), registry.optimizer(optimizer)
    facts = facts_of(instance, method, method.tune(instance), 100, np.ones(len(COLUMNS)))
    assert reason in theorem(name).hypotheses(facts)


def test_the_epoch_that_is_offered_is_the_least_that_will_do():
    instance = registry.problem(SQUARES)

    def reason(epoch):
        method = registry.optimizer(f"svrg[average=true,epoch={epoch}]")
        return theorem("svrg_gap").hypotheses(
            facts_of(instance, method, method.tune(instance), 9, np.ones(len(COLUMNS)))
        )

    least = int(reason(10).partition("epoch=")[2].split()[0])
    assert reason(least) is None
    assert "too short" in reason(least - 1)


SUMS = [SQUARES, LOGISTIC, TINY, "least_squares[samples=50,features=6]", "logistic[samples=1,features=1]",
        "logistic[l2=0,samples=20,features=2]"]  # fmt: skip


@pytest.mark.parametrize("problem", SUMS)
def test_the_smoothness_of_one_sample_is_attained_and_never_passed(problem):
    instance = registry.problem(problem)
    slopes, M = gradients(instance), instance.L_sample.value
    everything, draws = list(range(instance.samples)), np.random.default_rng(3)
    longest = int(np.argmax(np.sum(instance.rows**2, axis=1)))
    v = instance.rows[longest] / np.linalg.norm(instance.rows[longest])
    h = 1e-4
    steepest = float(v @ (slopes(h * v, [longest]) - slopes(-h * v, [longest]))[0]) / (2 * h)
    # h^2 f''''/6 <= h^2 ||b||^4 and u ||g||/h, both below 1e-6 of M here.
    assert instance.L_sample.kind == "exact"
    assert steepest == pytest.approx(M, rel=1e-6)
    least = 0.0 if instance.mu_sample is None else instance.mu_sample.value
    for _ in range(50):
        x, y = draws.standard_normal((2, instance.n)) * 10.0 ** draws.uniform(-2, 1)
        change = slopes(x, everything) - slopes(y, everything)
        assert np.all(np.linalg.norm(change, axis=1) <= M * np.linalg.norm(x - y) * (1 + 1e-12))
        assert np.all(change @ (x - y) >= least * np.sum((x - y) ** 2) * (1 - 1e-9) - 1e-14)
    assert instance.L is None or instance.L.value <= M * (1 + 1e-12)


@pytest.mark.parametrize("problem", SUMS[:4])
def test_the_smoothness_of_one_sample_bounds_the_noise_by_the_gap(problem):
    """E||g_i(x) - g_i(x*)||^2 <= 2 L_sample (f(x) - f*), from which all four theorems start."""
    instance, draws = registry.problem(problem), np.random.default_rng(4)
    slopes, everything = gradients(instance), list(range(instance.samples))
    for _ in range(50):
        x = instance.x_star + draws.standard_normal(instance.n) * 10.0 ** draws.uniform(-2, 1)
        spread = np.sum((slopes(x, everything) - slopes(instance.x_star, everything)) ** 2, axis=1).mean()
        assert spread <= 2 * instance.L_sample.value * (problem_value(instance, x) - instance.f_star.value) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("optimizer", "problem", "said"),
    [
        ("svrg[sampling=noise]", SQUARES, "sampling=noise draws no samples, which svrg needs"),
        ("saga[sampling=noise[sigma=0.2]]", SQUARES, r"sampling=noise\[sigma=0.2\] draws no samples, which saga needs"),
        ("saga", "quadratic", "quadratic has no samples, which saga needs: take least_squares, or mlp"),
        ("svrg", "rosenbrock", "rosenbrock has no samples, which svrg needs"),
        ("svrg", "mlp", "mlp has no L_sample"),
        ("svrg[sampling=batches[size=13]]", SQUARES, "the largest batch is 12"),
        ("svrg[epoch=-1]", SQUARES, "epoch=-1 is out of range .*: the nearest valid value is 0"),
    ],
)
def test_bad_input_is_one_sentence(optimizer, problem, said):
    with pytest.raises(BadInput, match=said):
        run_cell(Cell(optimizer, problem, 10))


@pytest.mark.parametrize("name", ["svrg", "saga"])
@pytest.mark.parametrize("sampling", [None, "noise"])
def test_a_step_that_reads_samples_does_not_run_without(name, sampling):
    instance = registry.problem(SQUARES)
    method = replace(registry.optimizer(name), sampling=sampling and registry.sampling(sampling))
    with pytest.raises(BadInput, match=f"{name} reads the samples that were drawn: it needs sampling=batches"):
        run_pair(instance, method, Cell(name, SQUARES, 10))


@pytest.mark.parametrize("selector", HONEST)
def test_the_planted_steps_without_a_bug_are_its_own(selector):
    problem, optimizer = registry.problem(SQUARES), registry.optimizer(selector)
    same_run(problem, optimizer, HONEST[selector](optimizer))
