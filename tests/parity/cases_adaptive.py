"""The adaptive methods: whose conventions are whose, as far as they differ.

torch and optax divide Adam's m and v by 1 - beta^t from pow, we by the sum of the weights. AMSGrad's largest v is
torch's before and optax's after that division: `largest`. optax's AdaGrad takes g/sqrt(s + eps), 0 where s is 0: ours
with eps = 0 and its eps a part of `initial`, so that our sum is theirs + eps. torch's lr_decay is the schedule
inverse_decay. optax's RMSprop puts eps inside the root unless eps_in_sqrt=False, calls rho decay (torch: alpha), and
lets the step size into the buffer, with a minus: its trace is -alpha ours as long as alpha stays. Its trace in LARS is
minus our velocity. LARS and LAMB see the layers of a problem as optax sees the tensors of a model; torch has neither.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import optax
import torch
from case import Case, Kept
from players import Optax, Torch

#: Step sizes by problem: lengths, and for LARS and LAMB shares of a layer's length.
ADAM = {"quadratic": 0.02, "rosenbrock": 0.005, "logistic": 0.02, "mlp": 0.005}
ADAGRAD = {"quadratic": 0.2, "rosenbrock": 0.05, "logistic": 0.2, "mlp": 0.05}
RMSPROP = {"quadratic": 0.002, "rosenbrock": 0.0005, "logistic": 0.002, "mlp": 0.0005}
LARS = {"quadratic": 2.0, "rosenbrock": 0.5, "logistic": 0.2, "mlp": 1.0}
LAMB = {"quadratic": 0.002, "rosenbrock": 0.002, "logistic": 0.005, "mlp": 0.002}
#: Large enough to be seen in every step.
EPS, DECAY, MOMENTUM, RHO, RATE = 0.01, 0.1, 0.9, 0.95, 0.05

MOMENTS = (Kept(0, "exp_avg"), Kept(1, "exp_avg_sq"))
OPTAX_MOMENTS = (Kept(0, "mu"), Kept(1, "nu"))


def adaptive(problem: str, steps: int) -> list[Case]:
    """All of them on a problem."""
    return [
        case
        for make in (adam, amsgrad, adamw, adagrad, rmsprop, layered)
        for case in make(partial(_case, problem), partial(Torch, problem), partial(Optax, problem), problem, steps)
    ]


def _case(problem: str, method: str, reference: str, ours: str, theirs: Callable, *kept: Kept) -> Case:
    name = method.partition(",")[0]
    return Case(method, reference, problem, f"{name}[{ours}]", theirs, kept, moved_at=int(leaves_zero(name, problem)))


def leaves_zero(method: str, problem: str) -> bool:
    """A layer at 0 takes a first step of its own, which no layer beside 0 takes."""
    return method in ("lars", "lamb") and problem in ("logistic", "mlp")


def _cosine(steps: int, optimizer: torch.optim.Optimizer) -> Any:
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)


def adam(case: Callable, of_torch: Callable, of_optax: Callable, problem: str, steps: int) -> list[Case]:
    size = ADAM[problem]
    usual, guarded, cosine = f"alpha={size}", f"alpha={size},eps={EPS}", f"schedule=cosine[steps={steps}]"
    other = f"{guarded},beta1=0.8,beta2=0.95"
    rule = partial(of_torch, torch.optim.Adam, lr=size)
    rates = optax.cosine_decay_schedule(size, steps)
    decayed = optax.chain(optax.add_decayed_weights(DECAY), optax.adam(size, eps=EPS))
    return [
        case("adam", "torch Adam", usual, rule, *MOMENTS),
        case("adam", "optax adam", usual, lambda: of_optax(optax.adam(size)), *OPTAX_MOMENTS),
        case("adam, eps, betas", "torch Adam", other, partial(rule, eps=EPS, betas=(0.8, 0.95)), *MOMENTS),
        case("adam, eps, betas", "optax adam", other,
             lambda: of_optax(optax.adam(size, b1=0.8, b2=0.95, eps=EPS)), *OPTAX_MOMENTS),
        case("adam, decay", "torch Adam(weight_decay)", f"{guarded},decay={DECAY}",
             partial(rule, eps=EPS, weight_decay=DECAY), *MOMENTS),
        case("adam, decay", "optax add_decayed_weights, adam", f"{guarded},decay={DECAY}",
             lambda: of_optax(decayed), *OPTAX_MOMENTS),
        case("adam, cosine", "torch Adam, CosineAnnealingLR", f"{usual},{cosine}",
             partial(rule, schedule=partial(_cosine, steps)), *MOMENTS),
        case("adam, cosine", "optax adam, cosine_decay_schedule", f"{usual},{cosine}",
             lambda: of_optax(optax.adam(rates)), *OPTAX_MOMENTS),
    ]  # fmt: skip


def amsgrad(case: Callable, of_torch: Callable, of_optax: Callable, problem: str, steps: int) -> list[Case]:
    size = ADAM[problem]
    usual = f"alpha={size},beta2=0.9,eps={EPS}"
    bare = {"bias_correction_mu": False, "bias_correction_nu": False}
    rule = partial(of_torch, torch.optim.Adam, lr=size, betas=(0.9, 0.9), eps=EPS, amsgrad=True)
    largest = Kept(2, "nu_max")

    def by_optax(**given: Any) -> Callable:
        return lambda: of_optax(optax.amsgrad(size, b2=0.9, eps=EPS, **given))

    return [
        case("amsgrad", "torch Adam(amsgrad)", usual, rule, *MOMENTS, Kept(2, "max_exp_avg_sq")),
        case("amsgrad, decay", "torch Adam(amsgrad, weight_decay)", f"{usual},decay={DECAY}",
             partial(rule, weight_decay=DECAY), *MOMENTS, Kept(2, "max_exp_avg_sq")),
        case("amsgrad, largest corrected", "optax amsgrad", f"{usual},largest=corrected", by_optax(),
             *OPTAX_MOMENTS, largest),
        case("amsgrad, no correction", "optax amsgrad(bias_correction_…=False)", f"{usual},correction=false",
             by_optax(**bare), *OPTAX_MOMENTS, largest),
    ]  # fmt: skip


def adamw(case: Callable, of_torch: Callable, of_optax: Callable, problem: str, steps: int) -> list[Case]:
    size = ADAM[problem]
    usual, cosine = f"alpha={size},eps={EPS},decay={DECAY}", f"schedule=cosine[steps={steps}]"
    rule = partial(of_torch, torch.optim.AdamW, lr=size, eps=EPS, weight_decay=DECAY)
    rates = optax.cosine_decay_schedule(size, steps)

    def by_optax(rate: Any) -> Callable:
        return lambda: of_optax(optax.adamw(rate, eps=EPS, weight_decay=DECAY))

    return [
        case("adamw", "torch AdamW", usual, rule, *MOMENTS),
        case("adamw", "optax adamw", usual, by_optax(size), *OPTAX_MOMENTS),
        case("adamw, cosine", "torch AdamW, CosineAnnealingLR", f"{usual},{cosine}",
             partial(rule, schedule=partial(_cosine, steps)), *MOMENTS),
        case("adamw, cosine", "optax adamw, cosine_decay_schedule", f"{usual},{cosine}", by_optax(rates),
             *OPTAX_MOMENTS),
    ]  # fmt: skip


def adagrad(case: Callable, of_torch: Callable, of_optax: Callable, problem: str, steps: int) -> list[Case]:
    size = ADAGRAD[problem]
    rule = partial(of_torch, torch.optim.Adagrad, lr=size)
    total = Kept(0, "sum")

    def by_optax(initial: float, eps: float) -> Case:
        return case(
            f"adagrad, initial {initial:g}, eps {eps:g}",
            "optax adagrad",
            f"alpha={size},eps=0,initial={initial + eps!r}",
            lambda: of_optax(optax.adagrad(size, initial_accumulator_value=initial, eps=eps)),
            Kept(0, "sum_of_squares", shift=-eps),
        )

    return [
        case("adagrad", "torch Adagrad", f"alpha={size}", rule, total),
        case("adagrad, eps, initial", "torch Adagrad", f"alpha={size},eps={EPS},initial=0.1",
             partial(rule, eps=EPS, initial_accumulator_value=0.1), total),
        case("adagrad, inverse_decay", "torch Adagrad(lr_decay)",
             f"alpha={size},schedule=inverse_decay[rate={RATE}]", partial(rule, lr_decay=RATE), total),
        by_optax(0.0, 1e-7),
        by_optax(0.1, EPS),
    ]  # fmt: skip


def rmsprop(case: Callable, of_torch: Callable, of_optax: Callable, problem: str, steps: int) -> list[Case]:
    size = RMSPROP[problem]
    usual = f"alpha={size},rho={RHO},eps={EPS}"
    rule = partial(of_torch, torch.optim.RMSprop, lr=size, alpha=RHO, eps=EPS)
    square, mean = Kept(0, "square_avg"), Kept(2, "grad_avg")
    buffer, trace = Kept(1, "momentum_buffer"), Kept(1, "trace", factor=-size)

    def by_optax(**given: Any) -> Callable:
        return lambda: of_optax(optax.rmsprop(size, decay=RHO, eps=EPS, eps_in_sqrt=False, **given))

    moving = f"{usual},momentum={MOMENTUM}"
    return [
        case("rmsprop", "torch RMSprop", usual, rule, square),
        case("rmsprop", "optax rmsprop", usual, by_optax(), Kept(0, "nu")),
        case("rmsprop, momentum", "torch RMSprop(momentum)", moving, partial(rule, momentum=MOMENTUM), square, buffer),
        case("rmsprop, momentum", "optax rmsprop(momentum)", moving, by_optax(momentum=MOMENTUM), Kept(0, "nu"), trace),
        case("rmsprop, centered", "torch RMSprop(centered)", f"{usual},centered=true", partial(rule, centered=True),
             square, mean),
        case("rmsprop, centered", "optax rmsprop(centered)", f"{usual},centered=true", by_optax(centered=True),
             Kept(0, "nu"), Kept(2, "mu")),
        case("rmsprop, centered, momentum", "torch RMSprop(centered, momentum)", f"{moving},centered=true",
             partial(rule, centered=True, momentum=MOMENTUM), square, mean, buffer),
        case("rmsprop, centered, momentum", "optax rmsprop(centered, momentum)", f"{moving},centered=true",
             by_optax(centered=True, momentum=MOMENTUM), Kept(0, "nu"), Kept(2, "mu"), trace),
    ]  # fmt: skip


def layered(case: Callable, of_torch: Callable, of_optax: Callable, problem: str, steps: int) -> list[Case]:
    long, share, cosine = LARS[problem], LAMB[problem], f"schedule=cosine[steps={steps}]"
    trace = Kept(0, "trace", factor=-1.0)

    def lars(rate: Any, **given: Any) -> Callable:
        return lambda: of_optax(optax.lars(rate, **given))

    def lamb(rate: Any, **given: Any) -> Callable:
        return lambda: of_optax(optax.lamb(rate, **given))

    return [
        case("lars", "optax lars", f"alpha={long}", lars(long), trace),
        case("lars, eps, decay", "optax lars(eps, weight_decay)", f"alpha={long},eps={EPS},decay={DECAY},trust=0.002",
             lars(long, eps=EPS, weight_decay=DECAY, trust_coefficient=0.002), trace),
        case("lars, cosine", "optax lars, cosine_decay_schedule", f"alpha={long},{cosine}",
             lars(optax.cosine_decay_schedule(long, steps)), trace),
        case("lamb", "optax lamb", f"alpha={share}", lamb(share), *OPTAX_MOMENTS),
        case("lamb, eps, decay", "optax lamb(eps, weight_decay)", f"alpha={share},eps={EPS},decay={DECAY}",
             lamb(share, eps=EPS, weight_decay=DECAY), *OPTAX_MOMENTS),
        case("lamb, cosine", "optax lamb, cosine_decay_schedule", f"alpha={share},{cosine}",
             lamb(optax.cosine_decay_schedule(share, steps)), *OPTAX_MOMENTS),
    ]  # fmt: skip
