"""A reference that takes other samples than ours, or counts them otherwise, is told apart at once."""

from dataclasses import replace
from functools import partial
from itertools import count

import pytest
import torch
from cases import LIMIT, free
from cases_sampled import SIZE, SIZES, SampledTorch, sampled

USUAL = f"batches[size={SIZE},order=replacement,parts=1]"


class Late(SampledTorch):
    """Always one query behind."""

    def __init__(self, *given, **more):
        super().__init__(*given, **more)
        self.queries = count(1)


class Once(SampledTorch):
    """A sample that is drawn twice counts once."""

    def __init__(self, name, sampling, *rule, **given):
        super().__init__(name, sampling, *rule, **given)
        drawn = self.chosen
        self.chosen = lambda k: sorted(set(drawn(k)))


class Short(SampledTorch):
    """The last of a batch is left out."""

    def __init__(self, name, sampling, *rule, **given):
        super().__init__(name, sampling, *rule, **given)
        drawn = self.chosen
        self.chosen = lambda k: drawn(k)[:-1]


@pytest.mark.parametrize("wrong", [Late, Once, Short])
@pytest.mark.parametrize("problem", SIZES)
def test_other_samples_give_another_path(problem, wrong):
    case = sampled(problem)[0]
    assert case.method == "sgd, replacement"
    theirs = partial(wrong, problem, USUAL, torch.optim.SGD, lr=SIZES[problem])
    assert free(replace(case, theirs=theirs))[-1] > 1e6 * LIMIT
