"""Conjugate gradients for quadratics (Hestenes and Stiefel 1952): it ends in as many steps as there are eigenvalues,
but for rounding, which costs conjugacy and so a few more where many eigenvalues lie far apart.

d_k = -g_k + beta d_{k-1} with beta = g_k' H d_{k-1}/(d_{k-1}' H d_{k-1}), x_{k+1} = x_k + alpha d_k with alpha = -g_k'
d_k/(d_k' H d_k). g_k is the gradient at x_k itself, not a residual carried along. A step asks for one gradient and one
Hessian-vector product, which counts as a gradient.
"""

from collections.abc import Iterator

from gdbench.errors import BadInput
from gdbench.kernel import dot, step
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Array, Problem
from gdbench.view import View

THEOREMS = ("cg_chebyshev", "cg_closer", "lower_krylov", "lower_nesterov")


@step
def conjugate(k, alpha, f, state, data, calls):  # type: ignore[no-untyped-def]
    product = calls.product
    x = state.x
    g = state.g
    direction, curved = state.memory[0], state.memory[1]
    bent = dot(direction, curved)
    beta = dot(g, curved) / bent if bent > 0.0 else 0.0
    for i in range(x.shape[0]):
        direction[i] = beta * direction[i] - g[i]
    product(x, direction, curved, data)
    bent = dot(direction, curved)
    # At the minimiser, and where squares underflow, there is no direction left.
    size = -dot(g, direction) / bent if bent > 0.0 else 0.0
    for i in range(x.shape[0]):
        x[i] += size * direction[i]
    return size, 0, 1


def naive(view: View) -> Iterator[Array]:
    """The textbook's form, with the residual carried along: beta is a quotient of squares, alpha = r'r/d'Hd."""
    x, r = view.start, -view.gradient(view.start)
    d = r
    while True:
        yield x
        curved = view.product(x, d)
        if d @ curved > 0.0:
            size = r @ r / (d @ curved)
            x, new = x + size * d, r - size * curved
            d, r = new + new @ new / (r @ r) * d, new


def make() -> Optimizer:
    """It has no parameters: the Hessian gives its steps."""

    def tune(problem: Problem) -> Tuning:
        if problem.spectrum is None:
            kind = f"is {problem.kind} but no quadratic"
            raise BadInput(f"conjugate_gradient needs a quadratic and {problem.name} {kind}: take lbfgs or newton.")
        return Tuning(plan=(0.0,))

    return Optimizer(
        step=conjugate,
        tune=tune,
        source="Hestenes and Stiefel 1952",
        theorems=THEOREMS,
        memory=2,
        asks=True,
        naive=naive,
    )
