"""Training that is told to end, at the moment at which a library would lose the interrupt."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.program import papertape

pytest.importorskip("numba")
pytest.importorskip("xgboost")

INTERRUPTED = "import os, signal\nos.kill(os.getpid(), signal.{name})\n__version__ = '0'\n"
PROGRAM = "from papertape.cli import cli; cli(prog_name='papertape')"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_while_pandas_is_imported_ends_the_training(tmp_path: Path, name: str) -> None:
    """pyarrow imports pandas with its first array, and loses what is raised meanwhile."""
    (tmp_path / "pandas.py").write_text(INTERRUPTED.format(name=name), "utf-8")
    assert papertape("data", "simulate", "--bars", 900, "--symbol", "A", "--out", tmp_path / "candles").exit_code == 0
    train = ["train", "gate", "--source", tmp_path / "candles", "--features", "returns_1", "--folds", "2"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, train), "--label", "direction:1c", "--registry", tmp_path / "models"],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PAPERTAPE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr.splitlines()[-1], done.stdout) == (1, "Interrupted.", "")
    assert not (tmp_path / "models").exists()
