"""Each schedule is its counterpart of torch and optax, update by update."""

import pytest
from rates import PAIRS, differences, held

from gdbench import registry


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.label)
def test_a_schedule_is_its_counterpart(pair):
    held(pair, differences(pair))


def test_no_schedule_is_left_out():
    assert {registry.split_selector(pair.ours)[0] for pair in PAIRS} == set(registry.names("schedule"))
