"""Conventions of adaptive methods that are not ours, planted on either side: a single step must tell."""

from dataclasses import replace
from functools import partial

import numpy as np
import optax
import pytest
import torch
from cases import LIMIT, one_step
from cases_adaptive import ADAGRAD, ADAM, DECAY, EPS, LAMB, LARS, MOMENTUM, RATE, RHO, RMSPROP
from players import Optax, Torch
from test_wrong_conventions import FEW, is_red, true_case

from gdbench import registry

PROBLEMS = sorted(ADAM)


def x_is_red(case, optimizer=None, *, red=True):
    """By x alone: what else they keep may not even be there."""
    alone = replace(case, kept=())
    if red:
        is_red(alone, optimizer)
    else:
        assert one_step(alone, steps=FEW) <= LIMIT


def adam(problem, rule=torch.optim.Adam, **given):
    return Torch(problem, rule, **{"lr": ADAM[problem], "eps": EPS, **given})


def amsgrad(problem, **given):
    return adam(problem, betas=(0.9, 0.9), amsgrad=True, **given)


def rmsprop(problem, **given):
    return Torch(problem, torch.optim.RMSprop, **{"lr": RMSPROP[problem], "alpha": RHO, "eps": EPS, **given})


def adagrad(problem, **given):
    return Torch(problem, torch.optim.Adagrad, **{"lr": ADAGRAD[problem], **given})


def ahead(player):
    """It has made a step already, by a gradient of 0: moments as they were, exponents one higher."""
    start = player.x
    player.step(np.zeros(len(start)), 0.0)
    assert np.array_equal(player.x, start)
    return player


def decay_beside(problem):
    """What the trust ratio scales is without its decay."""
    rate = LAMB[problem]
    return optax.chain(
        optax.scale_by_adam(eps=EPS), optax.scale_by_trust_ratio(), optax.add_decayed_weights(DECAY), optax.scale(-rate)
    )


def trust_before_decay(problem):
    trust = optax.scale_by_trust_ratio(trust_coefficient=0.002, eps=EPS)
    return optax.chain(
        trust, optax.add_decayed_weights(DECAY), optax.scale_by_learning_rate(LARS[problem]), optax.trace(0.9)
    )


BETAS = "adam, eps, betas"
THEIRS = {
    "torch's own eps": (BETAS, lambda p: adam(p, betas=(0.8, 0.95), eps=1e-8)),
    "betas exchanged": (BETAS, lambda p: adam(p, betas=(0.95, 0.8))),
    "a beta rounded to single": (BETAS, lambda p: adam(p, betas=(0.8, float(np.float32(0.95))))),
    "an exponent too high": ("adam", lambda p: ahead(Torch(p, torch.optim.Adam, lr=ADAM[p]))),
    "the largest v of AMSGrad": (BETAS, lambda p: adam(p, betas=(0.8, 0.95), amsgrad=True)),
    "AdamW's decay": ("adam, decay", lambda p: adam(p, torch.optim.AdamW, weight_decay=DECAY)),
    "no decay": ("adam, decay", adam),
    "Adam's decay": ("adamw", lambda p: adam(p, weight_decay=DECAY)),
    "a decay a millionth off": ("adamw", lambda p: adam(p, torch.optim.AdamW, weight_decay=DECAY * (1.0 + 1e-6))),
    "torch's own decay": ("adamw", lambda p: adam(p, torch.optim.AdamW)),
    "Adam for AMSGrad": ("amsgrad", lambda p: adam(p, betas=(0.9, 0.9))),
    "AdamW's decay in AMSGrad": (
        "amsgrad, decay", lambda p: adam(p, torch.optim.AdamW, betas=(0.9, 0.9), amsgrad=True, weight_decay=DECAY)),
    "torch's own sum": ("adagrad, eps, initial", lambda p: adagrad(p, eps=EPS)),
    "torch's own eps in AdaGrad": ("adagrad, eps, initial", lambda p: adagrad(p, initial_accumulator_value=0.1)),
    "a constant lr": ("adagrad, inverse_decay", adagrad),
    "a decay of lr a step ahead": ("adagrad, inverse_decay", lambda p: ahead(adagrad(p, lr_decay=RATE))),
    "rho for 1 - rho": ("rmsprop", lambda p: rmsprop(p, alpha=1.0 - RHO)),
    "torch's own rho": ("rmsprop", lambda p: rmsprop(p, alpha=0.99)),
    "torch's own eps in RMSprop": ("rmsprop", lambda p: rmsprop(p, eps=1e-8)),
    "centered": ("rmsprop", lambda p: rmsprop(p, centered=True)),
    "not centered": ("rmsprop, centered", rmsprop),
    "no momentum": ("rmsprop, momentum", rmsprop),
    "momentum a millionth off": ("rmsprop, momentum", lambda p: rmsprop(p, momentum=MOMENTUM * (1.0 + 1e-6))),
}  # fmt: skip
OPTAX = {
    "eps inside the root": (BETAS, lambda p: optax.adam(ADAM[p], b1=0.8, b2=0.95, eps=0.0, eps_root=EPS)),
    "eps inside the root as its square": (
        BETAS, lambda p: optax.adam(ADAM[p], b1=0.8, b2=0.95, eps=0.0, eps_root=EPS**2)),
    "Nesterov's": (BETAS, lambda p: optax.adam(ADAM[p], b1=0.8, b2=0.95, eps=EPS, nesterov=True)),
    "decay beside the step": ("adam, decay", lambda p: optax.adamw(ADAM[p], eps=EPS, weight_decay=DECAY)),
    "optax's own decay": ("adamw", lambda p: optax.adamw(ADAM[p], eps=EPS)),
    "only m corrected": (
        "amsgrad, largest corrected", lambda p: optax.amsgrad(ADAM[p], b2=0.9, eps=EPS, bias_correction_nu=False)),
    "only v corrected": (
        "amsgrad, largest corrected", lambda p: optax.amsgrad(ADAM[p], b2=0.9, eps=EPS, bias_correction_mu=False)),
    "corrected": ("amsgrad, no correction", lambda p: optax.amsgrad(ADAM[p], b2=0.9, eps=EPS)),
    "optax's own sum": ("adagrad, initial 0, eps 1e-07", lambda p: optax.adagrad(ADAGRAD[p])),
    "optax's eps in RMSprop": ("rmsprop", lambda p: optax.rmsprop(RMSPROP[p], decay=RHO, eps=EPS)),
    "a corrected RMSprop": (
        "rmsprop", lambda p: optax.rmsprop(RMSPROP[p], decay=RHO, eps=EPS, eps_in_sqrt=False, bias_correction=True)),
    "eps inside the centered root": (
        "rmsprop, centered", lambda p: optax.rmsprop(RMSPROP[p], decay=RHO, eps=EPS, centered=True)),
    "Nesterov's LARS": ("lars", lambda p: optax.lars(LARS[p], nesterov=True)),
    "optax's own trust": ("lars, eps, decay", lambda p: optax.lars(LARS[p], eps=EPS, weight_decay=DECAY)),
    "trust before decay": ("lars, eps, decay", trust_before_decay),
    "no eps in the trust ratio": (
        "lars, eps, decay", lambda p: optax.lars(LARS[p], weight_decay=DECAY, trust_coefficient=0.002)),
    "optax's own eps in LAMB": ("lamb, eps, decay", lambda p: optax.lamb(LAMB[p], weight_decay=DECAY)),
    "no decay in LAMB": ("lamb, eps, decay", lambda p: optax.lamb(LAMB[p], eps=EPS)),
    "the decay beside the trust ratio": ("lamb, eps, decay", decay_beside),
}  # fmt: skip


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("plant", THEIRS)
def test_a_wrong_convention_of_torch_is_seen(plant, problem):
    method, theirs = THEIRS[plant]
    x_is_red(replace(true_case(method, "torch", problem), theirs=partial(theirs, problem)))


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("plant", OPTAX)
def test_a_wrong_convention_of_optax_is_seen(plant, problem):
    method, rule = OPTAX[plant]
    x_is_red(replace(true_case(method, "optax", problem), theirs=lambda: Optax(problem, rule(problem))))


OURS = [
    (BETAS, "torch", "correction=false"),
    ("adam, decay", "torch", "decay=0"),
    ("amsgrad", "torch", "largest=corrected"),
    ("amsgrad", "torch", "correction=false"),
    ("amsgrad, largest corrected", "optax", "largest=raw"),
    ("amsgrad, largest corrected", "optax", "correction=false"),
    ("adagrad, initial 0.1, eps 0.01", "optax", "initial=0.1"),
    ("adagrad, eps, initial", "torch", "initial=0"),
    ("lars, eps, decay", "optax", "eps=0"),
]


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize(("method", "reference", "change"), OURS)
def test_another_parameter_of_ours_is_seen(method, reference, change, problem):
    case = true_case(method, reference, problem)
    name, given = registry.split_selector(case.ours)
    key, _, text = change.partition("=")
    ours = ",".join(f"{one}={value}" for one, value in {**given, key: text}.items())
    x_is_red(case, registry.optimizer(f"{name}[{ours}]"))


@pytest.mark.parametrize(
    ("method", "rule"),
    [
        ("lars", optax.lars(LARS["mlp"])),
        ("lars, eps, decay", optax.lars(LARS["mlp"], eps=EPS, weight_decay=DECAY, trust_coefficient=0.002)),
        ("lamb", optax.lamb(LAMB["mlp"])),
        ("lamb, eps, decay", optax.lamb(LAMB["mlp"], eps=EPS, weight_decay=DECAY)),
    ],
)
def test_one_layer_for_all_tensors_is_seen(method, rule):
    case = true_case(method, "optax", "mlp")
    x_is_red(replace(case, theirs=lambda: Optax("mlp", rule)), red=False)
    x_is_red(replace(case, theirs=lambda: Optax("mlp", optax.flatten(rule))))
