"""Where the reference series lie."""

import os
from pathlib import Path

import pytest

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
needs_references = pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of reference series")


def references() -> Path:
    """The folder of reference series. Ask for it in tests that need it, never while tests are collected."""
    assert DATA is not None
    return Path(DATA, "indicators")
