"""Adaptive methods: how far a step goes, whatever the gradients, and AdaGrad's regret. d_k = x_k - x_{k-1}.

Adam, entry by entry: m = (1 - beta1) sum_j beta1^j g_j and v = (1 - beta2) sum_j beta2^j g_j^2 over the k gradients so
far, g_0 the last. By Cauchy and Schwarz |m| <= (1 - beta1)/sqrt(1 - beta2) sqrt(sum_j rho^j) sqrt v with rho =
beta1^2/beta2, an equality for g_j proportional to (beta1/beta2)^j. It holds for any numbers g_j: gradients of f or of
its L2 regularisation, exact or of a batch. eps, a larger v (AMSGrad) and a projection of x_k on a box that holds
x_{k-1} only shorten the step; AdamW adds it to (1 - alpha decay) x_{k-1}. That |d_k|_i <= alpha is often said, and
wrong: C_k grows to 7.27 for (0.9, 0.999).

RMSprop: v >= (1 - rho) g^2. AdaGrad: s >= g^2. LARS and LAMB: a layer's scaled slope is as long as its share of ||x||.

AdaGrad's regret, entry by entry with h_t = sqrt s_t + eps and e_t = x_t - x*: 2 alpha g_t e_t = h_t (e_t^2 - e_{t+1}^2)
+ alpha^2 g_t^2/h_t. As h_t never falls the first sums to at most h_T max e_t^2, the second to 2 alpha^2 sqrt s_T; and
f(x_t) - f* <= g_t . e_t (Duchi, Hazan and Singer 2011).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from gdbench.kernel import box_data, prepare
from gdbench.problem import Array
from gdbench.theory.hypotheses import all_of, convex, first_of, minimiser, smooth, step_stayed
from gdbench.theory.judges import Running
from gdbench.theory.rounding import TINY, Travelled, U
from gdbench.theory.step_rules import gap_rounding
from gdbench.theory.theorem import Comparison, Facts, HypothesisFails, Judge, Theorem
from gdbench.trajectory import PATH_DIMENSION, Chunk


def total_weight(k: Array, beta: float) -> Array:
    """1 - beta^k, also where beta is near 1."""
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(k * np.log(beta)))


def decay_ratio(beta1: float, beta2: float) -> float:
    """rho = beta1^2/beta2: squared weights of m over those of v, one gradient older."""
    if beta1 == 0.0:
        return 0.0
    return beta1 * beta1 / beta2 if beta2 > 0.0 else math.inf


def adam_step(k: Array, alpha: float, beta1: float, beta2: float, correction: float) -> Array:
    rho = decay_ratio(beta1, beta2)
    corrected = np.sqrt(total_weight(k, beta2)) / total_weight(k, beta1) if correction else 1.0
    spread = np.sqrt(total_weight(k, rho) / (1.0 - rho))
    return np.asarray(alpha * corrected * ((1.0 - beta1) / np.sqrt(1.0 - beta2)) * spread)


def rmsprop_step(k: Array, alpha: float, rho: float, momentum: float) -> Array:
    return np.asarray(alpha / np.sqrt(1.0 - rho) * (total_weight(k, momentum) / (1.0 - momentum)))


def adagrad_step(k: Array, alpha: float) -> Array:
    return alpha + 0.0 * k


def alphas(facts: Facts, chunk: Chunk) -> Array:
    """The declared size of the step that led to each k; shape (m,)."""
    if facts.shares is None:
        step_stayed(facts, chunk)
        return np.full(len(chunk.k), facts.value("alpha"))
    return facts.value("alpha") * facts.shares(chunk.k - 1.0)


def norm_of_start(facts: Facts) -> float:
    return float(np.sqrt(np.sum(facts.problem.start**2)))


class LengthJudge:
    """The largest |d_k|_i, or the root of the mean of their squares where iterates are not kept, against alpha C_k.

    With a decoupled decay d_k is what is added to (1 - alpha decay) x_{k-1}. x_k is rounded to u |x_k|, sums of k terms
    that do not cancel to k u.
    """

    def __init__(self, facts: Facts, closed: Callable[..., Array], needs: tuple[str, ...]) -> None:
        self._facts, self._closed = facts, closed
        self._values = {name: facts.value(name) for name in needs} | {"alpha": 1.0}
        self._decay = facts.declared.get("decoupled", 0.0)
        self._far = Travelled(norm_of_start(facts))

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        sizes = alphas(self._facts, chunk)
        bound = sizes * self._closed(chunk.k, **self._values)
        if chunk.path.shape[1]:
            left = 1.0 - sizes * self._decay
            measured = np.max(np.abs(chunk.path[1:] - left[:, np.newaxis] * chunk.path[:-1]), axis=1)
        elif self._decay == 0.0:
            measured = np.sqrt(chunk.now("step2") / self._facts.problem.n)
        else:
            raise HypothesisFails("the iterates are not kept")
        allowed = bound * (1e-12 + 8.0 * U * chunk.k) + 4.0 * U * (self._far.hear(chunk) + bound)
        return [Comparison(measured, bound, allowed)]


class ShareJudge:
    """||d_k - beta d_{k-1}|| against alpha_k trust ||x_{k-1}|| in each layer, on both sides; x and d are rounded."""

    def __init__(self, facts: Facts) -> None:
        layers = facts.problem.layers
        self._facts = facts
        self._layers = [slice(0, facts.problem.n)] if layers is None else [slice(*ends) for ends in pairwise(layers)]
        self._before = np.zeros((1, facts.problem.n))

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts = self._facts
        if not chunk.path.shape[1]:
            raise HypothesisFails("the iterates are not kept")
        moved = np.concatenate([self._before, np.diff(chunk.path, axis=0)])
        self._before = moved[-1:].copy()
        shares = alphas(facts, chunk) * facts.declared.get("trust", 1.0)
        return [self._layer(chunk, chunk.path[:-1, part], moved[:, part], shares) for part in self._layers]

    def _layer(self, chunk: Chunk, x: Array, moved: Array, shares: Array) -> Comparison:
        now, before = moved[1:], moved[:-1]
        size, measured = length(x), length(now - self._facts.declared.get("beta", 0.0) * before)
        # A layer at 0 leaves it by another rule; where no gradient is seen a trust ratio has no direction.
        told = (size > 0.0) & (chunk.before("grad2") > TINY)
        allowed = 1e-12 * shares * size + 8.0 * U * (size + length(now) + length(before)) + TINY
        bound = np.where(told, shares * size, 1.0)
        return Comparison(np.where(told, measured, 0.0), bound, np.where(told, allowed, np.inf), two_sided=True)


def length(rows: Array) -> Array:
    """The norm of each row; shape (m,)."""
    return np.asarray(np.sqrt(np.sum(rows * rows, axis=1)))


class RegretJudge:
    """The sum of gaps over 0..k-1 against what the distances and gradients of the run so far allow.

    For more than 3 variables, whose iterates are not kept, D is the largest ||x_t - x*|| for every entry, and
    sum sqrt s_i <= sqrt(n sum s_i). A step rounds x by r, which moves e_t^2 by 2 D r + r^2, and the sum by that times
    sum h_i/(2 alpha); the gradient that it follows is known to L r.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts, n = facts, facts.problem.n
        self._gaps, self._values, self._moves = (Running("sum", 0.0) for _ in range(3))
        self._squares, self._farthest = np.zeros(n), np.zeros(n)
        self._grad2, self._dist2 = Running("sum", 0.0), Running("max", 0.0)
        self._oracle, self._data = facts.problem.oracle, box_data(*facts.problem.arrays())
        self._x_star = facts.problem.x_star

    def hear(self, chunk: Chunk) -> list[Comparison]:
        """Compare the rows of a chunk."""
        facts = self._facts
        if facts.problem.n <= PATH_DIMENSION and not chunk.path.shape[1]:
            raise HypothesisFails("the iterates are not kept")  # by norms it would be another bound than on the run
        eta = alphas(facts, chunk)
        far = np.sqrt(self._dist2.through(chunk.before("dist2")))
        grad2 = self._grad2.through(chunk.before("grad2"))
        kept = chunk.path.shape[1] > 0
        roots, distances = self._entries(chunk) if kept else self._norms(grad2, far)
        eps = facts.value("eps")
        bound = np.sum(distances**2 * (roots + eps) / (2.0 * eta[:, np.newaxis]), axis=1) + eta * np.sum(roots, axis=1)
        rounded = facts.rounding.step(chunk)
        errors = self._values.through(gap_rounding(facts, chunk) + facts.value("L") * rounded * far)
        moves = self._moves.through(rounded * (far + rounded)) * np.sum(roots + eps, axis=1) / eta
        allowed = bound * (1e-12 + 8.0 * U * chunk.k) + errors + moves + TINY
        return [Comparison(self._gaps.through(chunk.before("f") - facts.f_star), bound, allowed)]

    def _entries(self, chunk: Chunk) -> tuple[Array, Array]:
        """sqrt s_i and D_i at each k, both of shape (m, n); the gradients are asked for again."""
        assert self._x_star is not None
        points, look = chunk.path[:-1], prepare(self._oracle)
        gradients = np.zeros_like(points)
        for x, g in zip(points.copy(), gradients, strict=True):
            look(x, g, self._data)
        squares = np.cumsum(np.concatenate([self._squares[np.newaxis], gradients**2]), axis=0)[1:]
        away = np.concatenate([self._farthest[np.newaxis], np.abs(points - self._x_star)])
        farthest = np.maximum.accumulate(away, axis=0)[1:]
        self._squares, self._farthest = squares[-1].copy(), farthest[-1].copy()
        return np.sqrt(self._facts.value("initial") + squares), farthest

    def _norms(self, grad2: Array, far: Array) -> tuple[Array, Array]:
        """The same from norms alone, alike for all entries."""
        n = self._facts.problem.n
        roots = np.sqrt(self._facts.value("initial") + grad2 / n)
        return np.tile(roots[:, np.newaxis], n), np.tile(far[:, np.newaxis], n)


def summable(facts: Facts) -> str | None:
    """rho < 1."""
    rho = decay_ratio(facts.value("beta1"), facts.value("beta2"))
    return None if rho < 1.0 else f"beta1^2/beta2 = {rho:.6g} is not below 1: steps may grow with k"


def starts_in_the_box(facts: Facts) -> str | None:
    """The first projection moves no entry by more than the step."""
    largest, box = float(np.max(np.abs(facts.problem.start))), facts.declared.get("box", np.inf)
    return None if largest <= box else f"the start has an entry of {largest:.6g}, beyond the box of {box:g}"


def iterates_are_kept(facts: Facts) -> str | None:
    """They are for small problems, and needed for a decoupled decay and for layers."""
    kept = facts.problem.n <= PATH_DIMENSION
    return None if kept else f"the iterates of more than {PATH_DIMENSION} variables are not kept"


def kept_where_decayed(facts: Facts) -> str | None:
    return None if facts.value("decoupled") == 0.0 else iterates_are_kept(facts)


def unguarded(facts: Facts) -> str | None:
    """The trust ratio is ||x||/||s|| itself."""
    eps = facts.declared["eps"] if "trust" in facts.declared else 0.0
    return None if eps == 0.0 else f"with eps = {eps:g} a layer moves by less"


def lengths(closed: Callable[..., Array], *needs: str, **theorem: object) -> Theorem:
    """A theorem on |d_k|_i, judged at every k with the alpha of each step."""

    def judge(facts: Facts) -> Judge:
        return LengthJudge(facts, closed, needs)

    quantity = "largest step of an entry"
    return Theorem(closed=closed, needs=needs, judge=judge, quantity=quantity, **theorem)  # type: ignore[arg-type]


C_K = (
    "C_k = sqrt(1 - beta2^k)/(1 - beta1^k) (1 - beta1)/sqrt(1 - beta2) sqrt((1 - rho^k)/(1 - rho)), rho = beta1^2/beta2"
)
CAUCHY = "Cauchy and Schwarz; proof in the module gdbench.theory.adaptive"

THEOREMS = (
    lengths(
        adam_step,
        *("alpha", "beta1", "beta2", "correction"),
        id="adam_step",
        by_coordinate=True,
        statement=f"|x_k - x_(k-1)|_i <= alpha C_k, {C_K}; with correction=0 without its first factor",
        source=CAUCHY,
        tight=True,
        hypotheses=first_of(summable, starts_in_the_box),
    ),
    lengths(
        adam_step,
        *("alpha", "beta1", "beta2", "correction"),
        id="adamw_step",
        by_coordinate=True,
        statement="|x_k - (1 - alpha decay) x_(k-1)|_i <= alpha C_k, C_k as in adam_step",
        source=CAUCHY,
        hypotheses=first_of(summable, kept_where_decayed),
    ),
    lengths(
        rmsprop_step,
        *("alpha", "rho", "momentum"),
        id="rmsprop_step",
        by_coordinate=True,
        statement="|x_k - x_(k-1)|_i <= alpha/sqrt(1 - rho) (1 - momentum^k)/(1 - momentum)",
        source="v >= (1 - rho) g^2 in every step that the buffer holds",
        tight=True,
    ),
    lengths(
        adagrad_step,
        "alpha",
        id="adagrad_step",
        by_coordinate=True,
        statement="|x_k - x_(k-1)|_i <= alpha",
        source="s >= g^2",
        tight=True,
    ),
    Theorem(
        id="layer_step",
        by_coordinate=True,
        statement="||d_k - beta d_(k-1)|| = alpha trust ||x_(k-1)|| in each layer; LAMB: beta = 0, trust = 1",
        quantity="length of a layer's step",
        source="You, Gitman and Ginsburg 2017; You et al. 2020: what the trust ratio is for",
        kind="exact",
        hypotheses=first_of(iterates_are_kept, unguarded),
        judge=ShareJudge,
    ),
    Theorem(
        id="adagrad_regret",
        by_coordinate=True,
        statement="sum over t < k of f(x_t) - f* <= sum_i D_i^2/(2 alpha) (sqrt s_i + eps) + alpha sqrt s_i, "
        "s after k gradients, D_i = max over t < k of |x_t - x*|_i",
        quantity="sum of gaps over 0..k-1",
        source="Duchi, Hazan and Singer 2011; proof in the module gdbench.theory.adaptive",
        hypotheses=all_of(convex, smooth, minimiser),
        judge=RegretJudge,
    ),
)
