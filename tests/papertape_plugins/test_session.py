"""The plugins in sessions as a host runs them, over a registry: what trained equals what trades."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.hosted import SIM, Kept, kept, plugins, run, verified
from tests.papertape_ml.models.planted import NAMES, classifier, rows
from tests.papertape_ml.serving.versions import trained
from tests.papertape_ml.sizing.test_model import sizer

from papertape.contract.errors import ConfigError, RequestError
from papertape.engine.config import SessionConfig, read_config
from papertape.features.feature_set import FeatureSet
from papertape.features.timeframes import whole_history
from papertape.feeds.sim import SimFeed
from papertape.ledger.records import PredictionRow
from papertape.ledger.series import unpack_series
from papertape.ledger.store import Ledger
from papertape_ml.attribution import attribute
from papertape_ml.labels import label, parse
from papertape_ml.models.contract import Model, ModelContract
from papertape_ml.models.stacking import OUTPUTS, StackingModel, inputs_of
from papertape_ml.models.vector_scaling import VectorScaling
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.moves import Wish
from papertape_ml.sizing.inputs import FEATURES
from papertape_ml.training.trained import manifest_of

SYMBOLS = tuple(SIM["symbols"])
BARS = 260
LABEL = "direction:6m,band=0.1%"


def publish(folder: Path, name: str, model: Model, features: tuple[str, ...], text: str = LABEL) -> None:
    """The next version of a name, and its champion."""
    wanted = FeatureSet(plugins().catalogue().select(features), "1m", SYMBOLS)
    count = len(model.contract.inputs)
    inputs = rows(64, 5) if count == len(NAMES) else np.ones((64, count))
    made = trained(model, inputs, text, feature_set=wanted.document())
    with JsonRegistry.open(folder, create=True) as registry:
        row = registry.publish(manifest_of(made, name, 1), model.files())
        registry.move(name, "champion", row.version, Wish(1, "ann", "first"))


def config(folder: Path, **keys: Any) -> SessionConfig:
    models = {"kind": "registry", "path": str(folder)}
    found = {"feed": SIM, "bars": BARS, "models": models, "strategies": [{"kind": "classifier", "confidence": 0.4}]}
    return read_config({**found, **keys})


def candles() -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    """The candles (6, n) of the sessions' symbols."""
    feed = SimFeed(symbols=list(SYMBOLS), batches=BARS, seed=7)
    batches = [rows for block in feed.blocks() for rows in block.rows]
    return [np.array([batch[slot][:6] for batch in batches if batch[slot] is not None]).T.copy() for slot in range(2)]  # type: ignore[index]


def test_what_is_predicted_in_a_session_is_what_the_table_gives_and_what_came_of_it_is_the_label(
    tmp_path: Path,
) -> None:
    publish(tmp_path / "models", "signal", classifier(), NAMES)
    url = f"sqlite:///{tmp_path}/ledger.db"
    run(url, config(tmp_path / "models"), every=50)
    assert verified(url).equal
    with Ledger.open(url) as ledger:
        said = {(row.symbol, row.at): row for row in ledger.rows("a", PredictionRow)}
    history = candles()
    wanted = plugins().catalogue().select(NAMES)
    known = 0
    for slot, symbol in enumerate(SYMBOLS):
        table = whole_history(wanted, [symbol], [history[slot]], "1m")[:, 0]
        answers = classifier().predict(table)
        labels = label(history[slot], "1m", parse(LABEL))
        by_row = dict(zip(labels.rows.tolist(), labels.y.tolist(), strict=True))
        for place, at in enumerate((history[slot][0] + 60_000).astype(int).tolist()):
            row = said.pop((symbol, at))
            assert row.said == answers[place, :3].tobytes()
            assert (row.happened is not None) == (place in by_row and row.completed is not None)
            if row.happened is not None:  # down, neutral, up stand at sell, hold, buy
                assert unpack_series(row.happened).tolist() == [{0: 1.0, 1: 2.0, 2: 0.0}[by_row[place]]]
                known += 1
    assert not said and known > 400


def test_signals_say_which_bytes_made_them(tmp_path: Path) -> None:
    publish(tmp_path / "models", "signal", classifier(), NAMES)
    url = f"sqlite:///{tmp_path}/ledger.db"
    run(url, config(tmp_path / "models"))
    signals = [row for row in kept(url).signals if row.source == "classifier"]
    assert signals
    with JsonRegistry.open(tmp_path / "models") as registry:
        checksum = registry.versions("signal")[0].checksum
    for row in signals:
        said = json.loads(row.metadata)
        assert (said["model"], said["version"], said["checksum"]) == ("signal", 1, checksum)
        assert row.confidence == said["probability"] == max(said["probabilities"].values()) >= 0.4


def played(folder: Path, **keys: Any) -> Kept:
    url = f"sqlite:///{folder}/ledger.db"
    run(url, config(folder / "models", **keys), every=50)
    assert verified(url).equal
    return kept(url)


def test_a_sizer_and_a_stacking_fusion_are_served_too(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    publish(folder, "signal", classifier(), NAMES)
    publish(folder, "sizer", sizer(), FEATURES)
    members = ("classifier", "ema-cross")
    weights = ((0.0, 0.0, 3.0, 0.0), (0.0, 0.0, -3.0, 0.0), (0.0, 0.0, 0.0, 0.0))
    identity = VectorScaling((1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    stacking = StackingModel(ModelContract(inputs_of(members), OUTPUTS), weights, (0.0, 0.0, 0.0), identity)
    publish(folder, "stacking", stacking, NAMES)
    strategies = [{"kind": "classifier", "confidence": 0.4, "short": False}, "ema-cross"]
    made = played(tmp_path, strategies=strategies, sizer="ml-sizer", fusion={"kind": "stacking", "threshold": 0.4})
    assert made.events == []
    fused = [row for row in made.signals if row.source == "stacking"]
    assert {row.action for row in fused} == {"buy", "close"} and all("stacking@1" in row.reason for row in fused)
    filled = [row for row in made.orders if row.role == "entry" and row.status == "filled"]
    assert {row.book for row in filled} >= {"stacking", "ema-cross"}
    assert len({row.quantity for row in filled}) > 3
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        shares = attribute(ledger, ledger.find("a"), plugins()).contributions
    assert shares["classifier"] == 0 != shares["ema-cross"]  # the model gives the first member no weight


def test_a_stacking_model_of_other_members_is_refused_before_the_session_starts(tmp_path: Path) -> None:
    identity = VectorScaling((1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    weights = ((0.0,) * 4,) * 3
    stacking = StackingModel(ModelContract(inputs_of(("ema-cross", "macd")), OUTPUTS), weights, (0.0,) * 3, identity)
    publish(tmp_path / "models", "stacking", stacking, NAMES)
    with pytest.raises(ConfigError, match="reads the member macd; the session has ema-cross, the model"):
        run(f"sqlite:///{tmp_path}/a.db", config(tmp_path / "models", strategies=["ema-cross"], fusion="stacking"))


def test_a_version_that_cannot_be_served_is_refused_by_name(tmp_path: Path) -> None:
    publish(tmp_path / "models", "signal", classifier(), NAMES, "range:6")
    with pytest.raises(RequestError, match="classifier: signal@1 cannot be served: .*does not learn the label"):
        run(f"sqlite:///{tmp_path}/a.db", config(tmp_path / "models"))


def test_the_plugins_are_found_and_loading_them_loads_nothing_heavy() -> None:
    offered = {
        "strategy": {"classifier", "predictor", "rl-agent"}, "sizer": {"ml-sizer"}, "fusion": {"stacking", "bayesian"},
        "model-store": {"registry"},
    }  # fmt: skip
    for kind, names in offered.items():
        found = plugins().of_kind(kind)  # type: ignore[arg-type]
        assert names <= found.keys()
        for name in names:
            assert all(param.help for param in found[name].object.params().values())
    modules = "classifier predictor rl_agent sizer stacking store".split()
    code = "import sys\n" + "".join(f"import papertape_plugins.{name}\n" for name in modules) + "print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "xgboost", "lightgbm", "numba", "sqlalchemy", "papertape_ml.models"} & set(loaded)
