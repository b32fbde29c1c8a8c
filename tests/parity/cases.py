"""Method x reference x problem: who is held against whom, with whose conventions, and how far apart they are.

torch clips by threshold/(||g|| + 1e-6) where we and optax clip by threshold/||g||: torch is handed the threshold times
(||g|| + 1e-6)/||g||, which makes its factor ours. optax normalises by ||g|| + 1e-6 unless eps=0. Its Polyak step is at
most 1, and none where ||g||^2 <= 2^-52; ours has no such limits, and as the step is the same for c f, optax is handed
2^200 f. Where f - f* is within the rounding of f ours stays and optax goes on: such steps are not held against each
other. torch and optax keep Nesterov's query point y_k = x_k - alpha beta v_k, we keep x_k as well: theirs is
y_k + alpha beta v_k, while alpha stays. optax has no dampening, and ours no maximize: nothing to compare.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np
import optax
import torch
from case import Case, velocity
from cases_adaptive import adaptive
from cases_sampled import sampled
from models import PROBLEMS
from players import Optax, Ours, Torch

from gdbench import registry
from gdbench.optimizer import Optimizer

STEPS = 300
LIMIT = 1e-13
ULP = 2.0**-52
#: Paths that multiply an ulp by more are held against each other only as long as they have not.
GROWTH = 100.0
#: Step sizes with and without momentum, by problem; lengths of the steps of methods whose alpha is a length.
STEP = {"quadratic": 0.25, "rosenbrock": 5e-4, "logistic": 0.5, "mlp": 0.1}
SLOW = {"quadratic": 0.125, "rosenbrock": 1e-4, "logistic": 0.5, "mlp": 0.05}
LENGTH = 0.01
BETA = 0.9
DAMPENING = 0.3
DECAY = 0.1
#: A power of two: multiplies value and gradient exactly.
SCALE = 2.0**200
#: Thresholds that bind at first and no longer at the end.
NORM = {"quadratic": 1.0, "rosenbrock": 50.0, "logistic": 0.05, "mlp": 0.05}
VALUE = {"quadratic": 0.2, "rosenbrock": 20.0, "logistic": 0.02, "mlp": 0.05}


def torch_norm_as_ours(threshold: float, parameters: list) -> None:
    length = torch.nn.utils.get_total_norm([p.grad for p in parameters])
    if length > 0.0:
        torch.nn.utils.clip_grad_norm_(parameters, float(threshold * (length + 1e-6) / length))


def torch_norm(threshold: float, parameters: list) -> None:
    torch.nn.utils.clip_grad_norm_(parameters, threshold)


def torch_value(threshold: float, parameters: list) -> None:
    torch.nn.utils.clip_grad_value_(parameters, threshold)


def cosine(optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS)


def buffered(problem: str) -> list[Case]:
    """The momentum buffer: weight decay, dampening and the look-ahead, alone and together."""
    slow = SLOW[problem]
    decayed = f"alpha={slow},decay={DECAY}"
    anneal = f"schedule=cosine[steps={STEPS}]"
    ahead = {"kept": velocity(1), "ahead": slow * BETA}
    sgd = partial(Torch, problem, lr=slow)
    moving = partial(sgd, momentum=BETA)

    def case(what: str, reference: str, ours: str, theirs: Callable, **more: Any) -> Case:
        return Case(f"momentum_buffer, {what}", reference, problem, f"momentum_buffer[{ours}]", theirs, **more)

    def then(**given: Any) -> Callable:
        rule = optax.sgd(**{"learning_rate": slow, **given})
        return lambda: Optax(problem, optax.chain(optax.add_decayed_weights(DECAY), rule))

    rates = optax.cosine_decay_schedule(slow, STEPS)
    look = {"momentum": BETA, "nesterov": True}
    by_optax = "optax add_decayed_weights, sgd"
    return [
        case("decay", "torch SGD(weight_decay)", f"{decayed},beta=0", partial(sgd, weight_decay=DECAY)),
        case("decay", by_optax, f"{decayed},beta=0", then()),
        case("beta, decay", "torch SGD(momentum, weight_decay)", decayed, partial(moving, weight_decay=DECAY),
             kept=velocity(0)),
        case("beta, decay", f"{by_optax}(momentum)", decayed, then(momentum=BETA), kept=velocity(0)),
        case("dampening", "torch SGD(momentum, dampening)", f"alpha={slow},dampening={DAMPENING}",
             partial(moving, dampening=DAMPENING), kept=velocity(0)),
        case("dampening, decay", "torch SGD(momentum, dampening, weight_decay)", f"{decayed},dampening={DAMPENING}",
             partial(moving, dampening=DAMPENING, weight_decay=DECAY), kept=velocity(0)),
        case("nesterov", "torch SGD(nesterov)", f"alpha={slow},nesterov=true", partial(moving, nesterov=True),
             **ahead),
        case("nesterov, decay", "torch SGD(nesterov, weight_decay)", f"{decayed},nesterov=true",
             partial(moving, nesterov=True, weight_decay=DECAY), **ahead),
        case("nesterov, decay", f"{by_optax}(nesterov)", f"{decayed},nesterov=true", then(**look), **ahead),
        case("all, cosine", "torch SGD(dampening, weight_decay), CosineAnnealingLR",
             f"{decayed},dampening={DAMPENING},{anneal}",
             partial(moving, dampening=DAMPENING, weight_decay=DECAY, schedule=cosine), kept=velocity(0)),
        case("nesterov, decay, cosine", "torch SGD(nesterov, weight_decay), CosineAnnealingLR",
             f"{decayed},nesterov=true,{anneal}",
             partial(moving, nesterov=True, weight_decay=DECAY, schedule=cosine), kept=velocity(1)),
        case("nesterov, decay, cosine", f"{by_optax}(nesterov), cosine_decay_schedule",
             f"{decayed},nesterov=true,{anneal}", then(learning_rate=rates, **look), kept=velocity(1)),
    ]  # fmt: skip


def cases_of(problem: str) -> list[Case]:
    size, slow = STEP[problem], SLOW[problem]
    momentum = f"alpha={slow},beta={BETA}"
    clipped = f"clipped[alpha={size},threshold="
    by_norm, by_value = f"{clipped}{NORM[problem]}]", f"{clipped}{VALUE[problem]},by=value]"
    descent = f"gradient_descent[alpha={size}]"
    annealed = f"gradient_descent[alpha={size},schedule=cosine[steps={STEPS}]]"
    ahead = {"kept": velocity(1), "ahead": slow * BETA}
    plain = partial(Torch, problem, lr=size)
    moving = partial(Torch, problem, lr=slow, momentum=BETA)
    through = partial(Optax, problem)

    def case(method: str, reference: str, ours: str, theirs: Callable, **more: Any) -> Case:
        return Case(method, reference, problem, ours, theirs, **more)

    def then(rule: optax.GradientTransformation) -> Callable:
        return lambda: through(optax.chain(rule, optax.sgd(size)))

    found = [
        case("gradient_descent", "torch SGD", descent, plain),
        case("gradient_descent", "optax sgd", descent, lambda: through(optax.sgd(size))),
        case("gradient_descent, cosine", "torch SGD, CosineAnnealingLR", annealed, partial(plain, schedule=cosine)),
        case("gradient_descent, cosine", "optax sgd, cosine_decay_schedule", annealed,
             lambda: through(optax.sgd(optax.cosine_decay_schedule(size, STEPS)))),
        case("heavy_ball", "torch SGD(momentum)", f"heavy_ball[{momentum}]", moving, kept=velocity(0)),
        case("heavy_ball", "optax sgd(momentum)", f"heavy_ball[{momentum}]",
             lambda: through(optax.sgd(slow, momentum=BETA)), kept=velocity(0)),
        case("nesterov", "torch SGD(nesterov)", f"nesterov[{momentum}]", partial(moving, nesterov=True), **ahead),
        case("nesterov", "optax sgd(nesterov)", f"nesterov[{momentum}]",
             lambda: through(optax.sgd(slow, momentum=BETA, nesterov=True)), **ahead),
        *buffered(problem),
        *adaptive(problem, STEPS),
        *sampled(problem),
        case("sign", "optax sign_sgd", f"sign[alpha={LENGTH}]", lambda: through(optax.sign_sgd(LENGTH))),
        case("clipped by norm", "torch clip_grad_norm_, SGD", by_norm,
             partial(plain, clip=partial(torch_norm_as_ours, NORM[problem]))),
        case("clipped by norm", "optax clip_by_global_norm, sgd", by_norm,
             then(optax.clip_by_global_norm(NORM[problem]))),
        case("clipped by value", "torch clip_grad_value_, SGD", by_value,
             partial(plain, clip=partial(torch_value, VALUE[problem]))),
        case("clipped by value", "optax clip, sgd", by_value, then(optax.clip(VALUE[problem]))),
        case("normalized", "optax normalize_by_update_norm", f"normalized[alpha={LENGTH}]",
             lambda: through(optax.normalize_by_update_norm(scale_factor=-LENGTH, eps=0.0))),
    ]  # fmt: skip
    f_star = _exact(problem)
    if f_star is not None:
        rule = optax.polyak_sgd(max_learning_rate=math.inf, f_min=SCALE * f_star)
        found.append(
            case("polyak_step", "optax polyak_sgd", "polyak_step", lambda: through(rule, scale=SCALE), may_stay=True)
        )
    return found


def _exact(problem: str) -> float | None:
    f_star = registry.problem(PROBLEMS[problem]).f_star
    return f_star.value if f_star is not None and f_star.kind == "exact" else None


CASES = [case for problem in STEP for case in cases_of(problem)]


@dataclass(frozen=True)
class Apart:
    """Largest differences, relative to the largest entry of the path.

    one: after a step from our state with our gradient. free[k]: of two runs from the start, each by its own gradients.
    growth[k]: by how much our own path has multiplied an ulp at its start.
    """

    one: float
    free: np.ndarray
    growth: np.ndarray

    @property
    def horizon(self) -> int:
        return horizon_of(self.growth)


def horizon_of(growth: np.ndarray) -> int:
    """The last k up to which a path has multiplied an ulp by at most GROWTH."""
    return int(np.argmax(growth > GROWTH)) - 1 if np.any(growth > GROWTH) else STEPS


State = tuple[np.ndarray, ...]


def ours_of(case: Case, optimizer: Optimizer | None = None) -> Ours:
    return Ours(case.problem, optimizer or registry.optimizer(case.ours))


def our_state(case: Case, player: Ours) -> State:
    """x; the rows of memory that both sides keep; the point that theorems bound, where that is another."""
    rows = [player.x.copy(), *(player.memory[one.ours].copy() for one in case.kept)]
    if case.ahead is not None:
        rows.append(player.memory[0].copy())
    return tuple(rows)


def their_state(case: Case, player: Torch | Optax) -> State:
    """The same of a reference."""
    rows = [player.x, *((player.row(one.theirs) - one.shift) / one.factor for one in case.kept)]
    if case.ahead is not None:
        rows.append(rows[0] + case.ahead * rows[1])
    return tuple(rows)


def scales(path: list[State]) -> list[float]:
    """The largest entry of each kind of row."""
    return [max(float(np.max(np.abs(state[i]))) for state in path) for i in range(len(path[0]))]


def distance(a: State, b: State, sizes: list[float]) -> float:
    return max(float(np.max(np.abs(p - q))) / size for p, q, size in zip(a, b, sizes, strict=True))


def path_of(case: Case, optimizer: Optimizer | None = None, *, moved: bool = False) -> list[State]:
    """Our states for k = 0, 1, …, STEPS; moved: every entry of x by an ulp, at the case's k."""
    player, found = ours_of(case, optimizer), []
    for k in range(STEPS + 1):
        if k > 0:
            player.step()
        if moved and k == case.moved_at:
            player.move(ulps(player.x))
        found.append(our_state(case, player))
    return found


def ulps(x: np.ndarray) -> np.ndarray:
    """An ulp of each entry, of either sign."""
    signs = np.where(np.random.Generator(np.random.Philox(0)).random(len(x)) < 0.5, -1.0, 1.0)
    return signs * np.where(x == 0.0, ULP, np.spacing(np.abs(x)))


def one_step(case: Case, optimizer: Optimizer | None = None, steps: int = STEPS) -> float:
    """From each of our first states the reference takes one step with our gradient: the largest difference after it.

    At the start each side has what it begins with.
    """
    player, theirs = ours_of(case, optimizer), case.theirs()
    path, pairs = [our_state(case, player)], []
    for k in range(steps):
        kept = case.kept if k > 0 else ()
        theirs.put(player.x.copy(), {one.theirs: one.factor * player.memory[one.ours] + one.shift for one in kept})
        player.step()
        theirs.step(player.g.copy(), player.f)
        path.append(our_state(case, player))
        if player.alpha > 0.0 or not case.may_stay:
            pairs.append((path[-1], their_state(case, theirs)))
    sizes = scales(path)
    return max(distance(mine, their, sizes) for mine, their in pairs)


def free(case: Case, optimizer: Optimizer | None = None) -> np.ndarray:
    """How far two runs from the start are apart after k = 0, 1, …, STEPS steps, each by gradients of its own."""
    path = path_of(case, optimizer)
    sizes, theirs, found = scales(path), case.theirs(), [0.0]
    for state in path[1:]:
        theirs.step()
        found.append(distance(state, their_state(case, theirs), sizes))
    return np.array(found)


@cache
def _growth(case: Case) -> np.ndarray:
    path, moved = path_of(case), path_of(case, moved=True)
    sizes, k = scales(path), case.moved_at
    first = float(np.max(np.abs(moved[k][0] - path[k][0]))) / sizes[0]
    return np.array([distance(a, b, sizes) for a, b in zip(path, moved, strict=True)]) / first


def growth(case: Case) -> np.ndarray:
    """By how much our path has multiplied an ulp of x, at its start or the case's k, after k = 0, 1, …, STEPS steps."""
    return _growth(replace(case, reference="", theirs=Ours, ahead=case.ahead and 1.0))


@cache
def apart(case: Case) -> Apart:
    return Apart(one_step(case), free(case), growth(case))


def held(case: Case, one: float, free: np.ndarray) -> None:
    """Raise where a step exceeds LIMIT, or two runs do while an ulp has grown by at most GROWTH."""
    assert one <= LIMIT, f"{case.label}: {one:.1e} after one step"
    horizon = horizon_of(growth(case))
    worst = float(np.max(free[: horizon + 1]))
    assert worst <= LIMIT, f"{case.label}: {worst:.1e} within {horizon} steps"
