"""Folds: four parts in time order, none of whose labels reaches into the next, at a distance."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.papertape_ml.training.market import dataset

from papertape_ml.errors import TooLittleHistory
from papertape_ml.splits import walk_forward
from papertape_ml.training.folds import folds_of, parts_of, tail

pytest.importorskip("numba")
LABEL = "direction:10c"


def test_parts_follow_each_other_and_share_no_label() -> None:
    data = dataset(LABEL)
    found = folds_of(data, 3)
    for parts, test in zip(found.learned, found.tests, strict=True):
        for one, other in pairwise((parts.fit, parts.stop, parts.calibrate, test)):
            assert data.t1[one].max() < data.t0[other].min()
        assert data.t1[parts.calibrate].max() < data.t0[test].min() - found.embargo
    tested = np.concatenate(found.tests)
    assert len(np.unique(tested)) == len(tested) and (np.diff(tested) > 0).all()


def test_the_embargo_is_what_is_needed_or_what_fits() -> None:
    data = dataset(LABEL)
    assert data.embargo > data.horizon
    assert folds_of(data, 2).embargo == folds_of(data, 2).needed == data.embargo
    long = replace(data, warmup=10**12)
    short = folds_of(long, 2)
    assert short.needed == 10**12 and data.horizon <= short.embargo < (data.t0[-1] - data.t0[0]) / 9


def test_too_little_history_is_named_with_what_would_do() -> None:
    data = dataset(LABEL)
    with pytest.raises(TooLittleHistory, match="more candles"):
        folds_of(data.take(np.arange(20)), 2)
    with pytest.raises(TooLittleHistory, match="rows are left to .* on, and 30 are needed"):
        folds_of(data.take(np.arange(300)), 2)
    with pytest.raises(TooLittleHistory, match="no row"):
        folds_of(data.take(np.arange(0)), 2)
    with pytest.raises(TooLittleHistory, match="to calibrate on, and 30 of each"):
        tail(data.take(np.arange(100)))


def test_a_test_of_few_rows_is_refused_too() -> None:
    data = dataset(LABEL)
    fold = walk_forward(data.t0, data.t1, 1)[0]
    with pytest.raises(TooLittleHistory, match="5 rows are left to test on"):
        parts_of(data, replace(fold, test=fold.test[:5]))


def test_the_calibration_tail_shares_nothing_with_what_is_fitted() -> None:
    data = dataset(LABEL)
    before, last = tail(data)
    assert data.t1[before].max() < data.t0[last].min() and last[-1] == len(data) - 1
    assert len(last) / len(data) == pytest.approx(0.15, abs=0.01)
    assert len(before) + len(last) >= len(data) - 10
