"""Bugs in the gradients of mini-batches: the certificate of a problem's samples sees them all."""

from dataclasses import replace
from typing import Any

import numpy as np

from gdbench.problem import Problem
from planted import kernels_batches as kernels
from planted.bugs import Bug, PlantProblem
from planted.checks import certificate

SGD = "sgd[sampling=batches[size=8]]"
SQUARES, LOGISTIC = "least_squares[samples=30,features=3]", "logistic[samples=40,features=3]"


def batched(kernel: Any, bug: int) -> PlantProblem:
    def plant(problem: Problem) -> Problem:
        return replace(problem, batch=kernel, sizes=np.array([bug], dtype=np.int64))

    return plant


def in_samples(name: str, problem: str, kernel: Any, bug: int) -> Bug:
    plant = batched(kernel, bug)
    switch = batched(kernel, kernels.NONE)
    return Bug(f"batch: {name}", certificate("samples"), SGD, problem, in_problem=plant, setting=switch)


def lacking(problem: Problem) -> Problem:
    return replace(problem, batch=None)


BUGS = (
    in_samples("divided by all samples", SQUARES, kernels.squares, kernels.BY_ALL),
    in_samples("summed, not averaged", SQUARES, kernels.squares, kernels.SUMMED),
    in_samples("the last one is left out", SQUARES, kernels.squares, kernels.LAST_LEFT_OUT),
    in_samples("the next sample in its place", SQUARES, kernels.squares, kernels.NEXT),
    in_samples("a sample that comes twice counts once", SQUARES, kernels.squares, kernels.ONCE),
    in_samples("uphill", SQUARES, kernels.squares, kernels.SIGN),
    in_samples("a loss 1e-9 high", SQUARES, kernels.squares, kernels.LOSS_ONLY),
    in_samples("a gradient 1e-9 high", SQUARES, kernels.squares, kernels.GRADIENT_ONLY),
    in_samples("reads its work space", SQUARES, kernels.squares, kernels.DIRTY),
    in_samples("one target for all", SQUARES, kernels.squares, kernels.FIRST_TARGET),
    in_samples("half of one sample's gradient", SQUARES, kernels.squares, kernels.HALVED),
    in_samples("no regulariser", LOGISTIC, kernels.logistic, kernels.NO_REGULARISER),
    in_samples("the regulariser is shared out", LOGISTIC, kernels.logistic, kernels.SHARED_REGULARISER),
    in_samples("the regulariser is in the loss only", LOGISTIC, kernels.logistic, kernels.REGULARISER_IN_LOSS_ONLY),
    in_samples("the wrong tail of a negative margin", LOGISTIC, kernels.logistic, kernels.MARGIN),
    Bug("batch: samples without a kernel", certificate("samples"), "gradient_descent", SQUARES, in_problem=lacking),
)
