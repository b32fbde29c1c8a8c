"""Equality cases are attained by every method as it is, and by none with a planted bug."""

import pytest
from planted import kernels
from planted.bugs import descent, scheduled

from gdbench import registry
from gdbench.audit.checks.equality import see

GD = "gradient_descent"


@pytest.mark.parametrize("plant", [
    scheduled(1.001), descent(kernels.STEP, 1.001), descent(kernels.LATE), descent(kernels.EARLY),
    descent(kernels.LAST), descent(kernels.FLOAT32), descent(kernels.SIGN),
])  # fmt: skip
def test_a_bug_in_gradient_descent_is_seen(plant):
    assert see(plant(registry.optimizer(GD))).outcome == "violated"
