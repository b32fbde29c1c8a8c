"""Bugs in schedules and in steps that vary."""

from dataclasses import replace

import numpy as np

from gdbench.kernel import schedule, sin
from planted import kernels_varying_steps as kernels
from planted.bugs import Bug, tuned
from planted.checks import loses, violated

GD, QUAD, BOTTOM = "gradient_descent", "quadratic[dim=7]", "quadratic[dim=2,start=bottom]"


@schedule
def late(k, plan):
    return plan[0] / (k + 2.0)


@schedule
def early(k, plan):
    return plan[0] / max(k, 1.0)


@schedule
def squared(k, plan):
    return plan[0] / ((k + 1.0) * (k + 1.0))


@schedule
def not_halved(k, plan):
    left = plan[1] - min(float(k), plan[1])
    wave = sin(1.5707963267948966 * (left / plan[1]))
    return plan[0] * wave


@schedule
def turns_up(k, plan):
    wave = sin(1.5707963267948966 * ((plan[1] - k) / plan[1]))
    return plan[0] * (wave * wave)


@schedule
def off_by_one_drop(k, plan):
    share = 1.0
    for _ in range((k + 1) // int(plan[2])):
        share *= plan[1]
    return plan[0] * share


@schedule
def percent_low(k, plan):
    return 0.99 * plan[0] / np.sqrt(k + 1.0)


@schedule
def cold(k, plan):
    return plan[0] * min(k / plan[1], 1.0)


@schedule
def base_two(k, plan):
    share = 1.0
    for _ in range(k):
        share *= 1.0 - plan[1]
    return plan[0] * share


@schedule
def no_decay(k, plan):
    return plan[0] * min((k + 1.0) / plan[1], 1.0)


def other(kernel):
    """The declared schedule stays, its kernel is another."""
    return lambda optimizer: replace(optimizer, schedule=replace(optimizer.schedule, kernel=kernel))


def sign(bug, amount=0.0):
    return tuned(kernels.sign_step, bug, amount, memory=0, ahead=False)


def normal(bug, amount=0.0):
    return tuned(kernels.normalized_step, bug, amount, memory=0, ahead=False)


def clip(bug, amount=0.0):
    return tuned(kernels.clip_step, bug, amount, memory=0, ahead=False, keep=1)


def scheduled_bug(name, selector, kernel):
    return Bug(name, violated("quad_gd_exact"), f"{GD}[schedule={selector}]", QUAD, in_optimizer=other(kernel))


SCHEDULES = (
    scheduled_bug("inverse starts at k + 2", "inverse", late),
    scheduled_bug("inverse is the same for k = 0 and 1", "inverse", early),
    scheduled_bug("inverse falls like k^-2", "inverse", squared),
    scheduled_bug("cosine without its half", "cosine[steps=200]", not_halved),
    scheduled_bug("cosine turns up after its end", "cosine[steps=100]", turns_up),
    scheduled_bug("step drops one early", "step[gamma=0.5,every=10]", off_by_one_drop),
    scheduled_bug("inverse_sqrt 1 % low", "inverse_sqrt", percent_low),
    scheduled_bug("warmup begins at 0", "warmup_inverse_sqrt[warmup=50]", cold),
    scheduled_bug("exponential by 1 - rate", "exponential", base_two),
    scheduled_bug("warmup never falls", "warmup_inverse_sqrt[warmup=50]", no_decay),
    scheduled_bug("warmup_linear never falls", "warmup_linear[warmup=20,steps=100]", no_decay),
)

SIGN, NORMAL, CLIP = "sign", "normalized[alpha=0.1]", "clipped[threshold=0.5]"
RULES = (
    Bug("sign: one coordinate climbs", violated("sign_separable"), SIGN, in_optimizer=sign(kernels.OPPOSITE)),
    Bug("sign: three times as long", violated("sign_separable"), "sign[alpha=0.1]", QUAD,
        in_optimizer=sign(kernels.SCALED, 3.0)),
    Bug("sign: 1 % short", violated("sign_separable"), SIGN, in_optimizer=sign(kernels.SCALED, 0.99)),
    Bug("sign: last coordinate never moves", violated("sign_separable"), SIGN, in_optimizer=sign(kernels.LAST)),
    Bug("normalized: climbs", violated("normalized_gap"), NORMAL, QUAD, in_optimizer=normal(kernels.OPPOSITE)),
    Bug("clipped: climbs", violated("gd_descent"), CLIP, QUAD, in_optimizer=clip(kernels.OPPOSITE)),
    Bug("clipped: 1 % short", loses("gd_sc_varstep"), CLIP, BOTTOM, in_optimizer=clip(kernels.SCALED, 0.99)),
    Bug("clipped: 10 % short", violated("gd_sc_varstep"), CLIP, BOTTOM, in_optimizer=clip(kernels.SCALED, 0.9)),
    Bug("clipped: steps of twice the length", violated("gd_fejer"), "clipped[alpha=1.9/L,threshold=50]", QUAD,
        in_optimizer=clip(kernels.SCALED, 2.0)),
    Bug("clipped: last coordinate never moves", violated("gd_descent"), CLIP, QUAD, in_optimizer=clip(kernels.LAST)),
)  # fmt: skip

BUGS = (*SCHEDULES, *RULES)
