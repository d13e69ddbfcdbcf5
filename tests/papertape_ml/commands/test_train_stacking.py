"""`papertape train stacking`: from sessions in the ledger to a version, and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.engine import hosted
from tests.papertape_ml.training import market

from papertape.cli.root import Entry, Root
from papertape.engine.config import SessionConfig, Spec
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.stacking.rows import KNOWN
from papertape_ml.training.classifiers import train
from papertape_ml.training.trained import published

pytest.importorskip("numba")
MEMBERS = ("ema-cross", "rsi-reversion")


def ran(folder: Path, bars: int) -> str:
    """A ledger with a session that ran, by its URL."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    feed = Spec("sim", {"symbols": ["BTC/USDT", "ETH/USDT"]})
    hosted.run(url, SessionConfig(feed=feed, strategies=tuple(map(Spec, MEMBERS)), bars=bars))
    return url


def run(*arguments: object) -> Result:
    """As through the whole program."""
    root = Root("papertape", table={"train": Entry("papertape_ml.commands.train", "train", "")})
    return CliRunner().invoke(root, ["train", "stacking", *map(str, arguments)])


def test_a_session_that_ran_is_learned_from(tmp_path: Path) -> None:
    url, models = ran(tmp_path, 900), tmp_path / "models"
    asked = ("--session", hosted.NAME, "--horizon", "3c", "--folds", 2, "--db", url, "--registry", models)
    done = run(*asked, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    assert (found["model"], found["version"], found["kind"]) == ("stacking", 1, "stacking")
    assert found["feature_set"] == [f"{name}.{what}" for name in MEMBERS for what in ("side_confidence", "silent")]
    assert found["label"]["definition"].startswith("direction:3c") and found["rows"] > 1_000
    assert found["metrics"]["test"]["logloss"] > 0 and "weighted_vote" in found["baseline"]
    with JsonRegistry.open(models) as registry:
        version = registry.load("stacking", 1)
    assert list(version.files) == ["model.json"] and version.manifest.training["sessions"] == (hosted.NAME,)
    text = run(*asked)
    assert text.exit_code == 0 and [line.split()[0] for line in text.stdout.splitlines()[-3:]] == ["fold", "1", "2"]


def test_what_cannot_be_is_refused_in_a_line(tmp_path: Path) -> None:
    url = ran(tmp_path, 60)
    for wrong, said in (
        (("--session", "zzz"), "zzz"),
        (("--session", hosted.NAME, "--horizon", "x"), "label"),
        (("--session", hosted.NAME), "more candles|too few|longer sessions"),
        ((), "--session"),
    ):
        done = run(*wrong, "--db", url, "--registry", tmp_path / "models")
        assert done.exit_code == 2 and done.stdout == "", done.output
        assert any(each in done.stderr for each in said.split("|")) and "Traceback" not in done.stderr


def test_a_member_that_follows_a_model_teaches_nothing_of_the_time_that_this_has_learned_from(tmp_path: Path) -> None:
    pytest.importorskip("xgboost")
    learned, traded = 1_000, 1_900
    made = train(market.dataset(count=learned), market.candles(count=learned), market.wanted(), market.config())
    with JsonRegistry.open(tmp_path / "signals", create=True) as registry:
        published(registry, made, "signal", created=0)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    config = SessionConfig(
        feed=Spec("sim", {"symbols": ["A"], "edge": 0.35}),
        strategies=(Spec("classifier", {"model": "signal@1", "exit": "unsure"}), Spec("ema-cross")),
        models=Spec("registry", {"path": str(tmp_path / "signals")}),
    )
    for bars, name in ((traded, hosted.NAME), (learned, "b")):
        hosted.run(url, replace(config, bars=bars), name=name, every=500)
    asked = ("--horizon", "1c", "--folds", 2, "--db", url, "--registry", tmp_path / "models", "--json")
    done = run("--session", hosted.NAME, *asked)
    assert done.exit_code == 0, done.output
    with JsonRegistry.open(tmp_path / "models") as registry:
        training = registry.manifest("stacking", 1).training
    assert training["span"][0] > made.training["span"][1] and 800 < training["rows"] < traded - learned
    assert training["dropped"][KNOWN] > 850
    refused = run("--session", "b", *asked)
    assert refused.exit_code == 2 and KNOWN in refused.stderr, refused.output
