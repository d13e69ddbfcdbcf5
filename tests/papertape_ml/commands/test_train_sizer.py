"""`papertape train sizer`: what it prints and registers, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from tests.papertape_ml.sizing.market import catalogue
from tests.papertape_ml.training.market import candles

from papertape.cli.root import Entry, Root
from papertape.engine.discovery import Plugins
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.moves import targets
from papertape_ml.sizing.inputs import FEATURES, INPUTS

pytest.importorskip("numba")
pytest.importorskip("xgboost")
torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

BASIC = (
    *("--source", "sim_A_1m.parquet", "--features", "rsi_5,returns_1,hour_sin", "--registry", "models"),
    *("--label", "direction:1c,band=0.3vol,fee=0", "--folds", 2, "--threads", 1, "--cap", 0.5, "--rolls", 1, "--short"),
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with candles; the host knows the families that are needed here, as if no other were installed."""
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Plugins, "catalogue", lambda self: catalogue())
    names = ("ts", "open", "high", "low", "close", "volume")
    rows = dict(zip(names, candles(0.45, 3_000)["A"], strict=True))
    pq.write_table(pa.table({**rows, "ts": rows["ts"].astype(np.int64)}), tmp_path / "sim_A_1m.parquet")


def run(*arguments: object) -> Result:
    """As through the whole program."""
    root = Root("papertape", table={"train": Entry("papertape_ml.commands.train", "train", "")})
    return CliRunner().invoke(root, ["train", "sizer", *map(str, arguments)])


def document(*arguments: object) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_sizer_is_trained_registered_and_described() -> None:
    found = document(*BASIC, "--stop", 0, "--target", 2)
    assert (found["model"], found["version"], found["kind"]) == ("sizer", 1, "sizer")
    assert found["feature_set"] == list(FEATURES)
    assert found["config"]["stop"] is None and found["config"]["target"] == 0.02
    assert {"model", "constant", "fixed_fraction"} - {"model"} <= set(found["baseline"])
    assert found["metrics"]["test"]["trades"] > 30
    assert found["config"]["needed_embargo"] >= found["config"]["embargo"] > 0
    with JsonRegistry.open(Path("models")) as registry:
        version = registry.load("sizer", 1)
        assert targets(registry.history()) == {("sizer", "candidate"): 1}
    assert version.row.checksum == found["checksum"] and version.manifest.contract.inputs == INPUTS
    assert set(version.files) == {"model.json", "weights.safetensors"}


def test_what_cannot_be_is_refused_in_a_line() -> None:
    for wrong, said in (
        (("--stop", 150), "'--stop': 150.0 is not in the range"),
        (("--confidence", 0.999), "wish for nothing"),
        (("--penalty", -1), "penalty"),
        (("--label", "act:1c"), "does not learn the label"),
    ):
        done = run(*BASIC, *wrong)
        assert (done.exit_code, done.stdout) == (2, ""), done.output
        assert said in done.stderr and "Traceback" not in done.stderr
    assert not Path("models").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_that_is_absent_is_named_before_signals_are_made() -> None:
    done = run(*BASIC, "--device", "cuda", "--confidence", 0.999)
    assert done.exit_code == 2 and "CUDA was asked for" in done.stderr, done.output
