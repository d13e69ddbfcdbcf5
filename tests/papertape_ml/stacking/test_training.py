"""Training of stacking: who is right is believed, who is not is not, and the silent are known as such."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.papertape_ml.stacking.heard import LABEL, candles, moves, never, noise, stances, wise

from papertape.contract.candle import Floats
from papertape_ml.errors import BadSettings
from papertape_ml.labels import parse
from papertape_ml.models.golden import Golden, reproduces
from papertape_ml.models.loading import load
from papertape_ml.models.stacking import StackingModel, row_of
from papertape_ml.stacking.rows import rows_of
from papertape_ml.stacking.training import StackingConfig, train_stacking
from papertape_ml.training.trained import Trained, manifest_of

pytest.importorskip("numba")
CONFIG = StackingConfig(folds=2)


def trained(**said: Floats) -> Trained:
    data, market = rows_of([(stances(said), candles())], parse(LABEL), never)
    return train_stacking(data, market, ["s1"], CONFIG)


@cache
def made() -> Trained:
    return trained(wise=wise(), noise=noise(), more=noise(3))


def test_the_member_that_is_right_is_believed_and_the_others_are_not() -> None:
    found = made()
    shares = found.statistics["importances"]
    assert shares["wise.side_confidence"] > 0.6 and sum(shares.values()) == pytest.approx(1.0)
    test = found.metrics["test"]
    assert test["skill_low"] > 0.05 and found.metrics["over_vote"]["skill_low"] > 0.02
    assert test["logloss"] < found.baseline["weighted_vote"]["logloss"] < found.baseline["logloss"]
    assert test["ece"] < 0.06 and test["net_return"] > found.baseline["flat"]["net_return"]


def test_the_probabilities_are_those_of_what_happens() -> None:
    """Of the closes where the wise member says up: as often up as it is, and as often down."""
    model, said, moved = made().model, wise(), moves()
    answer = model.predict(row_of([None, None, None])[None, :])[0]
    assert answer.sum() == pytest.approx(1.0)
    rows = np.tile(row_of([None, None, None]), (len(said), 1))
    rows[:, 0], rows[:, 1] = said, 0.0
    up = model.predict(rows)[said > 0].mean(axis=0)
    happened = [(moved[said > 0] == side).mean() for side in (1, -1, 0)]
    assert up == pytest.approx(happened, abs=0.06)


def test_where_nobody_knows_anything_the_prior_is_all_that_is_said() -> None:
    found = trained(one=noise(5), two=noise(6))
    assert found.metrics["test"]["skill_low"] < 0.0 and abs(found.metrics["test"]["skill"]) < 0.02


def test_the_manifest_loads_and_says_where_it_is_from() -> None:
    found = made()
    manifest = manifest_of(found, "stacking", created=0)
    assert manifest.kind == "stacking" and manifest.feature_set["members"] == ("wise", "noise", "more")
    assert manifest.training["sessions"] == ("s1",) and manifest.training["rows"] == len(found.rows)
    model = load("stacking", found.model.files())
    assert isinstance(model, StackingModel) and model.members == ("wise", "noise", "more")
    reproduces(model, Golden.from_document(manifest.golden.rows()))
    again = trained(wise=wise(), noise=noise(), more=noise(3))
    assert manifest_of(again, "stacking", created=0) == manifest


def test_a_tests_future_changes_none_of_its_predictions() -> None:
    """Labels and stances of the last fold's test are turned round: the fold before keeps its figures."""
    data, market = rows_of([(stances({"wise": wise()}), candles())], parse(LABEL), never)
    begin = made_folds(data.t0.tolist())
    y, features = data.y.copy(), data.features.copy()
    y[data.t0 >= begin], features[data.t0 >= begin, 0] = 2 - y[data.t0 >= begin], 0.3
    found = [train_stacking(each, market, ["s1"], CONFIG) for each in (data, replace(data, y=y, features=features))]
    first, second = (each.metrics["folds"][0] for each in found)
    assert first["logloss"] == second["logloss"] and first["ridge"] == second["ridge"]
    assert found[0].metrics["folds"][1]["logloss"] != found[1].metrics["folds"][1]["logloss"]


def made_folds(t0: list[int]) -> int:
    """Where the second of two folds begins: 0.4 and half of the rest."""
    return t0[int(0.7 * len(t0))]


def test_ridges_that_cannot_be_are_refused() -> None:
    for ridges in ((), (0.0,), (float("inf"),)):
        with pytest.raises(BadSettings):
            StackingConfig(ridges=ridges)
