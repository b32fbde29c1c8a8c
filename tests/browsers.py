"""Chromium, which some tests drive."""

import importlib.util
import os
import shutil
from contextlib import contextmanager

import pytest

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def chromium():
    """Where the browser is; without one, tests skip, and fail where CI is set."""
    found = [path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))]
    if found and importlib.util.find_spec("playwright"):
        return found[0]
    needed = "These tests drive a browser: install the package chromium and Python's playwright (.[test])."
    if os.environ.get("CI"):
        pytest.fail(needed, pytrace=False)
    pytest.skip(needed)


@contextmanager
def launched():
    """A headless browser that asks nothing of the network on its own."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()
