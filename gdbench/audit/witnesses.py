"""Equality cases: for each tight theorem the functions that attain it, made for the values that a method declares.

Notation: a = alpha L; g = L tau is the slope of Huber's function beyond tau, R the distance of the start from x*.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gdbench.audit.ridges import followed_by, huber, parabola, quadratic, ridge
from gdbench.optimizer import Optimizer, Tuning
from gdbench.problem import Array, Constant, Problem
from gdbench.run import Cell, run_pair
from gdbench.theory.hypotheses import SAME

#: ||x_0 - x*||: not 1, so that a missing square shows.
R = 1.5
#: L/mu of the strongly convex cases.
KAPPA = 25.0
#: The k for which functions are made that attain a bound at one k only.
HORIZONS = (1, 6, 30)
#: The same where f is not convex: rounding doubles from step to step.
SHORT_HORIZONS = (1, 3, 6)
#: The last k of cases that attain a bound at every k.
LAST = 24
#: Degrees of Chebyshev polynomials.
DEGREES = (1, 2, 3, 5, 8)
#: Slopes of Adam's cases in units of eps, which then is nothing beside them, and the shortest steps rounding leaves.
EPS_AWAY, SHORTEST = 2.0**44, 1e-9
#: How often a function is made anew for the steps that were taken on the one before, and when they are the same.
MOST_ROUNDS, SETTLED = 100, 1e-14


class NoCase(Exception):
    """Raised where no equality case is known for what a method declares; the message says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """A problem on which a bound is an equality at each of the ks, all >= 1."""

    problem: Problem
    ks: tuple[int, ...]


@dataclass(frozen=True)
class Asked:
    """A method, and the L for which its equality cases are wanted."""

    optimizer: Optimizer
    L: float

    @property
    def mu(self) -> float:
        """Of the strongly convex cases."""
        return self.L / KAPPA

    @property
    def top(self) -> Problem:
        """L/2 times the square of one direction, and nothing in the others."""
        return quadratic((0.0, self.L), (0.0, R))

    def ends(self, at_mu: float, at_L: float) -> Problem:
        """A strongly convex quadratic with eigenvalues mu and L, and where the start lies along them."""
        return quadratic((self.mu, self.L), (at_mu, at_L))

    @cached_property
    def convex(self) -> Tuning:
        """What the method declares where L alone is known."""
        return self.optimizer.tune(self.top)

    @cached_property
    def strong(self) -> Tuning:
        """What the method declares where L and mu are known."""
        return self.optimizer.tune(self.ends(R, 0.0))

    def sizes(self, count: int) -> Array:
        """The step sizes that it declares for its first `count` steps, by its schedule; shape (count,)."""
        return declared(self.convex, "alpha") * self.optimizer.schedule.shares(np.arange(float(count)))

    def steps(self, problem: Problem, count: int) -> Array:
        """The step sizes that it reports of its first `count` steps; shape (count,) or, where it stops, fewer."""
        result = run_pair(problem, self.optimizer, Cell(self.optimizer.name, problem.name, count))
        return result.trajectory["alpha"][:-1]


Witness = Callable[[Asked], Iterator[Case]]


def every(last: int) -> tuple[int, ...]:
    """1, …, last."""
    return tuple(range(1, last + 1))


def declared(tuning: Tuning, name: str) -> float:
    """A value that the method declares."""
    if name not in tuning.declared:
        raise NoCase(f"the method does not declare {name}")
    return tuning.declared[name]


def straight(asked: Asked, tau: float) -> Problem:
    """Huber's function with curvature L and threshold tau."""
    L = Constant(asked.L, "exact", "curvature within tau of the minimisers")
    return ridge([huber(asked.L, tau)], [R], kind="convex", L=L)


def convex_tight(asked: Asked) -> Iterator[Case]:
    """Drori, Teboulle 2014, section 3; where a long step overshoots, a parabola."""
    a = declared(asked.convex, "alpha") * asked.L
    for k in HORIZONS:
        slow = 1.0 / (2.0 * k * a + 1.0)
        yield Case(straight(asked, slow * R) if slow >= (1.0 - a) ** (2 * k) else asked.top, (k,))


def convex_grad(asked: Asked, power: int) -> Iterator[Case]:
    """Huber's function whose tau is reached at k, so that R = (k a + 1) tau and gap_0 = (2 k a + 1) L tau^2/2.

    power: 2 for the bound from R2, 1 for the one from gap_0.
    """
    a = declared(asked.convex, "alpha") * asked.L
    for k in HORIZONS:
        slow = 1.0 / (2.0 * k * a + 1.0) if power == 1 else 1.0 / (k * a + 1.0) ** 2
        yield Case(straight(asked, R / (k * a + 1.0)) if slow >= (1.0 - a) ** (2 * k) else asked.top, (k,))


def unequal_steps(asked: Asked) -> Iterator[Case]:
    """Huber's function with tau = R/(2 L S + 1), S the sum of the steps that the method takes on that function."""
    for k in HORIZONS:
        total = k / asked.L
        for _ in range(MOST_ROUNDS):
            problem = straight(asked, R / (2.0 * asked.L * total + 1.0))
            steps = asked.steps(problem, k)
            before, total = total, float(np.sum(steps))
            longest = float(np.max(steps, initial=0.0)) * asked.L
            if longest > 1.0 + SAME:
                raise NoCase(f"alpha L = {longest:.6g} is above 1")
            if not abs(total - before) > SETTLED * total:  # steps that are no numbers are for the theorem to judge
                break
        else:
            raise NoCase("the steps do not settle on one Huber function")
        yield Case(problem, (k,))


def extreme_mode(asked: Asked) -> Iterator[Case]:
    """The eigenvector of mu, or of L where steps are longer than 2/(L + mu)."""
    alpha = declared(asked.strong, "alpha")
    slow = abs(1.0 - alpha * asked.mu) >= abs(1.0 - alpha * asked.L)
    yield Case(asked.ends(R, 0.0) if slow else asked.ends(0.0, R), every(LAST))


def extreme_factors(asked: Asked) -> Iterator[Case]:
    """As extreme_mode, as long as all steps are on one side of 2/(L + mu)."""
    for problem, side in ((asked.ends(R, 0.0), 1.0), (asked.ends(0.0, R), -1.0)):
        steps = asked.steps(problem, LAST)
        longest = float(np.max(steps, initial=0.0)) * asked.L
        if longest >= 2.0 * (1.0 - SAME):
            raise NoCase(f"alpha L = {longest:.6g} is not below 2")
        other = np.flatnonzero(side * (np.abs(1.0 - steps * asked.mu) - np.abs(1.0 - steps * asked.L)) < 0.0)
        count = int(other[0]) if len(other) else LAST
        if count:
            yield Case(problem, every(count))
            return


def strongly_convex_gap(asked: Asked) -> Iterator[Case]:
    """mu ||x - x*||^2/2 + Huber (Taylor, Hendrickx, Glineur 2017; Kim 2024); the other branch is a parabola."""
    alpha, L, mu = declared(asked.strong, "alpha"), asked.L, asked.mu
    for k in HORIZONS:
        growth = (1.0 - alpha * mu) ** (-2 * k)
        if mu / (mu - L + L * growth) < (1.0 - alpha * L) ** (2 * k):
            yield Case(asked.ends(0.0, R), (k,))
            continue
        bent = huber(L - mu, mu * R / (L * growth - (L - mu)))
        facts = {"L": Constant(L, "exact", "curvature within tau"), "mu": Constant(mu, "exact", "curvature beyond tau")}
        yield Case(ridge([bent], [R], bulk=mu, kind="strongly convex", **facts), (k,))


def zigzag(asked: Asked, a: float, k: int) -> Problem:
    """f' is g at each of x_0, …, x_k, and dips with slopes -L and L between: k steps lower f least for a <= 1.

    A step of alpha g lowers f by alpha g^2 - L (alpha g)^2/4 = g^2 h(a)/(4 L). Left of x_k is a parabola.
    """
    tau = R / (1.0 + k * a)
    turns = [(tau + 0.5 * i * a * tau, -asked.L if i % 2 == 0 else asked.L) for i in range(2 * k)]
    L = Constant(asked.L, "exact", "f'' is L or -L")
    return ridge([followed_by(parabola(asked.L), *turns)], [R], kind="nonconvex", L=L)


def saddle(asked: Asked, a: float) -> Problem:
    """A saddle with curvatures L and -L from where one step turns g and keeps its length, for 1 <= a <= sqrt 3.

    With g_0 at the angle phi to the first axis, ||g_1|| = ||g_0|| means cos 2 phi = a/2; f falls by g^2 h(a)/(4 L).
    Farther along the second axis f turns upwards, to minima on both sides.
    """
    along, across = math.sqrt(0.5 + 0.25 * a), math.sqrt(0.5 - 0.25 * a)
    width = 1.25 * (1.0 + a) * across
    valley = followed_by(parabola(asked.L), (width, -asked.L), (3.0 * width, asked.L))
    L = Constant(asked.L, "exact", "f'' is L or -L along each axis")
    return ridge([parabola(asked.L), valley], [along, 2.0 * width - across], kind="nonconvex", L=L)


def smallest_gradient(asked: Asked) -> Iterator[Case]:
    """A parabola for k = 1, where the step does not matter; zigzags after."""
    a = declared(asked.convex, "alpha") * asked.L
    yield Case(asked.top, (1,))
    if a > 1.0 + SAME:
        raise NoCase(f"for alpha L = {a:.6g} > 1 beyond k = 1")
    for k in SHORT_HORIZONS[1:]:
        yield Case(zigzag(asked, a, k - 1), (k,))


def smallest_drop(asked: Asked) -> Iterator[Case]:
    """Zigzags, or for a > 1 the first step on a saddle."""
    a = declared(asked.convex, "alpha") * asked.L
    if a > 1.0 + SAME:
        if a * a < 3.0:
            yield Case(saddle(asked, a), (1,))
        raise NoCase(f"for alpha L = {a:.6g} > 1 beyond k = 1")
    for k in SHORT_HORIZONS:
        yield Case(zigzag(asked, a, k), (k,))


def worst_of_search(asked: Asked) -> Iterator[Case]:
    """x_0 - x* along (1/mu, 1/L): every step of exact line search shrinks f alike (de Klerk et al. 2017)."""
    yield Case(asked.ends(R, R / KAPPA), every(LAST))


def eigenvector_of_L(asked: Asked) -> Iterator[Case]:
    """L/2 ||x - x*||^2 as far as the run sees, mu in other directions."""
    yield Case(asked.ends(0.0, R), every(LAST))


def eigenvector_of_mu(asked: Asked) -> Iterator[Case]:
    """mu/2 ||x - x*||^2 as far as the run sees, L in another direction."""
    yield Case(asked.ends(R, 0.0), every(LAST))


def theta(k: int, last: bool) -> float:
    """theta_k of the optimised gradient method; `last`: at its horizon."""
    held = 1.0
    for j in range(1, k + 1):
        held = 0.5 * (1.0 + math.sqrt(1.0 + (8.0 if last and j == k else 4.0) * held * held))
    return held


def at_the_horizon(asked: Asked) -> Iterator[Case]:
    """A parabola, and Huber's function with tau = R/theta_N^2 (Kim, Fessler 2017)."""
    horizon = int(declared(asked.convex, "horizon"))
    yield Case(asked.top, (horizon,))
    yield Case(straight(asked, R / theta(horizon, last=True) ** 2), (horizon,))


def before_the_horizon(asked: Asked) -> Iterator[Case]:
    """y_k = R - (theta_k^2 - 1) tau while it is beyond tau, so that f - g^2/(2 L) is largest for tau = R/(2 theta_k^2).

    From Kim and Fessler's Huber function for the horizon.
    """
    horizon = declared(asked.convex, "horizon")
    ks = [k for k in HORIZONS if k < horizon]
    if not ks:
        raise NoCase(f"none before the horizon {horizon:g}")
    for k in ks:
        yield Case(straight(asked, 0.5 * R / theta(k, last=False) ** 2), (k,))


def fewer_than_eigenvalues(asked: Asked) -> Iterator[Case]:
    """Four eigenvalues, a start along all of them, and conjugate gradients, which alone attain their own gap."""
    if "cg_chebyshev" not in asked.optimizer.theorems:
        raise NoCase("it is attained by conjugate gradients alone")
    values = (asked.mu, 0.2 * asked.L, 0.7 * asked.L, asked.L)
    yield Case(quadratic(values, (R, 0.4 * R, -0.3 * R, 0.2 * R)), every(len(values) - 1))


def chebyshev(asked: Asked) -> Iterator[Case]:
    """Eigenvalues at the k + 1 extreme points of T_k, with weights that make it the polynomial of conjugate gradients.

    With energies 1/|lambda_i prod_{j != i} (lambda_i - lambda_j)| a sum over i of energy_i lambda_i T_k(lambda_i)
    q(lambda_i) is a divided difference of order k of q: 0 for degrees below k.
    """
    L, mu = asked.L, asked.mu
    for k in DEGREES:
        points = [0.5 * (L + mu) - 0.5 * (L - mu) * math.cos(math.pi * i / k) for i in range(k + 1)]
        points[0], points[-1] = mu, L
        others = [math.prod(abs(one - other) / L for other in points if other != one) for one in points]
        starts = [1.0 / (one / L * math.sqrt(rest)) for one, rest in zip(points, others, strict=True)]
        longest = math.sqrt(sum(one * one for one in starts))
        yield Case(quadratic(points, [R * one / longest for one in starts]), (k,))


def cocoercive(asked: Asked) -> Iterator[Case]:
    """<g, x - x*> = gap + ||g||^2/(2 L) on a parabola and on Huber's function."""
    for problem in (asked.top, straight(asked, R / 8.0)):
        yield Case(problem, every(LAST // 2))


def steep(slopes: Array, drops: Array) -> Problem:
    """A function of one direction, of slope slopes_j where the start has come down by drops_0 + … + drops_{j-1}.

    slopes has shape (k,), drops (k - 1,). The last of these points is s = 2, the slope stays around each of them and
    from the last down to s = 1, where a parabola begins.
    """
    if np.any(drops < SHORTEST):
        raise NoCase("its steps are too short to tell points with different slopes apart")
    points = 2.0 + np.append(np.cumsum(drops[::-1])[::-1], 0.0)
    pieces, curvatures = followed_by(parabola(slopes[-1]), (1.0, 0.0)), [slopes[-1]]
    for j in range(len(drops) - 1, -1, -1):
        near, far = points[j + 1] + 0.25 * drops[j], points[j] - 0.25 * drops[j]
        curvatures.append((slopes[j] - slopes[j + 1]) / (far - near))
        pieces = followed_by(pieces, (near, curvatures[-1]), (far, 0.0))
    L = Constant(float(np.max(np.abs(curvatures))), "exact", "the largest |f''| of its pieces")
    return ridge([pieces], [float(points[0])], kind="nonconvex", L=L)


def large(tuning: Tuning) -> float:
    """A slope beside which eps is nothing."""
    return EPS_AWAY * tuning.declared["eps"] or 1.0


def proportional_slopes(asked: Asked) -> Iterator[Case]:
    """Slopes that grow by beta2/beta1 from step to step: Cauchy and Schwarz with equality, in every entry."""
    tuning = asked.convex
    beta1, beta2 = declared(tuning, "beta1"), declared(tuning, "beta2")
    if tuning.declared["decay"] > 0.0 or math.isfinite(tuning.declared["box"]):
        raise NoCase("with a decay or a box")
    if beta1 > beta2:
        raise NoCase("for beta1 > beta2")
    for k in HORIZONS if beta1 > 0.0 else HORIZONS[:1]:
        slopes = large(tuning) * (beta1 / beta2 if beta1 > 0.0 else 0.0) ** np.arange(k - 1.0, -1.0, -1.0)
        yield Case(steep(slopes, adam_drops(asked, slopes)), (k,))


def adam_drops(asked: Asked, slopes: Array) -> Array:
    """How far Adam comes down along the first direction in each step but the last, by these slopes; shape (k - 1,)."""
    tuning, start = asked.convex, asked.ends(R, 0.0)
    assert start.x_star is not None
    axis = np.abs(start.start - start.x_star) / R
    drops = np.zeros(len(slopes) - 1)
    for j in range(len(drops)):
        ages = np.arange(j, -1.0, -1.0)
        weights, squared = tuning.declared["beta1"] ** ages, tuning.declared["beta2"] ** ages
        mean, square = float(weights @ slopes[: j + 1]), float(squared @ slopes[: j + 1] ** 2)
        if tuning.declared["correction"]:
            mean, square = mean / float(np.sum(weights)), square / float(np.sum(squared))
        else:
            mean, square = (1.0 - tuning.declared["beta1"]) * mean, (1.0 - tuning.declared["beta2"]) * square
        moved = mean * axis / (math.sqrt(square) * axis + tuning.declared["eps"])
        drops[j] = asked.sizes(j + 1)[j] * float(axis @ moved)
    return drops


def first_step(asked: Asked) -> Iterator[Case]:
    """The first gradient is all that its root is made of."""
    if asked.convex.declared.get("initial", 0.0) > 0.0:
        raise NoCase("where the sum of squares does not start at 0")
    yield Case(steep(np.array([large(asked.convex)]), np.zeros(0)), (1,))


#: By theorem id.
WITNESSES: dict[str, Witness] = {
    "gd_convex_tight": convex_tight,
    "gd_convex_grad_R2": lambda asked: convex_grad(asked, 2),
    "gd_convex_grad_gap": lambda asked: convex_grad(asked, 1),
    "gd_convex_varstep": unequal_steps,
    "gd_sc_gap": extreme_mode,
    "gd_sc_dist": extreme_mode,
    "gd_sc_grad": extreme_mode,
    "gd_sc_gap_R2": strongly_convex_gap,
    "gd_nonconvex_tight": smallest_gradient,
    "gd_nonconvex_drop": smallest_drop,
    "gd_exact_ls": worst_of_search,
    "hb_quad_gap": eigenvector_of_L,
    "hb_quad_dist": eigenvector_of_L,
    "nag_quad_gap": eigenvector_of_mu,
    "nag_quad_dist": eigenvector_of_mu,
    "gd_sc_varstep": extreme_factors,
    "polyak_fejer_smooth": cocoercive,
    "ogm": at_the_horizon,
    "ogm_primary": before_the_horizon,
    "triple_dist": eigenvector_of_L,
    "triple_gap": eigenvector_of_L,
    "lower_krylov": fewer_than_eigenvalues,
    "cg_chebyshev": chebyshev,
    "adam_step": proportional_slopes,
    "rmsprop_step": first_step,
    "adagrad_step": first_step,
}
