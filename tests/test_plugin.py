"""Problems and methods from files outside the repository: right ones take part, wrong ones harm nobody."""

import json

import pytest
from click.testing import CliRunner

from gdbench.cli import main

METHOD = '''
"""Gradient descent from outside."""
from gdbench.kernel import step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import StepSize

@step
def descend(k, alpha, f, state, data, calls):
    x = state.x
    for i in range(x.shape[0]):
        x[i] -= alpha * state.g[i]
    return alpha, 0, 0

def make(alpha: StepSize = StepSize("1/L")) -> Optimizer:
    """alpha: the step size."""
    def tune(problem):
        size = problem.step_size(alpha)
        return Tuning(plan=(size,), declared={"alpha": size})
    theorems = ("gd_convex_tight", "gd_descent", "quad_gd_exact")
    return Optimizer(step=descend, tune=tune, source="Cauchy 1847", theorems=theorems)
'''
PROBLEM = '''
"""x^2 from outside."""
import numpy as np
from gdbench.kernel import oracle, product, value
from gdbench.problem import Constant, Problem, Spectrum

@oracle
def square(x, g, data):
    g[0] = 2.0 * x[0]
    return x[0] * x[0]

@value
def square_value(x, data):
    return x[0] * x[0]

@product
def square_product(x, v, out, data):
    out[0] = 2.0 * v[0]

def make() -> Problem:
    """No parameters."""
    two = Constant(2.0, "exact", "f'' = 2")
    return Problem(
        oracle=square, value=square_value, product=square_product, start=np.ones(1), kind="quadratic", source="x^2",
        L=two, mu=two, f_star=Constant(0.0, "exact", "f >= 0"), x_star=np.zeros(1),
        spectrum=Spectrum(np.array([2.0]), np.ones(1)),
    )
'''
RETURN = "    return alpha, 0, 0\n"
#: A fault, and what is said of it.
FAULTS = {
    "raises": (RETURN, '    if k == 5:\n        raise ValueError("enough")\n' + RETURN, "raised ValueError at k = 5"),
    "short": (RETURN, "    return alpha, 0\n", "returned 2 values at k = 0"),
    "wordy": (RETURN, '    return "alpha", 0, 0\n', "returned (str, int, int) at k = 0"),
    "beyond": (RETURN, "    x[x.shape[0]] = 0.0\n" + RETURN, "raised IndexError at k = 0"),
    "endless": (RETURN, "    while k >= 0:\n        x[0] += 0.0\n" + RETURN, "no end within 4 s"),
}


def wrote(folder, name, text):
    file = folder / f"{name}.py"
    file.write_text(text)
    return str(file)


def asked(*arguments):
    found = CliRunner().invoke(main, [*arguments, "--json"])
    return found.exit_code, json.loads(found.stdout)


def test_a_right_method_is_audited_and_run(tmp_path):
    file = wrote(tmp_path, "mine", METHOD)
    status, document = asked("audit", "--plugin", file, "-p", "huber", "-p", "quadratic")
    assert status == 0
    assert {row["optimizer"] for row in document["rows"] if row["optimizer"]} == {"mine"}
    assert {row["check"] for row in document["rows"]} >= {"contract", "exact", "potential", "bound"}
    assert sum(row["resolvable"] for row in document["rows"]) > 1000
    status, document = asked("run", "--plugin", file, "-o", "mine[alpha=0.5/L]", "-p", "huber", "-p", "quadratic")
    assert status == 0
    assert [run["optimizer"] for run in document["runs"]] == ["mine[alpha=0.5/L]"] * 2
    assert {verdict["outcome"] for verdict in document["verdicts"]} >= {"holds"}


def test_a_wrong_sign_is_red(tmp_path):
    file = wrote(tmp_path, "uphill", METHOD.replace("-= alpha", "+= alpha"))
    status, document = asked("audit", "--plugin", file, "-p", "quadratic")
    assert status == 1
    red = {row["check"] for row in document["rows"] if row["outcome"] == "violated"}
    assert red >= {"exact", "potential", "bound"}
    status, document = asked("run", "--plugin", file, "-p", "quadratic", "-n", "20")
    assert status == 1
    causes = {verdict["cause"] for verdict in document["verdicts"] if verdict["outcome"] == "violated"}
    assert causes == {"iterates"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_contract_is_said_and_nothing_else_is_tried(tmp_path, name):
    old, new, said = FAULTS[name]
    file = wrote(tmp_path, name, METHOD.replace(old, new))
    status, document = asked("audit", "--plugin", file, "-p", "bowl", "--timeout", "4")
    assert status == 1
    contract, *others = document["rows"]
    assert contract["check"] == "contract" and contract["outcome"] == "failed" and said in contract["saw"]
    assert {row["outcome"] for row in others} == {"not applicable"}


def test_what_goes_wrong_late_is_a_row_and_the_rest_goes_on(tmp_path):
    late = METHOD.replace(RETURN, "    while k >= 50 and x[0] > 0.0:\n        x[0] += 0.0\n" + RETURN)
    file = wrote(tmp_path, "late", late)
    status, document = asked(
        "run", "--plugin", file, "-p", "huber", "-p", "heavy_ball_cycle", "-n", "60", "--timeout", "4"
    )
    assert status == 1
    runs = {run["problem"]: run for run in document["runs"]}
    assert runs["huber"]["status"] == "timed_out" and "no end within 4 s" in runs["huber"]["reason"]
    assert runs["heavy_ball_cycle"]["status"] == "finished"


def test_a_problem_is_certified_and_run(tmp_path):
    status, document = asked("audit", "--plugin", wrote(tmp_path, "square", PROBLEM), "-o", "gradient_descent")
    assert status == 0
    assert next(row for row in document["rows"] if row["check"] == "certificate")["outcome"] == "passed"
    wrong = PROBLEM.replace("2.0 * x[0]\n", "-2.0 * x[0]\n")
    status, document = asked("audit", "--plugin", wrote(tmp_path, "uphill", wrong), "-o", "gradient_descent")
    assert status == 1
    assert next(row for row in document["rows"] if row["check"] == "certificate")["outcome"] == "violated"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("x_star=np.zeros(1)", "x_star=np.zeros(2)", "x_star has shape (2,), the start (1,)"),
        ("    g[0] = 2.0 * x[0]\n", "", "leaves component 0 unset"),
        ("start=np.ones(1)", "start=np.ones((1, 1))", "`start` is not an array"),
    ],
)
def test_a_problem_that_breaks_the_contract_is_not_run(tmp_path, old, new, said):
    file = wrote(tmp_path, "square", PROBLEM.replace(old, new))
    status, document = asked("run", "--plugin", file, "-o", "gradient_descent")
    assert status == 1
    assert [run["status"] for run in document["runs"]] == ["failed"]
    assert said in document["runs"][0]["reason"]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("nesterov", METHOD, "There is already an optimizer 'nesterov'"),
        ("not-a-name", METHOD, "name it as its problem or optimizer"),
        ("empty", "", "defines no function `make`"),
        ("other", "def make():\n    return 3\n", "returns an int"),
        ("syntax", "def make(:\n", "SyntaxError"),
    ],
)
def test_bad_files_are_refused_in_a_sentence(tmp_path, name, text, sentence):
    found = CliRunner().invoke(main, ["run", "--plugin", wrote(tmp_path, name, text)])
    assert found.exit_code == 2
    assert sentence in found.output


SAMPLED = '''
"""Stochastic gradient descent from outside."""
from dataclasses import replace

from gdbench.kernel import sample, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.parameter import StepSize
from gdbench.sampling import Sampling
from gdbench.samplings.batches import BATCHES

@step
def descend(k, alpha, f, state, data, calls):
    x = state.x
    for i in range(x.shape[0]):
        x[i] -= alpha * state.g[i]
    return alpha, 0, 0

@sample
def first_half(k, state, data, calls):
    size = state.sampler.chosen.shape[0]
    for i in range(size):
        state.sampler.chosen[i] = (k * size + i) % (state.sampler.order.shape[0] // 2)
    return calls.batch(state.x, state.g, state.sampler.chosen, data), size

def make(alpha: StepSize = StepSize("0.1/L"), sampling: Sampling = BATCHES, own: bool = False) -> Optimizer:
    """alpha: the step size. sampling: where gradients come from. own: from the first half of the samples in turn."""
    def tune(problem):
        size = problem.step_size(alpha)
        nothing = dict.fromkeys(("beta", "dampening", "decay", "nesterov", "average"), 0.0)
        return Tuning(plan=(size,), declared={"alpha": size, **nothing})
    sampling = replace(sampling, kernel=first_half) if own else sampling
    return Optimizer(step=descend, tune=tune, source="me", theorems=("sgd_quad_exact",), sampling=sampling)
'''


def test_a_method_that_samples_is_audited_and_run(tmp_path):
    file = wrote(tmp_path, "mine", SAMPLED)
    status, document = asked("audit", "--plugin", file, "-p", "least_squares", "-p", "quadratic")
    rows = {(row["check"], row["problem"]): row for row in document["rows"]}
    assert status == 0
    assert rows["contract", ""]["saw"] == "20 steps as plain Python on logistic"
    assert rows["expectation", "least_squares"]["outcome"] == "passed"
    assert "has no samples" in rows["expectation", "quadratic"]["saw"]
    chance = ("-n", "20", "-r", "200", "--seed", "3")
    both = ("-o", "mine", "-o", "mine[sampling=noise]", "-p", "least_squares")
    status, document = asked("run", "--plugin", file, *both, *chance)
    assert status == 0
    assert [(run["seed"], run["replicates"]) for run in document["runs"]] == [(3, 200)] * 2
    assert [verdict["outcome"] for verdict in document["verdicts"]] == ["holds"] * 2


def test_a_sampling_with_a_bias_is_red_and_not_explained(tmp_path):
    file = wrote(tmp_path, "mine", SAMPLED)
    status, document = asked("audit", "--plugin", file, "-o", "mine[own=true]", "-p", "least_squares")
    red = {row["check"] for row in document["rows"] if row["outcome"] == "violated"}
    assert (status, red) == (1, {"expectation"})
    arguments = ("--plugin", file, "-o", "mine[own=true]", "-p", "least_squares", "-n", "20", "-r", "200")
    status, document = asked("run", *arguments)
    verdict = document["verdicts"][0]
    assert (status, verdict["outcome"], verdict["cause"]) == (1, "violated", "not explained")
    assert verdict["why"].startswith("its gradients are sampled")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (", data), size\n", ", data)\n", "the sampling returned float"),
        (", state.g, state.sampler", ", state.x.copy(), state.sampler", "component 0 unset"),
        ("    size = state", "    if k == 5:\n        raise ValueError\n    size = state", "raised ValueError"),
    ],
)
def test_a_sampling_that_breaks_the_contract_is_said(tmp_path, old, new, said):
    assert old in SAMPLED
    file = wrote(tmp_path, "mine", SAMPLED.replace(old, new))
    status, document = asked("audit", "--plugin", file, "-o", "mine[own=true]", "-p", "least_squares")
    contract, *others = document["rows"]
    assert status == 1 and contract["outcome"] == "failed" and said in contract["saw"]
    assert {row["outcome"] for row in others} == {"not applicable"}


BATCH = """@batch
def some(x, g, chosen, data):
    g[0] = 2.0 * x[0]
    return x[0] * x[0]

"""
HALVES = (
    PROBLEM.replace("import oracle,", "import batch, oracle,")
    .replace("def make", BATCH + "def make")
    .replace("oracle=square,", "oracle=square, batch=some, samples=2,")
)


@pytest.mark.parametrize(
    ("old", "new", "check", "said"),
    [
        ("", "", "", ""),
        ("samples=2", "samples=0", "contract", "`batch` is given and samples=0"),
        (BATCH, BATCH.replace("    g[0] = 2.0 * x[0]\n", ""), "contract", "the batch leaves component 0 unset"),
        (BATCH, BATCH.replace("2.0 * x", "3.0 * x"), "certificate", "the mean over all samples"),
    ],
)
def test_a_problem_with_samples_is_certified(tmp_path, old, new, check, said):
    file = wrote(tmp_path, "halves", HALVES.replace(old, new, 1) if old else HALVES)
    status, document = asked("audit", "--plugin", file, "-o", "sgd[sampling=batches[size=2]]")
    red = [row for row in document["rows"] if row["outcome"] in ("violated", "failed")]
    assert status == (1 if check else 0) and [row["check"] for row in red][:1] == ([check] if check else [])
    assert all(said in row["saw"] for row in red[:1])
