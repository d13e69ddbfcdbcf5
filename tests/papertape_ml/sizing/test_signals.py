"""Signals to learn from: none of them knows its own time."""

from dataclasses import replace

import numpy as np
import pytest
from tests.papertape_ml.training import market
from tests.papertape_ml.training.market import config

from papertape_ml.data import Dataset
from papertape_ml.errors import BadLabels, BadSettings
from papertape_ml.sizing.signals import walk_forward_signals
from papertape_ml.training.folds import folds_of

pytest.importorskip("numba")
pytest.importorskip("xgboost")


def dataset() -> Dataset:
    """With rows that go nowhere, so that a gate has something to learn."""
    return market.dataset("direction:1c,band=0.3vol")


@pytest.mark.parametrize("kind", ["gated", "classifier"])
def test_a_signals_model_knows_nothing_of_its_time(kind: str) -> None:
    data = dataset()
    found = walk_forward_signals(data, config(kind))
    assert len(found) > 50 and (np.diff(found.at) >= 0).all()
    assert (found.learned < found.at).all() and (found.until > found.at).all()
    assert len(np.unique(found.learned)) == 2
    assert set(found.side.tolist()) == {-1, 1} and ((found.confidence > 0) & (found.confidence <= 1)).all()


def test_what_comes_after_a_test_changes_no_signal_in_it() -> None:
    """The rows of the last fold's test are made nonsense, features and labels; the first fold's signals stay, to the
    bit."""
    data = dataset()
    first, last = folds_of(data, 2).tests
    cut = int(data.t0[last].min())
    features, y = data.features.copy(), data.y.copy()
    features[last], y[last] = features[last][::-1] * 7.0, 2 - y[last]
    changed = replace(data, features=features, y=y)
    kept = []
    for each in (data, changed):
        found = walk_forward_signals(each, config("gated"))
        mine = found.where(found.at < cut)
        kept.append((mine.at.tolist(), mine.side.tolist(), mine.confidence.tobytes()))
    assert kept[0] == kept[1] and len(kept[0][0]) > 20
    assert int(data.t0[first].max()) < cut


def test_sides_are_right_more_often_than_not_where_there_is_an_edge() -> None:
    data = dataset()
    found = walk_forward_signals(data, config("gated"))
    moved = data.y[np.searchsorted(data.t0, found.at)] - 1
    assert (moved == found.side)[moved != 0].mean() > 0.75


def test_a_least_confidence_leaves_out_the_others() -> None:
    whole = walk_forward_signals(dataset(), config("gated"))
    least = float(np.median(whole.confidence))
    some = walk_forward_signals(dataset(), config("gated"), least)
    assert some.at.tolist() == whole.at[whole.confidence >= least].tolist()
    with pytest.raises(BadLabels, match="confidence of 1"):
        walk_forward_signals(dataset(), config("gated"), 1.0)


def test_a_kind_without_sides_is_refused() -> None:
    with pytest.raises(BadSettings, match="gated or classifier"):
        walk_forward_signals(dataset(), config("gate"))
