import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import gdbench
from gdbench.problem import Problem
from gdbench.trajectory import Trajectory


def test_public_names():
    assert set(gdbench.__all__) <= set(dir(gdbench))
    for name in gdbench.__all__:
        assert getattr(gdbench, name) is not None
    with pytest.raises(AttributeError):
        gdbench.optimise  # noqa: B018 - the access is the test
    assert issubclass(gdbench.BadInput, ValueError)


def test_functions_are_not_hidden_by_the_modules_of_their_names():
    script = "import gdbench, gdbench.run, gdbench.suite, gdbench.problem, gdbench.optimizer; "
    script += "from gdbench.run import Cell; print([callable(getattr(gdbench, one)) for one in gdbench.__all__[2:]])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == str([True] * 5)


def test_importing_is_light():
    script = "import sys, gdbench; print([one for one in ('numpy', 'numba', 'pandas') if one in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_run():
    result = gdbench.run("gradient_descent", "quadratic[kappa=100]", iterations=50)
    assert (result.status, result.k, result.reason) == ("finished", 50, "")
    assert isinstance(result.trajectory, Trajectory) and isinstance(result.verdicts, pd.DataFrame)
    table = result.trajectory.to_pandas()
    assert table["k"].tolist() == list(range(51)) and table["f"].iloc[-1] < table["f"].iloc[0]
    assert set(result.verdicts["outcome"]) <= {"attained", "holds", "unresolvable", "inconclusive", "not applicable"}
    assert "gd_sc_gap" in set(result.verdicts["theorem"])
    assert result.summary["gap_0"] > 0


def test_run_takes_objects_and_limits():
    problem = gdbench.problem("quadratic[kappa=10]")
    result = gdbench.run(gdbench.optimizer("nesterov"), problem, 1000, 1e-3)
    assert result.status == "converged" and result.problem == "quadratic[kappa=10]"
    assert gdbench.run("nesterov", problem, target=0.5).status == "reached"


def test_run_takes_a_problem_of_ones_own():
    known = gdbench.problem("quadratic[kappa=10]")
    fields = {name: getattr(known, name) for name in Problem.__dataclass_fields__}
    own = Problem(**{**fields, "name": "mine", "start": np.ones(20)})
    result = gdbench.run("gradient_descent", own, 20)
    assert result.problem == "mine" and result.plot() is not None


def test_theorem():
    theorem = gdbench.theorem("gd_convex_tight")
    assert theorem.tight and theorem.bound(np.array([10.0]), {"L": 1.0, "R2": 1.0, "alpha": 1.0})[0] == pytest.approx(
        1 / 42
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gdbench.run("gradient_descent", "bowll"), "did you mean 'bowl'"),
        (lambda: gdbench.run("gradient_decent", "bowl"), "did you mean 'gradient_descent'"),
        (lambda: gdbench.run("gradient_descent", "bowl", -1), "nearest valid value is 1"),
        (lambda: gdbench.run("gradient_descent", "bowl", 1.5), "whole number"),
        (lambda: gdbench.run("gradient_descent", "bowl", tolerance=float("nan")), "nearest valid value is 0"),
        (lambda: gdbench.run("gradient_descent", "bowl", timeout=0.0), "timeout=0.0"),
        (lambda: gdbench.theorem("gd_convex_tigth"), "did you mean 'gd_convex_tight'"),
        (lambda: gdbench.suite("qick"), "did you mean 'quick'"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(gdbench.BadInput, match=words):
        call()


@pytest.mark.parametrize("problem", ["bowl", "mlp", "huber"])
def test_plot(problem, tmp_path):
    figure = gdbench.run("gradient_descent[alpha=0.1]", problem, 20).plot()
    figure.savefig(tmp_path / "figure.svg")
    assert figure.axes[0].get_xlabel() == "k"


def test_suite(tmp_path):
    tables = gdbench.suite("quick", store=tmp_path / "results.sqlite")
    assert len(tables.runs) == 9 and tables.runs["as_expected"].all()
    assert tables.verdicts["as_expected"].all() and len(tables.verdicts) > 50
    again = gdbench.suite("quick", store=tmp_path / "results.sqlite")
    pd.testing.assert_frame_equal(tables.verdicts, again.verdicts)


INTERRUPTED = """
import gdbench
gdbench.run("gradient_descent", "bowl", 10)
print("ready", flush=True)
try:
    gdbench.run("gradient_descent", "quadratic", 10**10)
except KeyboardInterrupt as interrupt:
    print(interrupt.result.status, interrupt.result.k > 0, len(interrupt.result.trajectory) > 0)
"""


def test_ctrl_c_keeps_the_run_so_far():
    import time

    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(1.0)
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=10)
    assert output.split() == ["stopped", "True", "True"]
