"""Hostile checkpoints; `benchmarks/registry_fire.py` also kills, damages, and tries them on child processes."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "registry_fire.py"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's view of a process")
def test_hostile_checkpoints_are_refused_without_a_trace() -> None:
    pytest.importorskip("xgboost")
    pytest.importorskip("safetensors")
    done = subprocess.run([sys.executable, str(SCRIPT), "--quick"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing was let in, lost or left behind" in done.stdout
