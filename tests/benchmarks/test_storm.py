"""Storms of exchange faults, a few of them; `benchmarks/storm.py` runs hundreds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

STORM = Path(__file__).parents[2] / "benchmarks" / "storm.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX processes")
def test_live_sessions_come_through_storms_of_exchange_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path))
    # Binance in a mild and in a strong storm, Kraken, and perpetuals.
    asked = ["--schedules", "4", "--seed", "4", "--minutes", "15", "--jobs", "4"]
    done = subprocess.run([sys.executable, str(STORM), *asked], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 schedules" in done.stdout and "0 failed" in done.stdout
