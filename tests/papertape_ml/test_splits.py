"""Splits cut time, never let what is learned see what is tested, and test every row as often as they say."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from papertape.contract.candle import Ints
from papertape.contract.errors import InvalidValue
from papertape_ml.splits import Fold, combinatorial, learned, needed_embargo, paths, symmetric_halves, walk_forward

embargoes = st.sampled_from([0, 1, 7, 40])


@st.composite
def rows(draw: st.DrawFn) -> tuple[Ints, Ints]:
    """Rows of several symbols, in any order: times on a grid with gaps, labels of all lengths."""
    count, seed = draw(st.integers(60, 250)), draw(st.integers(0, 2**32 - 1))
    longest, symbols = draw(st.sampled_from([1, 5, 25])), draw(st.integers(1, 3))
    chance = np.random.default_rng(seed)
    times = np.cumsum(chance.choice([1, 1, 1, 1, 6, 60], count))
    t0 = np.concatenate([times[chance.random(count) < share] for share in (1.0, 0.8, 0.5)[:symbols]]).astype(np.int64)
    t0 = t0[chance.permutation(len(t0))]
    return t0, t0 + chance.integers(1, longest + 1, len(t0))


def overlap(t0: Ints, t1: Ints, some: Ints, others: Ints, before: int = 0, after: int = 0) -> bool:
    """Whether the time of any of some rows overlaps that of any other row, which is `before` and `after` longer."""
    begins, ends = t0[others][:, None] - before, t1[others][:, None] + after
    return bool(((t0[some] <= ends) & (t1[some] >= begins)).any())


def consistent(fold: Fold, t0: Ints, t1: Ints) -> None:
    """What holds for every fold: no row is on both sides, and no time is."""
    assert not len(np.intersect1d(fold.train, fold.test))
    assert len(np.intersect1d(t0[fold.train], t0[fold.test])) == 0
    assert not overlap(t0, t1, fold.train, fold.test)
    for (begin, end), group in zip(fold.spans, fold.groups, strict=True):
        assert group >= 0
        assert not ((t0[fold.train] <= end) & (t1[fold.train] >= begin)).any()


@settings(max_examples=60, deadline=None)
@given(rows(), st.integers(1, 5), embargoes, st.booleans())
def test_walk_forward(found: tuple[Ints, Ints], folds: int, embargo: int, rolling: bool) -> None:
    t0, t1 = found
    try:
        made = walk_forward(t0, t1, folds, embargo, rolling)
    except InvalidValue:
        assume(False)
    tested = np.concatenate([fold.test for fold in made])
    after_the_first = np.flatnonzero(t0 >= t0[made[0].test].min())
    assert sorted(tested.tolist()) == after_the_first.tolist()
    for fold in made:
        consistent(fold, t0, t1)
        assert not overlap(t0, t1, fold.train, fold.test, before=embargo)
        assert t1[fold.train].max() < t0[fold.test].min() - embargo
        whole = int((t0 < t0[fold.test].min()).sum())
        if rolling:
            assert len(fold.train) + fold.purged + fold.embargoed <= whole
        else:
            assert len(fold.train) + fold.purged + fold.embargoed == whole
    for one, other in pairwise(made):
        assert t0[one.test].max() < t0[other.test].min()
        assert rolling or set(one.train) <= set(other.train)


@settings(max_examples=40, deadline=None)
@given(rows(), st.sampled_from([(6, 2), (4, 1), (5, 3)]), embargoes)
def test_combinatorial(found: tuple[Ints, Ints], choice: tuple[int, int], embargo: int) -> None:
    t0, t1 = found
    groups, tested = choice
    try:
        made = list(combinatorial(t0, t1, groups, tested, embargo))
    except InvalidValue:
        assume(False)
    times = np.zeros(len(t0), np.int64)
    for fold in made:
        consistent(fold, t0, t1)
        assert len(fold.train) + len(fold.test) + fold.purged + fold.embargoed == len(t0)
        for _, end in fold.spans:
            assert not ((t0[fold.train] > end) & (t0[fold.train] <= end + embargo)).any()
        times[fold.test] += 1
        # No row is left out for nothing: each overlaps a test, or stands in an embargo.
        left = np.setdiff1d(np.arange(len(t0)), np.concatenate([fold.train, fold.test]))
        for row in left:
            near = any(end < t0[row] <= end + embargo for _, end in fold.spans)
            assert near or any(t0[row] <= end and t1[row] >= begin for begin, end in fold.spans)
    assert (times == paths(groups, tested)).all()


@settings(max_examples=40, deadline=None)
@given(rows())
def test_what_is_learned_from_stands_in_three_parts(found: tuple[Ints, Ints]) -> None:
    t0, t1 = found
    try:
        made = learned(t0, t1, walk_forward(t0, t1, 2)[1].train)
    except InvalidValue:
        assume(False)
    for one, other in pairwise((made.fit, made.stop, made.calibrate)):
        assert t1[one].max() < t0[other].min()
    whole = walk_forward(t0, t1, 2)[1].train
    assert len(made.rows) == len(set(made.rows)) and set(made.rows) <= set(whole)
    assert len(made.rows) + made.purged == len(whole)


def test_shares_of_what_is_learned_from() -> None:
    t0 = np.arange(1_000, dtype=np.int64)
    made = learned(t0, t0, np.arange(1_000), (0.6, 0.2, 0.2))
    assert [len(part) for part in (made.fit, made.stop, made.calibrate)] == [600, 200, 200]
    assert made.purged == 0


def test_a_rolling_fold_is_as_long_as_the_first() -> None:
    t0 = np.arange(1_000, dtype=np.int64)
    made = walk_forward(t0, t0 + 1, folds=3, rolling=True, first=0.4)
    assert [(int(t0[fold.train].min()), int(t0[fold.train].max())) for fold in made] == [
        (0, 398), (200, 598), (400, 798),
    ]  # fmt: skip


def test_purged_and_embargoed_rows_are_counted() -> None:
    t0 = np.arange(100, dtype=np.int64)
    (fold,) = walk_forward(t0, t0 + 5, folds=1, embargo=10, first=0.5)
    assert (len(fold.train), fold.purged, fold.embargoed) == (35, 5, 10)
    assert fold.spans == ((50, 104),)
    middle = list(combinatorial(t0, t0 + 5, groups=5, tested=1, embargo=10))[2]
    assert (len(middle.train), middle.purged, middle.embargoed) == (60, 10, 10)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_rows_are_refused(count: int) -> None:
    t0 = np.arange(count, dtype=np.int64)
    with pytest.raises(InvalidValue, match=f"{count} rows"):
        walk_forward(t0, t0 + 1, folds=8)
    with pytest.raises(InvalidValue, match=f"{count} rows"):
        list(combinatorial(t0, t0 + 1))
    with pytest.raises(InvalidValue, match=f"{min(count, 2)} rows"):
        learned(t0, t0 + 1, np.arange(min(count, 2)))


def test_a_label_or_an_embargo_longer_than_the_data_leaves_nothing() -> None:
    t0 = np.arange(100, dtype=np.int64)
    with pytest.raises(InvalidValue, match="nothing to learn from"):
        walk_forward(t0, t0 + 100)
    with pytest.raises(InvalidValue, match="nothing is left"):
        list(combinatorial(t0, t0 + 1, embargo=100))
    with pytest.raises(InvalidValue, match="none is left to fit on"):
        learned(t0, t0 + 100, np.arange(100))


def test_impossible_splits_are_refused() -> None:
    t0 = np.arange(100, dtype=np.int64)
    for wrong in ({"folds": 0}, {"first": 0.0}, {"first": 1.0}, {"embargo": -1}):
        with pytest.raises(InvalidValue):
            walk_forward(t0, t0 + 1, **wrong)
    for groups, tested in ((6, 6), (6, 0)):
        with pytest.raises(InvalidValue):
            list(combinatorial(t0, t0 + 1, groups, tested))
    with pytest.raises(InvalidValue):
        learned(t0, t0 + 1, np.arange(100), (0.5, 0.5))
    with pytest.raises(InvalidValue):
        list(symmetric_halves(5))


def test_symmetric_halves() -> None:
    halves = list(symmetric_halves(6))
    assert len(halves) == 20
    assert all(one.sum() == 3 and (one ^ other).all() for one, other in halves)
    assert len(list(symmetric_halves())) == 12_870


def test_the_embargo_outlasts_label_and_features() -> None:
    assert needed_embargo(horizon=10, warmup=30) == needed_embargo(30, 10) == 30
