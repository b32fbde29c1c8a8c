"""Without the peers one sentence says what to install: nothing here is ever skipped."""

import pytest
from extra import complaint


def pytest_configure():
    if complaint():
        raise pytest.UsageError(complaint())
