"""Splits of labelled rows into what is learned from and what is tested on: time is cut, never rows.

A row's label speaks of the market from its t0 to its t1, ms UTC, both included. A row that is learned from and whose
time overlaps a tested row's, of whatever symbol, is purged. What follows a test within the embargo is left out too,
since features there still look back into the test; and so is what comes within the embargo before the test of a
walk-forward fold, as in the promotion of a model, whose evidence begins only then.

Source: López de Prado, Advances in Financial Machine Learning (2018), chapters 7 (purging, embargo) and 12
(combinatorial purged cross-validation).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Final

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import Ints
from papertape.contract.errors import InvalidValue

SHARES: Final = (0.7, 0.15, 0.15)
"""Of what is learned from: how much is fitted, stops the fitting, and calibrates."""


@dataclass(frozen=True, slots=True)
class Learned:
    """Rows (numbers) to learn from, three parts in time order, none of whose labels reaches into the next part.

    `purged`: how many rows were left out for that.
    """

    fit: Ints
    stop: Ints
    calibrate: Ints
    purged: int

    @property
    def rows(self) -> Ints:
        """All of them."""
        return np.concatenate([self.fit, self.stop, self.calibrate])


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows (numbers) to learn from, and to test on.

    `spans`: (first t0, last t1) of each stretch of time that is tested; `groups`: their numbers; `purged`: rows whose
    time overlaps a tested row's; `embargoed`: rows besides that stand too near.
    """

    train: Ints
    test: Ints
    spans: tuple[tuple[int, int], ...]
    groups: tuple[int, ...]
    purged: int
    embargoed: int


def walk_forward(
    t0: Ints, t1: Ints, folds: int = 5, embargo: int = 0, rolling: bool = False, first: float = 0.4
) -> list[Fold]:
    """Folds that learn from what came before their test, each later than the one before.

    The share `first` of the rows is only ever learned from; the rest is tested in `folds` equal parts, each row once.
    Expanding: all that came before; `rolling`: as long a time as before the first test. `embargo`: ms. Raises
    `InvalidValue` where a part would be empty.
    """
    if folds < 1 or not 0.0 < first < 1.0 or embargo < 0:
        raise InvalidValue("walk-forward needs a fold or more, a first share between 0 and 1, and an embargo from 0 ms")
    cuts = _cuts(t0, [first + (1.0 - first) * k / folds for k in range(folds)])
    length = cuts[0] - int(t0.min())
    found = []
    for number, (begin, end) in enumerate(zip(cuts, [*cuts[1:], int(t0.max()) + 1], strict=True)):
        test = np.flatnonzero((t0 >= begin) & (t0 < end))
        before = (t0 < begin) & (t0 >= begin - length) if rolling else t0 < begin
        earliest = int(t0[test].min())
        purged, near = before & (t1 >= earliest), before & (t1 < earliest) & (t1 >= earliest - embargo)
        train = np.flatnonzero(before & ~purged & ~near)
        if not len(train):
            raise InvalidValue(f"fold {number + 1} of {folds} has nothing to learn from; there are {len(t0)} rows")
        spans = ((earliest, int(t1[test].max())),)
        found.append(Fold(train, test, spans, (number,), int(purged.sum()), int(near.sum())))
    return found


def combinatorial(t0: Ints, t1: Ints, groups: int = 6, tested: int = 2, embargo: int = 0) -> Iterator[Fold]:
    """Every choice of `tested` out of `groups` stretches of time to test on; all the rest is learned from, purged, and
    for `embargo` ms after each tested stretch left out. Raises `InvalidValue` where nothing would be left."""
    if not 0 < tested < groups or embargo < 0:
        raise InvalidValue(f"{tested} of {groups} groups cannot be tested, with an embargo of {embargo} ms")
    cuts = _cuts(t0, [k / groups for k in range(1, groups)])
    group = np.searchsorted(np.array(cuts), t0, side="right")
    for chosen in combinations(range(groups), tested):
        is_test = np.isin(group, chosen)
        purged, near, spans = np.zeros(len(t0), np.bool_), np.zeros(len(t0), np.bool_), []
        for number in chosen:
            rows = group == number
            begin, end = int(t0[rows].min()), int(t1[rows].max())
            spans.append((begin, end))
            # The stretch is tested without a break, so all that reaches into it overlaps one of its rows.
            purged |= (t0 <= end) & (t1 >= begin)
            near |= (t0 > end) & (t0 <= end + embargo)
        purged &= ~is_test
        near &= ~is_test & ~purged
        train = np.flatnonzero(~is_test & ~purged & ~near)
        if not len(train):
            raise InvalidValue(f"nothing is left to learn from when groups {chosen} of {groups} are tested")
        yield Fold(train, np.flatnonzero(is_test), tuple(spans), chosen, int(purged.sum()), int(near.sum()))


def learned(t0: Ints, t1: Ints, rows: Ints, shares: Sequence[float] = SHARES) -> Learned:
    """The rows to learn from in three parts: fit, stop, calibrate. Raises `InvalidValue` where one would be empty."""
    if len(shares) != 3 or min(shares) <= 0.0:
        raise InvalidValue(f"three shares above 0 are needed, not {tuple(shares)}")
    whole = float(sum(shares))
    stop, calibrate = _cuts(t0[rows], [shares[0] / whole, (shares[0] + shares[1]) / whole])
    starts, ends = t0[rows], t1[rows]
    fit = rows[(starts < stop) & (ends < _first(starts, stop))]
    stops = rows[(starts >= stop) & (starts < calibrate) & (ends < _first(starts, calibrate))]
    last = rows[starts >= calibrate]
    for name, part in (("fit", fit), ("stop", stops), ("calibrate", last)):
        if not len(part):
            raise InvalidValue(f"{len(rows)} rows are too few: none is left to {name} on once the labels are purged")
    return Learned(fit, stops, last, purged=len(rows) - len(fit) - len(stops) - len(last))


def needed_embargo(horizon: int, warmup: int) -> int:
    """The least embargo (ms) after which neither a label nor a feature remembers: the longest of both."""
    return max(horizon, warmup)


def symmetric_halves(blocks: int = 16) -> Iterator[tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]]:
    """Every choice of half of the blocks, and the other half, as masks (blocks,): what combinatorially symmetric
    cross-validation compares. Source: Bailey et al., The Probability of Backtest Overfitting (2017)."""
    if blocks < 2 or blocks % 2:
        raise InvalidValue(f"blocks must be an even number from 2, was {blocks}")
    for chosen in combinations(range(blocks), blocks // 2):
        mask = np.zeros(blocks, np.bool_)
        mask[list(chosen)] = True
        yield mask, ~mask


def paths(groups: int = 6, tested: int = 2) -> int:
    """How many times combinatorial cross-validation tests each row.

    >>> paths(6, 2)
    5
    """
    return comb(groups - 1, tested - 1)


def _cuts(t0: Ints, shares: Sequence[float]) -> list[int]:
    """The times before which these shares of the rows begin; rows of one time stay together."""
    order = np.sort(t0)
    cuts = [int(order[min(int(share * len(order)), len(order) - 1)]) for share in shares] if len(order) else []
    edges = [int(order[0]), *cuts] if cuts else []
    if not cuts or any(one >= other for one, other in zip(edges, edges[1:], strict=False)):
        raise InvalidValue(f"{len(t0)} rows at {len(np.unique(t0))} times are too few for {len(shares) + 1} parts")
    return cuts


def _first(starts: Ints, cut: int) -> int:
    """The first time at which a row begins at or after a cut."""
    return int(starts[starts >= cut].min())
