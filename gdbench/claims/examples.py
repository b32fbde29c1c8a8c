"""The lecture's printed examples: NumPy, PyTorch, and the worked example."""

from __future__ import annotations

from gdbench.claims.claim import Claim, Finding, Runs, sound
from gdbench.claims.rates import at

NUMPY = ("gradient_descent[alpha=0.01]", "bowl")
TORCH = ("gradient_descent[alpha=0.1]", "bowl")
WORKED = ("gradient_descent[alpha=0.01]", "lecture_least_squares")
TRUE_WEIGHTS = (2.0, -1.5)


def numpy_example(runs: Runs) -> Finding:
    run = runs(*NUMPY)
    # The printed loop tests the gradient it has just stepped along, so its count and its x are one step later.
    count = run.k + 1
    x = [0.98 * value for value in run.summary["x"]]
    figure = f"converged in {count} iterations, as its loop counts, x = [{x[0]:.2e}, {x[1]:.2e}]"
    good = run.status == "converged" and count == 807
    return Finding("confirmed" if good else "refuted", figure, {"iterations": count})


def torch_example(runs: Runs) -> Finding:
    run = runs(*TORCH)
    x, y = at(run, "x0", 100), at(run, "x1", 100)
    figure = f"after 100 steps of 0.1: [{x:.4e}, {y:.4e}]"
    return Finding("confirmed" if max(abs(x), abs(y)) < 1e-8 else "refuted", figure, {"x": x, "y": y})


def worked_table(runs: Runs) -> Finding:
    run = sound(runs(*WORKED), "quad_gd_exact")
    loss, final = at(run, "f", 11), at(run, "f", 100)
    w = (at(run, "x0", 100), at(run, "x1", 100))
    figure = (
        f"loss {loss:.5f} already at its row 10, {final:.5f} at the end with w = ({w[0]:.3f}, {w[1]:.3f}); printed: "
        "51.2341, 2.4890, (1.998, -1.499)"
    )
    differs = abs(loss - 51.2341) > 1.0 and abs(final - 2.4890) > 1.0
    return Finding("refuted" if differs else "confirmed", figure, {"loss": final, "w0": w[0], "w1": w[1]})


def worked_error(runs: Runs) -> Finding:
    run = sound(runs(*WORKED), "quad_gd_exact")
    off = [at(run, f"x{i}", 100) - TRUE_WEIGHTS[i] for i in range(2)]
    error = (off[0] ** 2 + off[1] ** 2) ** 0.5
    figure = f"||w - w_true|| = {error:.6f}, not 0.001234: least squares does not return the weights behind noisy data"
    return Finding("refuted" if error > 0.01 else "confirmed", figure, {"error": error})


def worked_network(runs: Runs) -> Finding:
    verdicts = {verdict.theorem: verdict for verdict in runs(*WORKED).verdicts}
    exact = verdicts["quad_gd_exact"]
    figure = (
        "two parameters, and the run equals the closed form of a quadratic at every k that rounding resolves "
        f"({exact.resolvable:.0%}): linear least squares"
    )
    return Finding("refuted" if exact.outcome == "holds" else "confirmed", figure, {"resolvable": exact.resolvable})


CLAIMS = (
    Claim(
        id="numpy-example",
        section="implementation",
        says="the NumPy loop with lr = 0.01 on x^2 + y^2 converges close to 0 within 1000 steps (807)",
        expects="confirmed",
        cells=(NUMPY,),
        measure=numpy_example,
    ),
    Claim(
        id="torch-example",
        section="implementation",
        says="100 steps of SGD with lr = 0.1 on x^2 + y^2 end close to 0",
        expects="confirmed",
        cells=(TORCH,),
        measure=torch_example,
    ),
    Claim(
        id="worked-example-table",
        section="analysis 6",
        says="the printed table of losses and weights",
        expects="refuted",
        cells=(WORKED,),
        measure=worked_table,
    ),
    Claim(
        id="worked-example-error",
        section="analysis 6",
        says="the error against the true weights is 0.001234",
        expects="refuted",
        cells=(WORKED,),
        measure=worked_error,
    ),
    Claim(
        id="worked-example-network",
        section="analysis 6",
        says="the example trains a 2-layer network",
        expects="refuted",
        cells=(WORKED,),
        measure=worked_network,
    ),
)
