"""Training: what is planted is learned, what is not there is not, and no figure knows its own future."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from tests.papertape_ml.training.market import LABEL, NAMES, candles, config, dataset, wanted

from papertape_ml.errors import BadLabels, BadSettings
from papertape_ml.labels import parse
from papertape_ml.models.loading import load
from papertape_ml.models.settings import SEED
from papertape_ml.training.classifiers import train
from papertape_ml.training.config import TrainConfig
from papertape_ml.training.evidence import drift_bins
from papertape_ml.training.tasks import KINDS
from papertape_ml.training.trained import Trained, manifest_of

pytest.importorskip("numba")
pytest.importorskip("xgboost")

LABELS = {"tpsl": "tp-before-sl:0.1,0.1,10m", "gated": "direction:1c", "gate": "direction:1c"}


@cache
def trained(kind: str = "classifier", label: str = LABEL, edge: float = 0.35, **changes: Any) -> Trained:
    return train(dataset(label, edge), candles(edge), wanted(), config(kind, **changes))


def test_a_planted_edge_is_learned() -> None:
    """The next candle goes the way of the last in 85 % of all cases."""
    test = trained().metrics["test"]
    assert 0.8 < test["accuracy"] < 0.9
    assert test["skill_low"] > 0.25 and test["p_value"] < 0.001
    assert test["logloss"] < trained().baseline["logloss"] - 0.2
    assert test["ece"] < 0.06
    assert trained().statistics["importances"]["returns_1"] > 0.4


def test_where_there_is_nothing_nothing_is_found() -> None:
    test = trained(edge=0.0).metrics["test"]
    assert abs(test["skill"]) < 0.02 and test["p_value"] > 0.01


def test_figures_are_those_of_rows_that_were_held_out() -> None:
    """Deep trees know their own rows by heart; that must not show."""
    deep = replace(SEED, rounds=30, rate=0.3, depth=7, least_gain=0.0, threads=1)
    found = train(dataset(LABEL, 0.0), candles(0.0), wanted(), replace(config(), settings=deep))
    margins = found.model.exact(found.rows)
    y = dataset(LABEL, 0.0).y
    assert ((margins[:, 0] > margins[:, 1]) == (y == 2)).mean() > 0.8
    assert found.metrics["test"]["accuracy"] < 0.55


def test_a_fold_knows_nothing_of_what_comes_later() -> None:
    data = dataset()
    later = np.flatnonzero(data.t0 > trained().metrics["folds"][0]["span"][1])
    features, y = data.features.copy(), data.y.copy()
    features[later], y[later] = -features[later], 2 - y[later]
    other = train(replace(data, features=features, y=y), candles(), wanted(), config())
    assert other.metrics["folds"][0] == trained().metrics["folds"][0]
    assert other.metrics["folds"][1] != trained().metrics["folds"][1]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_trained_loads_and_says_how_it_did(kind: str) -> None:
    found = trained(kind, LABELS.get(kind, LABEL))
    test = found.metrics["test"]
    assert found.model.kind == kind and found.model.contract.inputs == NAMES
    loaded = load(kind, found.model.files())
    assert loaded.predict(found.rows[:50]).tobytes() == found.model.predict(found.rows[:50]).tobytes()
    assert {"logloss", "brier", "accuracy", "ece", "skill", "skill_low", "skill_high", "p_value"} <= test.keys()
    assert {"logloss", "brier", "accuracy", "ece", "flat", "buy_and_hold"} <= found.baseline.keys()
    assert ("net_return" in test) == (kind in ("classifier", "gated", "tpsl"))
    assert ("action_rate" in test) == (kind != "direction")
    assert sum(found.statistics["importances"].values()) == pytest.approx(1.0)
    assert set(found.statistics["bins"]) == set(NAMES)
    assert found.config["window"] == 1 and found.training["rows"] == len(found.rows)
    if kind in ("gate", "gated"):
        assert 0.0 < test["action_rate"] < 0.3 and found.config["cap"] == 0.15


def test_a_direction_learns_from_the_rows_that_moved() -> None:
    label = "direction:1c"
    moved = int((dataset(label).y != 1).sum())
    found = trained("direction", label)
    assert found.training["rows"] == moved < len(dataset(label))
    assert found.statistics["bins"] == drift_bins(dataset(label), NAMES), "a session shows it every candle"


def test_the_shipped_model_takes_the_median_of_the_rounds() -> None:
    found = trained(folds=3)
    rounds = [fold["rounds"][0] for fold in found.metrics["folds"]]
    assert found.config["rounds"] == [int(np.median(rounds))]
    spans = [fold["span"] for fold in found.metrics["folds"]]
    assert found.test_span == (spans[0][0], spans[-1][1]) and spans == sorted(spans)
    assert found.training["span"] == list(dataset().span)


def test_the_same_data_and_seed_give_the_same_version() -> None:
    again = train(dataset(), candles(), wanted(), config())
    assert manifest_of(again, "m", 1).encoded() == manifest_of(trained(), "m", 1).encoded()
    assert again.model.files() == trained().model.files()
    other = train(dataset(), candles(), wanted(), config(seed=8))
    assert other.model.files() != again.model.files() and other.seeds == {"seed": 8}


def test_the_best_features_are_chosen_inside_each_fold() -> None:
    found = trained(top=1)
    assert [fold["features"] for fold in found.metrics["folds"]] == [["returns_1"]] * 2
    assert found.model.contract.inputs == ("returns_1",) and found.rows.shape == (len(dataset()), 1)
    alone = wanted(names=("returns_1",))
    assert found.feature_set["hash"] == alone.hash and found.training["chosen_from"] == list(NAMES)
    assert trained(top=99).model.contract.inputs == NAMES


def test_another_library_and_calibration_do_as_well() -> None:
    pytest.importorskip("lightgbm")
    quick = replace(config(), settings=replace(config().settings, backend="lightgbm"), calibration="auto")
    found = train(dataset(), candles(), wanted(), quick)
    assert found.metrics["test"]["accuracy"] > 0.8 and found.statistics["importances_by"] == "gain"
    assert found.statistics["importances"]["returns_1"] > 0.4
    with pytest.raises(BadSettings, match="isotonic calibration needs 5000 rows"):
        train(dataset(), candles(), wanted(), replace(quick, calibration="isotonic"))


def test_acting_on_an_edge_without_fees_earns() -> None:
    label = f"{LABEL},fee=0"
    assert trained(label=label).metrics["test"]["net_return"] > 0.1
    assert trained().metrics["test"]["net_return"] < trained(label=label).metrics["test"]["net_return"]


def test_progress_is_told() -> None:
    heard: list[tuple[str, int, int]] = []
    train(dataset(), candles(), wanted(), config(), lambda step, done, most, loss: heard.append((step, done, most)))
    assert list(dict.fromkeys(step for step, _, _ in heard)) == ["fold 1 of 2", "fold 2 of 2", "last fit"]
    assert all(1 <= done <= most for _, done, most in heard)


def test_labels_that_cannot_be_learned_are_named() -> None:
    data = dataset()
    with pytest.raises(BadLabels, match="only one class occurs"):
        train(replace(data, y=np.full(len(data), 2)), candles(), wanted(), config())
    with pytest.raises(BadLabels, match="only one class occurs"):
        train(replace(data, y=np.full(len(data), 2)), candles(), wanted(), config("gate", top=1))
    with pytest.raises(BadLabels, match="nothing to learn"):
        train(replace(data, y=np.full(len(data), 1)), candles(), wanted(), config("direction"))
    with pytest.raises(BadLabels, match="does not learn"):
        train(replace(data, label=parse("act:6")), candles(), wanted(), config())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "wizard"}, "no kind"),
        ({"calibration": "magic"}, "no calibration"),
        ({"kind": "gate", "cap": 0.0}, "cap"),
        ({"cap": 0.2}, "three classes"),
        ({"top": 0}, "from 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadSettings, match=words):
        TrainConfig(**{"kind": "classifier", **changes})
