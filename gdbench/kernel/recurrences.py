"""Recurrences that the judge evaluates at every k: too slow in Python, impossible to vectorise."""

from __future__ import annotations

import math

from gdbench.kernel.contract import MATRIX, VECTOR, boolean, f64, i64, none, role


@role(none(VECTOR, f64, i64, VECTOR, VECTOR))
def decaying_sum(terms, rho, order, state, out):  # type: ignore[no-untyped-def]
    """out_k = sum_{j <= k} h(k - j) terms_j with h(i) = rho^i (order 1) or (i + 1) rho^i (order 2).

    terms and out have shape (m,); state, shape (2,), carries the sums from chunk to chunk.
    """
    first = state[0]
    second = state[1]
    for k in range(terms.shape[0]):
        first = rho * first + terms[k]
        second = rho * second + first
        out[k] = first if order == 1 else second
    state[0] = first
    state[1] = second


@role(none(VECTOR, VECTOR, VECTOR, boolean, MATRIX, MATRIX))
def modes(eigenvalues, alpha, beta, ahead, state, out):  # type: ignore[no-untyped-def]
    """The closed form of a linear method on a quadratic, mode by mode: gap, dist2 and grad2 at each k.

    e_{k+1} = (1 - alpha lambda)(e_k + beta (e_k - e_{k-1})) where ahead, else e_k - alpha lambda e_k + beta (e_k -
    e_{k-1}). eigenvalues has shape (n,), alpha and beta (m,) hold the parameters of the steps that lead to the m rows
    of out (m, 3); state (2, n) is e_k and e_{k-1}.
    """
    n = eigenvalues.shape[0]
    for k in range(alpha.shape[0]):
        gap = 0.0
        dist2 = 0.0
        grad2 = 0.0
        for i in range(n):
            e = state[0, i]
            momentum = beta[k] * (e - state[1, i])
            slope = alpha[k] * eigenvalues[i]
            moved = (1.0 - slope) * (e + momentum) if ahead else (1.0 - slope) * e + momentum
            state[1, i] = e
            state[0, i] = moved
            square = moved * moved
            dist2 += square
            gap += eigenvalues[i] * square
            grad2 += eigenvalues[i] * eigenvalues[i] * square
        out[k, 0] = 0.5 * gap
        out[k, 1] = dist2
        out[k, 2] = grad2


@role(none(f64, VECTOR))
def fista_times(t, out):  # type: ignore[no-untyped-def]
    """out_j = t_{j+1} of Beck and Teboulle's t_{j+1} = (1 + sqrt(1 + 4 t_j^2))/2, starting after t."""
    for j in range(out.shape[0]):
        t = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * t * t))
        out[j] = t
