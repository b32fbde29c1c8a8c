"""Recurrences that the judge evaluates at every k: too slow in Python, impossible to vectorise."""

from __future__ import annotations

import math

from gdbench.kernel.contract import INTEGERS, MATRIX, VECTOR, boolean, f64, i64, none, role
from gdbench.kernel.lanes import dot


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
    of out (3, m); state (3, n) is e_k, e_{k-1} and work space.
    """
    n = eigenvalues.shape[0]
    now, before, slopes = state[0], state[1], state[2]
    for k in range(alpha.shape[0]):
        size, momentum = alpha[k], beta[k]
        if ahead:
            for i in range(n):
                e = now[i]
                now[i] = (1.0 - size * eigenvalues[i]) * (e + momentum * (e - before[i]))
                before[i] = e
        else:
            for i in range(n):
                e = now[i]
                now[i] = (1.0 - size * eigenvalues[i]) * e + momentum * (e - before[i])
                before[i] = e
        for i in range(n):
            slopes[i] = eigenvalues[i] * now[i]
        out[0, k] = 0.5 * dot(slopes, now)
        out[1, k] = dot(now, now)
        out[2, k] = dot(slopes, slopes)


#: What `compare` answers: counts, and indices that are -1 where there is no such row.
RESOLVABLE_ROWS, VIOLATED_AT, TIGHTEST_AT, ATTAINED_AT = range(4)


@role(f64(VECTOR, VECTOR, VECTOR, boolean, f64, f64, INTEGERS))
def compare(measured, bound, allowance, two_sided, share, near, found):  # type: ignore[no-untyped-def]
    """measured <= bound + allowance (|measured - bound| <= allowance where two_sided), row by row.

    A row is resolvable where allowance <= share * bound, and attained where it is resolvable and measured / bound is
    within `near` of 1; a bound of 0 that is met exactly is both. Comparisons are negated, so that NaN violates. Returns
    the largest measured / bound over resolvable rows, -inf where there is none; found, shape (4,), is set as above.
    """
    found[0] = 0
    found[1] = -1
    found[2] = -1
    found[3] = -1
    largest = -math.inf
    for i in range(measured.shape[0]):
        exact_zero = measured[i] == 0.0 and bound[i] == 0.0
        over = measured[i] - bound[i]
        if two_sided:
            over = abs(over)
        if found[1] < 0 and not exact_zero and not over <= allowance[i]:
            found[1] = i
        if not exact_zero and not allowance[i] <= share * bound[i]:
            continue
        found[0] += 1
        ratio = 1.0 if exact_zero else measured[i] / bound[i]
        if ratio > largest:
            largest = ratio
            found[2] = i
        if found[3] < 0 and abs(ratio - 1.0) <= near:
            found[3] = i
    return largest


@role(none(f64, VECTOR))
def fista_times(t, out):  # type: ignore[no-untyped-def]
    """out_j = t_{j+1} of Beck and Teboulle's t_{j+1} = (1 + sqrt(1 + 4 t_j^2))/2, starting after t."""
    for j in range(out.shape[0]):
        t = 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * t * t))
        out[j] = t


#: What judging needs.
JUDGING = (decaying_sum, modes, compare, fista_times)
