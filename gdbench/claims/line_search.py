"""Claims about backtracking: both parameter sets, the number of halvings, what the printed code accepts."""

from __future__ import annotations

import math
from collections.abc import Callable

from gdbench.claims.claim import Claim, Finding, Runs, holds, iterations, sound, verdict_on
from gdbench.theory.line_search import most_backtracks

FIRST, SECOND, STRICT = "backtracking", "backtracking[c=0.0001]", "backtracking[c=0.6]"
PROBLEMS = ("quadratic", "rosenbrock", "logistic", "mlp")
BOTH = tuple((method, problem) for method in (FIRST, SECOND) for problem in PROBLEMS)


def both_parameter_sets(runs: Runs) -> Finding:
    results = [runs(*cell) for cell in BOTH]
    obeyed = holds(results, "armijo_nonconvex")
    first, second = iterations(runs(FIRST, "quadratic")), iterations(runs(SECOND, "quadratic"))
    figure = (
        f"sufficient decrease at every step of {len(results)} runs; to 1e-6 on the quadratic {first} iterations with "
        f"c = 0.1, {second} with c = 0.0001"
    )
    return Finding("confirmed" if obeyed else "refuted", figure, {"c_0.1": first, "c_0.0001": second})


def halvings(runs: Runs) -> Finding:
    run = runs(FIRST, "rosenbrock")
    trials = run.summary["most_trials"] - 1
    smallest = float(min(run.trajectory["alpha"][:-1]))
    exact = round(math.log(1.0 / smallest) / math.log(2.0))
    bounded = holds([runs(FIRST, "rosenbrock"), runs(FIRST, "quadratic")], "armijo_backtracks")
    figure = (
        f"exactly log(alpha_init/alpha)/log(1/b): at most {trials} halvings on Rosenbrock for alpha = {smallest:.3g} "
        f"(formula: {exact}), on the quadratic {most_backtracks(4.0, 1.0, 0.5, 0.1)} by L"
    )
    found = {"halvings": trials, "formula": exact}
    return Finding("loose" if bounded and trials == exact else "refuted", figure, found)


def any_c(runs: Runs) -> Finding:
    run = sound(runs(STRICT, "bowl"), "armijo_nonconvex")
    alpha = float(run.trajectory["alpha"][0])
    figure = (
        f"c = 0.6 rejects the exact minimiser's step 1/L = 0.5 of x^2 + y^2 and takes {alpha:g}: c <= 1/2 is "
        f"needed"
    )
    return Finding("loose" if alpha < 0.5 else "confirmed", figure, {"alpha": alpha})


def sufficient_decrease(runs: Runs) -> Finding:
    verdicts = [verdict_on(runs(*cell), "armijo_step") for cell in BOTH if cell[1] in ("quadratic", "logistic")]
    obeyed = all(verdict.outcome in ("holds", "attained") for verdict in verdicts)
    share = max(verdict.tightness for verdict in verdicts)
    figure = (
        f"every step is at least 2 b (1 - c)/L, by the descent lemma and not by Taylor's O(alpha^2); closest "
        f"{share:.2f}"
    )
    return Finding("confirmed" if obeyed else "refuted", figure, {"tightness": share})


def printed_search(f: Callable[[float], float], slope: float, x: float, direction: float) -> tuple[float, int]:
    """The lecture's loop in one dimension, with its defaults, for at most 2000 halvings: (alpha, halvings)."""
    alpha, halved = 1.0, 0
    while f(x + alpha * direction) > f(x) + 1e-4 * alpha * slope * direction and halved < 2000:
        alpha *= 0.5
        halved += 1
    return alpha, halved


def printed_code(runs: Runs) -> Finding:
    uphill, halved = printed_search(lambda x: 0.5 * x * x, 1.0, 1.0, 1.0)
    _, trials = printed_search(lambda x: -math.log(x) if x > 0 else math.nan, -1.0, 1.0, -2.0)
    figure = (
        f"along an ascent direction it returns alpha = {uphill:.1e} after {halved} halvings without a word, "
        f"and a trial "
        f"where f is NaN is accepted after {trials}"
    )
    found = {"alpha": uphill, "halvings": halved}
    return Finding("refuted" if uphill > 0 and trials == 0 else "confirmed", figure, found)


CLAIMS = (
    Claim(
        id="armijo-halvings",
        section="theory 7",
        says="backtracking takes O(log(1/alpha_final)) steps",
        expects="loose",
        cells=((FIRST, "rosenbrock"), (FIRST, "quadratic")),
        measure=halvings,
    ),
    Claim(
        id="armijo-parameters",
        section="theory 7",
        says="beta = 0.5 with c = 0.1, elsewhere c = 0.0001, gives sufficient decrease",
        expects="confirmed",
        cells=BOTH,
        measure=both_parameter_sets,
    ),
    Claim(
        id="armijo-any-c",
        section="analysis 2",
        says="any c in (0, 1) will do",
        expects="loose",
        cells=((STRICT, "bowl"),),
        measure=any_c,
    ),
    Claim(
        id="armijo-decrease",
        section="analysis 2",
        says="a small enough step passes the test",
        expects="confirmed",
        cells=tuple(cell for cell in BOTH if cell[1] in ("quadratic", "logistic")),
        measure=sufficient_decrease,
    ),
    Claim(
        id="armijo-code",
        section="analysis 2",
        says="the printed backtracking function returns a step that satisfies the condition",
        expects="refuted",
        measure=printed_code,
    ),
)
