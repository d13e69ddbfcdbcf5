"""The kill tests and the tour of real candles in small; `benchmarks/` runs them at length."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def run(script: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, str(BENCHMARKS / script), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")
def test_killed_sessions_end_as_if_nothing_had_happened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path))
    assert "every session ended as the undisturbed one" in run(
        "kill.py", "--kills", "1", "--faults", "0", "--bars", "60", "--jobs", "1"
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX signals")
def test_killed_live_sessions_end_as_if_nothing_had_happened() -> None:
    assert "every live session ended as it must" in run(
        "live_kill.py", "--kills", "1", "--mode", "still", "--bars", "10", "--speed", "400", "--undisturbed", "1"
    )


def test_a_session_over_real_candles_gives_one_digest_however_it_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.environ.get("PAPERTAPE_TEST_DATA")
    if not data:
        pytest.skip("PAPERTAPE_TEST_DATA names no folder of real candles")
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path))
    said = run("real_candles.py", "--folder", f"{data}/candles", "--only", "5m ETH", "--stops", "1")
    assert "2 equal" in said and "6 gap" in said
