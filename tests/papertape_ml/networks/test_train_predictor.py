"""`papertape train predictor`: what it prints and registers, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from click.testing import CliRunner, Result
from tests.papertape_ml.training.market import candles, catalogue

from papertape.cli.root import Entry, Root
from papertape.engine.discovery import Plugins
from papertape_ml.models.loading import load
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.moves import targets

BASIC = (
    "--source", "sim_A_1m.parquet", "--features", "returns_1,rsi_5", "--registry", "models", "--arch", "tft",
    "--label", "direction:1c,3c,band=0", "--folds", 1, "--threads", 1, "--epochs", 1,
)  # fmt: skip


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that knows a few families, and a file of candles."""
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    known = catalogue()
    monkeypatch.setattr(Plugins, "catalogue", lambda self: known)
    names = ("ts", "open", "high", "low", "close", "volume")
    rows = dict(zip(names, candles()["A"][:, :1_000], strict=True))
    pq.write_table(pa.table({**rows, "ts": rows["ts"].astype(np.int64)}), tmp_path / "sim_A_1m.parquet")


def run(*arguments: object) -> Result:
    """As through the whole program."""
    table = {"train": Entry("papertape_ml.commands.train", "train", "")}
    return CliRunner().invoke(Root("papertape", table=table), ["train", "predictor", *map(str, arguments)])


def refused(*arguments: object) -> str:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_predictor_is_trained_registered_and_described() -> None:
    done = run(*BASIC, "--seed", 3, "--check", "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["model"], found["version"], found["kind"]) == ("price", 1, "predictor")
    assert found["feature_set"] == ["returns_1", "rsi_5"]
    assert found["config"]["window"] == 60 and found["seeds"] == {"seed": 3}
    assert found["metrics"]["test"]["logloss"] > 0 and found["baseline"]["logloss"] > 0
    assert found["train_span"][0] < found["test_span"][0]
    with JsonRegistry.open(Path("models")) as registry:
        assert targets(registry.history()) == {("price", "candidate"): 1}
        version = registry.load("price", 1)
    model = load(version.manifest.kind, dict(version.files))
    outputs = [f"{name}_{h}" for h in ("1c", "3c") for name in ("up", "neutral", "down", "q10", "q50", "q90")]
    assert list(model.contract.outputs) == outputs
    inputs = np.array([[np.nan if v is None else v for v in row] for row in version.manifest.golden.inputs])
    kept = np.array([[np.nan if v is None else v for v in row] for row in version.manifest.golden.outputs])
    np.testing.assert_array_equal(model.predict(inputs), kept)


def test_bad_requests_are_named() -> None:
    assert "--table does not go with a predictor" in refused(*BASIC, "--table", "x.parquet")
    assert "a predictor learns direction:H" in refused(*BASIC[:-8], "--label", "act:1", *BASIC[-6:])
    assert "bring more candles" in refused(*BASIC, "--end", "2024-01-01T03:00:00")
    if not torch.cuda.is_available():
        assert "CUDA was asked for" in refused(*BASIC, "--device", "cuda")


def test_help_and_the_list_of_kinds_load_no_torch() -> None:
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from papertape_ml.commands.train import train\n"
        "assert CliRunner().invoke(train, ['predictor', '--help']).exit_code == 0\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["False"]
