"""Uniqueness is one by the number of labels under way, on average over a label's time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.contract.candle import Ints
from papertape_ml.labels import uniqueness

pytest.importorskip("numba")

labels = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), min_size=1, max_size=40)


def spans(found: list[tuple[int, int]]) -> tuple[Ints, Ints]:
    t0, lengths = np.array(found, np.int64).T
    return t0, t0 + lengths


@given(labels)
def test_it_equals_the_mean_over_every_moment(found: list[tuple[int, int]]) -> None:
    t0, t1 = spans(found)
    moments = np.arange(100)
    under_way = (t0[:, None] <= moments) & (moments < t1[:, None])
    shares = under_way / np.maximum(under_way.sum(axis=0), 1)
    assert uniqueness(t0, t1) == pytest.approx(shares.sum(axis=1) / (t1 - t0))


@given(labels)
def test_all_labels_together_weigh_the_time_that_they_cover(found: list[tuple[int, int]]) -> None:
    t0, t1 = spans(found)
    moments = np.arange(100)
    covered = ((t0[:, None] <= moments) & (moments < t1[:, None])).any(axis=0).sum()
    weights = uniqueness(t0, t1)
    assert (weights * (t1 - t0)).sum() == pytest.approx(covered)
    assert (weights > 0).all() and (weights <= 1 + 1e-12).all()


@given(labels, st.integers(0, 99))
def test_order_and_shift_mean_nothing(found: list[tuple[int, int]], seed: int) -> None:
    t0, t1 = spans(found)
    order = np.random.default_rng(seed).permutation(len(t0))
    assert uniqueness(t0[order], t1[order]) == pytest.approx(uniqueness(t0, t1)[order])
    later = 1_700_000_000_000
    assert uniqueness(t0 + later, t1 + later) == pytest.approx(uniqueness(t0, t1))


def test_labels_that_do_not_overlap_weigh_one_and_no_labels_nothing() -> None:
    assert uniqueness(np.array([0, 10, 25]), np.array([10, 20, 30])).tolist() == [1.0, 1.0, 1.0]
    assert uniqueness(np.array([5, 5, 5, 5]), np.array([10, 10, 10, 10])).tolist() == [0.25] * 4
    assert len(uniqueness(np.empty(0, np.int64), np.empty(0, np.int64))) == 0
