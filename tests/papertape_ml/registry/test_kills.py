"""Writers that are killed, in small; `benchmarks/registry_kill.py` does it at length."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "registry_kill.py"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX processes")
def test_a_killed_writer_leaves_the_old_state_or_the_new() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--kills", "2"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing acknowledged was lost" in done.stdout
