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


@role(none(VECTOR, MATRIX, f64, MATRIX, MATRIX))
def two_term(eigenvalues, coefficients, stretch, state, out):  # type: ignore[no-untyped-def]
    """A two-term recurrence mode by mode: gap, dist2 and grad2 of e_k + stretch (e_k - e_{k-1}) at each k.

    e_{k+1} = (a + b lambda) e_k - (c + d lambda) e_{k-1}, where coefficients (4, m) holds a, b, c, d of the steps that
    lead to the m rows of out (3, m); state (4, n) is e_k, e_{k-1} and work space.
    """
    n = eigenvalues.shape[0]
    now, before, shown, slopes = state[0], state[1], state[2], state[3]
    for k in range(coefficients.shape[1]):
        a, b, c, d = coefficients[0, k], coefficients[1, k], coefficients[2, k], coefficients[3, k]
        for i in range(n):
            e = now[i]
            now[i] = (a + b * eigenvalues[i]) * e - (c + d * eigenvalues[i]) * before[i]
            before[i] = e
            shown[i] = now[i] + stretch * (now[i] - e)
            slopes[i] = eigenvalues[i] * shown[i]
        out[0, k] = 0.5 * dot(slopes, shown)
        out[1, k] = dot(shown, shown)
        out[2, k] = dot(slopes, slopes)


@role(i64(VECTOR, VECTOR, f64, MATRIX, VECTOR))
def krylov_gaps(eigenvalues, energies, smallest, basis, gaps):  # type: ignore[no-untyped-def]
    """gaps_k = min of f - f* over x_0 + span(g_0, H g_0, …, H^{k-1} g_0) for k = 0, 1, …; returns how many.

    energies, shape (n,), is sqrt(lambda_i) (x_0 - x*)_i, so f - f* = ||energies||^2/2 and a step of the space adds
    lambda times a vector: what is left of energies after its projections on span(H u, …, H^k u). The basis (m, n) is
    made by Lanczos' process with every vector orthogonalised twice against all before. Gaps below smallest, and those
    after the space is exhausted, are not returned; energies is overwritten.
    """
    n = eigenvalues.shape[0]
    gaps[0] = 0.5 * dot(energies, energies)
    for k in range(min(basis.shape[0], gaps.shape[0] - 1)):
        fresh = basis[k]
        for i in range(n):
            fresh[i] = eigenvalues[i] * (energies[i] if k == 0 else basis[k - 1, i])
        size = math.sqrt(dot(fresh, fresh))
        for _ in range(2):
            for j in range(k):
                share = dot(basis[j], fresh)
                for i in range(n):
                    fresh[i] -= share * basis[j, i]
        left = math.sqrt(dot(fresh, fresh))
        if not left > 1e-13 * size:
            return k + 1
        for i in range(n):
            fresh[i] /= left
        share = dot(fresh, energies)
        for i in range(n):
            energies[i] -= share * fresh[i]
        gaps[k + 1] = 0.5 * dot(energies, energies)
        if not gaps[k + 1] > smallest:
            return k + 1
    return min(basis.shape[0] + 1, gaps.shape[0])


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
JUDGING = (decaying_sum, modes, two_term, krylov_gaps, compare, fista_times)
