"""The peers, in double precision on the processor; without them one sentence says what to install."""

import importlib.util
import os

import pytest

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "true"

PEERS = ("torch", "jax", "optax", "scipy")


def pytest_configure():
    missing = [name for name in PEERS if importlib.util.find_spec(name) is None]
    if missing:
        raise pytest.UsageError(
            f"tests/parity needs {', '.join(missing)}: pip install -c constraints.txt -e '.[parity]'"
        )
