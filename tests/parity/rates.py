"""Schedule x reference: the step sizes of updates k = 0, 1, … of ours and of torch's and optax's counterparts.

Update k uses what torch's scheduler says before its k-th step() and what optax says of count k. Where they are not the
same schedule as ours, this is how they are made the same:

- warmup_*: ours uses alpha_0 (k + 1)/warmup, so no update is lost to a step of 0, and alpha_0 twice, at warmup - 1 and
  at warmup. Theirs start from alpha_0/warmup, rise for warmup - 1 updates and hand over at warmup.
- optax.warmup_cosine_decay_schedule from 0 is ours if it is asked for k + 1 while it rises.
- one_cycle: torch's top lies at rise steps - 1, its end at steps - 1, as do ours. optax's lie at int(pct_start T) and
  T: T = steps - 1, and pct_start such that int gives the same. torch ends with its last step, ours stays.
- cosine: torch turns up again after T_max; ours and optax stay.
- exponential: gamma = e^-rate, rounded once, loses k/2 ulp after k powers; optax takes e^-1 over 1/rate updates.
- inverse, inverse_decay, inverse_sqrt, transformer, warmup_inverse_sqrt: neither has them; torch's LambdaLR takes their
  formula, written anew.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import optax
import torch
from cases import ULP
from torch.optim import lr_scheduler

from gdbench import registry
from gdbench.kernel import prepare

BASE = 0.37
CLOSED = 1e-15


@dataclass(frozen=True)
class Pair:
    """theirs(count) are the step sizes of updates 0 … count - 1. recursive: each is computed from the one before."""

    ours: str
    reference: str
    theirs: Callable
    count: int = 300
    recursive: bool = False

    @property
    def label(self) -> str:
        return f"{self.ours}-{self.reference}"

    def room(self) -> np.ndarray:
        """What rounding may cost at every k: 1e-15, and an ulp for each update of a recursion."""
        k = np.arange(self.count)
        return BASE * (np.maximum(k * ULP, CLOSED) if self.recursive else np.full(self.count, CLOSED))


def ours(selector: str, count: int) -> np.ndarray:
    schedule = registry.schedule(selector)
    plan = np.array([BASE, *schedule.parameters])
    kernel = prepare(schedule.kernel)
    return np.array([kernel(k, plan) for k in range(count)])


def of_torch(make: Callable) -> Callable:
    def rates(count: int) -> np.ndarray:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], lr=BASE)
        scheduler = make(optimizer)
        found = []
        for k in range(count):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if k + 1 < count:
                scheduler.step()
        return np.array(found)

    return rates


def of_optax(schedule: Callable) -> Callable:
    return lambda count: np.array([float(schedule(np.int64(k))) for k in range(count)])


def by_formula(share: Callable) -> Callable:
    return of_torch(lambda optimizer: lr_scheduler.LambdaLR(optimizer, share))


def warm_torch(warmup: int, then: Callable) -> Callable:
    def make(optimizer: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
        rise = lr_scheduler.LinearLR(optimizer, start_factor=1.0 / warmup, end_factor=1.0, total_iters=warmup - 1)
        return lr_scheduler.SequentialLR(optimizer, [rise, then(optimizer)], milestones=[warmup])

    return of_torch(make)


def warm_optax(warmup: int, then: Callable) -> Callable:
    return of_optax(optax.join_schedules([optax.linear_schedule(BASE / warmup, BASE, warmup - 1), then], [warmup]))


def early_while_it_rises(warmup: int, steps: int, end: float) -> Callable:
    schedule = optax.warmup_cosine_decay_schedule(0.0, BASE, warmup, steps, end * BASE)
    return lambda count: np.array([float(schedule(np.int64(k + (k < warmup)))) for k in range(count)])


def drops(*at: int, gamma: float) -> Callable:
    return of_optax(optax.piecewise_constant_schedule(BASE, dict.fromkeys(at, gamma)))


def annealed(steps: int, end: float = 0.0) -> Callable:
    return lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps, eta_min=end * BASE)


PAIRS = [
    Pair("constant", "torch ConstantLR", of_torch(lambda o: lr_scheduler.ConstantLR(o, factor=1.0))),
    Pair("constant", "optax constant_schedule", of_optax(optax.constant_schedule(BASE))),
    Pair("cosine[steps=300]", "torch CosineAnnealingLR", of_torch(annealed(300)), 301, recursive=True),
    Pair("cosine[steps=40,end=0.1]", "torch CosineAnnealingLR", of_torch(annealed(40, 0.1)), 41, recursive=True),
    Pair("cosine[steps=40,end=0.1]", "optax cosine_decay_schedule",
         of_optax(optax.cosine_decay_schedule(BASE, 40, 0.1))),
    Pair("cosine[steps=7,restarts=true]", "torch CosineAnnealingWarmRestarts",
         of_torch(lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=7))),
    Pair("cosine[steps=7,restarts=true]", "optax join_schedules of cosine_decay_schedule",
         of_optax(optax.join_schedules([optax.cosine_decay_schedule(BASE, 7)] * 10, list(range(7, 70, 7)))), 70),
    Pair("exponential[rate=0.01]", "torch ExponentialLR",
         of_torch(lambda o: lr_scheduler.ExponentialLR(o, math.exp(-0.01))), recursive=True),
    Pair("exponential[rate=0.01]", "optax exponential_decay",
         of_optax(optax.exponential_decay(BASE, 100, math.exp(-1.0)))),
    Pair("inverse", "torch LambdaLR", by_formula(lambda k: 1.0 / (k + 1))),
    Pair("inverse_decay[rate=0.3]", "torch LambdaLR", by_formula(lambda k: 1.0 / (1.0 + 0.3 * k))),
    Pair("inverse_sqrt", "torch LambdaLR", by_formula(lambda k: (k + 1) ** -0.5)),
    Pair("milestones[at=30/60/90,gamma=0.3]", "torch MultiStepLR",
         of_torch(lambda o: lr_scheduler.MultiStepLR(o, [30, 60, 90], 0.3)), recursive=True),
    Pair("milestones[at=30/60/90,gamma=0.3]", "optax piecewise_constant_schedule", drops(30, 60, 90, gamma=0.3)),
    Pair("one_cycle[steps=300]", "torch OneCycleLR",
         of_torch(lambda o: lr_scheduler.OneCycleLR(o, BASE, total_steps=300, cycle_momentum=False))),
    Pair("one_cycle[steps=300]", "optax cosine_onecycle_schedule",
         of_optax(optax.cosine_onecycle_schedule(299, BASE, 89.5 / 299))),
    Pair("step[gamma=0.5,every=7]", "torch StepLR", of_torch(lambda o: lr_scheduler.StepLR(o, 7, 0.5)), recursive=True),
    Pair("step[gamma=0.3,every=30]", "torch StepLR", of_torch(lambda o: lr_scheduler.StepLR(o, 30, 0.3)),
         recursive=True),
    Pair("step[gamma=0.3,every=30]", "optax exponential_decay(staircase)",
         of_optax(optax.exponential_decay(BASE, 30, 0.3, staircase=True))),
    Pair("transformer[width=3,warmup=50]", "torch LambdaLR",
         by_formula(lambda k: 3**-0.5 * min((k + 1) ** -0.5, (k + 1) * 50**-1.5))),
    Pair("warmup_cosine[warmup=20,steps=200,end=0.1]", "torch SequentialLR of LinearLR, CosineAnnealingLR",
         warm_torch(20, annealed(180, 0.1)), 201, recursive=True),
    Pair("warmup_cosine[warmup=20,steps=200,end=0.1]", "optax join_schedules of linear, cosine_decay",
         warm_optax(20, optax.cosine_decay_schedule(BASE, 180, 0.1))),
    Pair("warmup_cosine[warmup=20,steps=200,end=0.1]", "optax warmup_cosine_decay_schedule",
         early_while_it_rises(20, 200, 0.1)),
    Pair("warmup_inverse_sqrt[warmup=50]", "torch LambdaLR",
         by_formula(lambda k: min((k + 1) / 50, (50 / (k + 1)) ** 0.5))),
    Pair("warmup_linear[warmup=20,steps=200]", "torch SequentialLR of LinearLR, LinearLR",
         warm_torch(20, lambda o: lr_scheduler.LinearLR(o, start_factor=1.0, end_factor=0.0, total_iters=180)),
         recursive=True),
    Pair("warmup_linear[warmup=20,steps=200]", "optax join_schedules of linear, linear",
         warm_optax(20, optax.linear_schedule(BASE, 0.0, 180))),
]  # fmt: skip


def differences(pair: Pair) -> np.ndarray:
    """Of the step sizes of every update, absolute."""
    return np.abs(ours(pair.ours, pair.count) - pair.theirs(pair.count))


def held(pair: Pair, found: np.ndarray) -> None:
    """Raise where two step sizes differ by more than rounding may cost."""
    excess = found / pair.room()
    k = int(np.argmax(excess))
    assert excess[k] <= 1.0, f"{pair.label}: {found[k] / BASE:.1e} alpha_0 apart at update {k}"
