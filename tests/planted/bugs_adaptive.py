"""Bugs in adaptive methods: bounds on steps and equality cases see some, the audit's naive loop and units the rest."""

from dataclasses import replace
from functools import partial

import numpy as np

from gdbench.audit import battery
from gdbench.optimizer import Optimizer
from gdbench.problem import Problem
from gdbench.run import Cell
from gdbench.run import run_pair as pair
from planted import kernels_adaptive as kernels
from planted.bugs import Bug, PlantOptimizer, scheduled, tuned
from planted.checks import Check, violated

SMALL = "quadratic[dim=3,kappa=10]"


def audited(name: str) -> Check:
    """Red: a check of the audit is. Green is a pass, not a check that cannot be made."""

    def check(problem: Problem, optimizer: Optimizer) -> bool:
        seen = battery.checks()[name].see(optimizer)
        assert seen.outcome in ("passed", "violated"), seen
        return seen.outcome == "violated"

    return check


def stays_at_zero(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: a method that starts at 0 is at 0 after a few steps."""
    start = replace(problem, start=np.zeros(problem.n), spectrum=None)
    return bool(np.all(pair(start, optimizer, Cell(optimizer.name, problem.name, 5)).trajectory["step2"] == 0.0))


def becomes_no_number(problem: Problem, optimizer: Optimizer) -> bool:
    """Red: a coordinate with a gradient of 0 from the start to the end, and eps = 0, spoil f."""
    assert problem.x_star is not None
    still = problem.start.copy()
    still[0] = problem.x_star[0]
    found = pair(replace(problem, start=still, spectrum=None), optimizer, Cell(optimizer.name, problem.name, 5))
    return not bool(np.all(np.isfinite(found.trajectory["f"])))


adam = partial(tuned, kernels.adam_step, memory=2, ahead=False, keep=7)
amsgrad = partial(tuned, kernels.amsgrad_step, memory=3, ahead=False, keep=8)
adamw = partial(tuned, kernels.adamw_step, memory=2, ahead=False, keep=6)
adagrad = partial(tuned, kernels.adagrad_step, memory=1, ahead=False, keep=2)
rmsprop = partial(tuned, kernels.rmsprop_step, 0.0, memory=3, ahead=False, keep=3)
centered = partial(tuned, kernels.rmsprop_step, 1.0, memory=3, ahead=False, keep=3)
lars = partial(tuned, kernels.lars_step, memory=2, ahead=False, keep=4)
lamb = partial(tuned, kernels.lamb_step, memory=3, ahead=False, keep=6)


def other(step: object) -> PlantOptimizer:
    return lambda optimizer: replace(optimizer, step=step)


ADAM, DECAYED, BOXED, EXACT = "adam", "adam[decay=0.3,eps=1e-3]", "adam[alpha=0.1,box=0.7]", "adam[eps=0]"
GUARDED = "adam[eps=0.1,beta2=0.95]"
AMSGRAD, ADAMW, ADAGRAD = "amsgrad[alpha=0.1,beta2=0.9]", "adamw[alpha=0.1,decay=0.3]", "adagrad[alpha=0.1]"
RMSPROP, MOVING, CENTERED = "rmsprop", "rmsprop[momentum=0.8]", "rmsprop[centered=true,rho=0.9,eps=0.01]"
LARS, LARS_DECAYED = "lars[alpha=10]", "lars[alpha=10,decay=0.5]"
LAMB, LAMB_DECAYED = "lamb[alpha=0.05]", "lamb[alpha=0.05,decay=0.5]"

STEP, EQUALITY, NAIVE, UNITS = violated("adam_step"), audited("equality"), audited("naive"), audited("scaling")
LAYER = violated("layer_step")


def bug(name: str, check: Check, optimizer: str, plant: PlantOptimizer, problem: str = SMALL) -> Bug:
    return Bug(name, check, optimizer, problem, in_optimizer=plant)


BUGS = (
    bug("adam: nothing corrected", STEP, ADAM, adam(kernels.UNCORRECTED)),
    bug("adam: only m corrected", STEP, ADAM, adam(kernels.ONLY_MEAN)),
    bug("adam: only v corrected", EQUALITY, ADAM, adam(kernels.ONLY_SQUARE)),
    bug("adam: exponents t - 1", EQUALITY, ADAM, adam(kernels.LATE)),
    bug("adam: exponents t + 1", EQUALITY, ADAM, adam(kernels.EARLY)),
    bug("adam: exponents 1", STEP, ADAM, adam(kernels.POWER_OF_ONE)),
    bug("adam: betas swapped", NAIVE, ADAM, adam(kernels.SWAPPED)),
    bug("adam: betas swapped, seen where equality is lost", EQUALITY, ADAM, adam(kernels.SWAPPED)),
    bug("adam: eps before the correction", NAIVE, GUARDED, adam(kernels.EPS_FIRST)),
    bug("adam: eps inside the root", UNITS, GUARDED, other(kernels.eps_inside)),
    bug("adam: eps inside the root, seen by the loop", NAIVE, GUARDED, other(kernels.eps_inside)),
    bug("adam: a hidden eps", UNITS, GUARDED, other(kernels.hidden_eps)),
    bug("adam: no root", STEP, ADAM, adam(kernels.NO_ROOT)),
    bug("adam: alpha 1 % high", STEP, EXACT, adam(kernels.LONG)),
    bug("adam: alpha 1 % high, honestly recorded", EQUALITY, EXACT, scheduled(1.01)),
    bug("adam: decay beside the step", NAIVE, DECAYED, adam(kernels.BESIDE)),
    bug("adam: m of the step before", NAIVE, ADAM, adam(kernels.STALE)),
    bug("adam: v of the step before", EQUALITY, ADAM, adam(kernels.OLD_SQUARE)),
    bug("adam: half a box", NAIVE, BOXED, adam(kernels.ONE_SIDED)),
    bug("adam: 0/0", becomes_no_number, EXACT, adam(kernels.NO_ZERO)),
    bug("amsgrad: no maximum", NAIVE, AMSGRAD, amsgrad(kernels.NO_MAXIMUM)),
    bug("amsgrad: maximum of what is corrected", NAIVE, AMSGRAD, amsgrad(kernels.OTHER_MAXIMUM)),
    bug("amsgrad: minimum", NAIVE, AMSGRAD, amsgrad(kernels.MINIMUM)),
    bug("amsgrad: maximum of g^2", NAIVE, AMSGRAD, amsgrad(kernels.OF_GRADIENTS)),
    bug("amsgrad: a maximum that fades", NAIVE, AMSGRAD, amsgrad(kernels.FORGETS)),
    bug("adamw: decay through the moments", NAIVE, ADAMW, adamw(kernels.THROUGH_MOMENTS)),
    bug("adamw: decay not scaled by alpha", violated("adamw_step"), ADAMW, adamw(kernels.UNSCALED)),
    bug("adamw: decay of the new x", NAIVE, ADAMW, adamw(kernels.OF_THE_NEW)),
    bug("adamw: x grows", NAIVE, ADAMW, adamw(kernels.GROWS)),
    bug("adagrad: a decayed sum", NAIVE, ADAGRAD, adagrad(kernels.DECAYED)),
    bug("adagrad: the sum before", NAIVE, ADAGRAD, adagrad(kernels.LATE_SUM)),
    bug("adagrad: no root", violated("adagrad_step"), ADAGRAD, adagrad(kernels.ROOTLESS)),
    bug("adagrad: a mean", NAIVE, ADAGRAD, adagrad(kernels.MEAN)),
    bug("adagrad: a sum of |g|", audited("equality"), ADAGRAD, adagrad(kernels.PLAIN_SUM)),
    bug("rmsprop: rho for 1 - rho", EQUALITY, RMSPROP, rmsprop(kernels.OTHER_RHO)),
    bug("rmsprop: momentum before the division", NAIVE, MOVING, rmsprop(kernels.MOMENTUM_FIRST)),
    bug("rmsprop: the average before", NAIVE, RMSPROP, rmsprop(kernels.OLD_AVERAGE)),
    bug("rmsprop: not centered", NAIVE, CENTERED, centered(kernels.UNCENTERED)),
    bug("rmsprop: centered by |m|", NAIVE, CENTERED, centered(kernels.UNSQUARED)),
    bug("lars: one norm for all layers", NAIVE, LARS, lars(kernels.WHOLE)),
    bug("lars: trust ratio without decay", LAYER, LARS_DECAYED, lars(kernels.DECAY_BESIDE)),
    bug("lars: layers off by one", NAIVE, LARS, lars(kernels.SHIFTED)),
    bug("lars: last layer left out", LAYER, LARS, lars(kernels.LAST_LEFT)),
    bug("lars: trust ratio upside down", LAYER, LARS, lars(kernels.INVERSE)),
    bug("lars: no trust ratio", LAYER, LARS, lars(kernels.NO_TRUST)),
    bug("lars: half the trust ratio", LAYER, LARS, lars(kernels.HALF)),
    bug("lars: 0 stays 0", stays_at_zero, LARS, lars(kernels.STUCK), "logistic[features=3]"),
    bug("lamb: one norm for all layers", NAIVE, LAMB, lamb(kernels.WHOLE)),
    bug("lamb: trust ratio without decay", LAYER, LAMB_DECAYED, lamb(kernels.DECAY_BESIDE)),
    bug("lamb: layers off by one", NAIVE, LAMB, lamb(kernels.SHIFTED)),
    bug("lamb: trust ratio upside down", LAYER, LAMB, lamb(kernels.INVERSE)),
    bug("lamb: no trust ratio", LAYER, LAMB, lamb(kernels.NO_TRUST)),
    bug("lamb: 0 stays 0", stays_at_zero, LAMB, lamb(kernels.STUCK), "logistic[features=3]"),
)

#: Planted steps with their switch off, by the method they stand for.
HONEST = {
    **dict.fromkeys((ADAM, DECAYED, BOXED, EXACT), adam(kernels.NONE)),
    **dict.fromkeys((AMSGRAD, "amsgrad[largest=corrected]"), amsgrad(kernels.NONE)),
    ADAMW: adamw(kernels.NONE),
    ADAGRAD: adagrad(kernels.NONE),
    **dict.fromkeys((RMSPROP, MOVING), rmsprop(kernels.NONE)),
    CENTERED: centered(kernels.NONE),
    **dict.fromkeys((LARS, LARS_DECAYED), lars(kernels.NONE)),
    **dict.fromkeys((LAMB, LAMB_DECAYED), lamb(kernels.NONE)),
}
