"""Training of a sizer: what it leaves, that it comes out the same, and what it cannot do without."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.papertape_ml.sizing.market import catalogue, plugins
from tests.papertape_ml.training import market

from papertape_ml.errors import BadLabels, BadSettings
from papertape_ml.models.golden import Golden, reproduces
from papertape_ml.models.loading import load
from papertape_ml.sizing.fitting import SizerSettings
from papertape_ml.sizing.inputs import FEATURES, INPUTS
from papertape_ml.sizing.training import SizerConfig, importances, sizing_set, train_sizer
from papertape_ml.training.trained import Trained, manifest_of

pytest.importorskip("numba")
pytest.importorskip("xgboost")
pytest.importorskip("torch")
pytest.importorskip("safetensors")

LABEL = "direction:1c,band=0.3vol,fee=0"
QUICK = SizerSettings(epochs=4, decays=(3.0,), batch=128, seed=3)
CONFIG = SizerConfig(
    signals=market.config("gated", cap=0.5), settings=QUICK, stop=None, target=None, short=True, rolls=2
)


def trained(config: SizerConfig = CONFIG, edge: float = 0.45, count: int = 3_000) -> Trained:
    data = market.dataset(LABEL, edge, count)
    candles = market.candles(edge, count)
    return train_sizer(data, candles, sizing_set(catalogue().find, "1m", ("A",)), plugins(), config)


@cache
def made() -> Trained:
    return trained()


def test_the_manifest_has_all_that_a_session_and_a_judge_ask_for() -> None:
    found = made()
    manifest = manifest_of(found, "sizer", created=0)
    assert manifest.kind == "sizer" and manifest.contract.inputs == INPUTS
    assert list(manifest.feature_set["names"]) == list(FEATURES)
    assert set(manifest.statistics["bins"]) == set(FEATURES)
    assert sum(manifest.statistics["importances"].values()) == pytest.approx(1.0)
    assert manifest.label["definition"].startswith("direction:1c") and manifest.config["hold"] == 60_000
    assert found.test_span is not None and found.test_span[0] > found.training["span"][0]
    assert found.training["rows"] == len(found.rows) > 100
    model = load("sizer", found.model.files())
    reproduces(model, Golden.from_document(manifest.golden.rows()))


def test_the_figures_stand_beside_those_of_other_sizers_on_the_same_signals() -> None:
    found = made()
    model, rivals = found.metrics["test"], found.baseline
    assert set(rivals) == {"constant", "fixed_fraction", "fractional_kelly"}
    assert all(each["trades"] == model["trades"] > 30 for each in rivals.values())
    assert model["net_return"] > 0.0 and rivals["constant"]["net_return"] > rivals["fractional_kelly"]["net_return"]
    assert 0.0 <= model["max_drawdown"] < 0.1 and 0.0 < model["size"] <= 1.0
    over = found.metrics["over"]
    assert over["low"] < over["growth"] < over["high"]
    assert over["growth"] < 0.0 or model["growth_per_trade"] > rivals["constant"]["growth_per_trade"]


def test_twice_is_the_same_to_the_checksum() -> None:
    one, two = (manifest_of(each, "sizer", created=0).with_files(each.model.files()) for each in (made(), trained()))
    assert one.checksum == two.checksum


def test_an_input_that_sizes_do_not_follow_weighs_nothing() -> None:
    rows = made().rows.copy()
    rows[:, INPUTS.index("atr_pct")] = 0.5
    model = made().model
    shares = importances(model, rows, seed=1)  # type: ignore[arg-type]
    assert shares["atr_pct"] == 0.0 and max(shares.values()) > 0.0
    assert list(shares) == list(INPUTS) and np.isfinite(list(shares.values())).all()


def test_falls_are_not_traded_unless_they_may_be_and_too_few_trades_are_too_few() -> None:
    with pytest.raises(BadLabels, match="a sizer needs 50 trades to fit on, without a missing input: 4"):
        trained(replace(CONFIG, short=False))  # about half of the signals are left


@pytest.mark.parametrize("wrong", [{"stop": 0.0}, {"target": 1.5}, {"confidence": 2.0}, {"rolls": 0}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSettings):
        replace(CONFIG, **wrong)  # type: ignore[arg-type]
