"""What versions are judged on: decisions that none of them knows, with what came of them, and each one's answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import Floats, Ints
from papertape.contract.errors import RequestError
from papertape.features.catalogue import Catalogue
from papertape.features.feature_set import FeatureSet
from papertape.features.timeframes import base_warmup
from papertape.market.timeframe import iso, period
from papertape_ml.data.build import NOTHING, Market, computed
from papertape_ml.errors import WrongInputs
from papertape_ml.judging.acting import apart
from papertape_ml.labels import LabelSpec, label
from papertape_ml.promotion.subject import Subject
from papertape_ml.splits import needed_embargo

_AT_ONCE: Final = 4_096
"""Rows that a model is asked at once: windows of many candles take room."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Decisions in order of time, then of their symbol; every array has one entry a row.

    `symbol`: the row's place among `candles`; `at`: the candle at whose close is decided. `t0`, `t1`: when that is, and
    when the label is decided, ms UTC. `y`, `profit`: as `LabelSet` has them. `horizon`: the label's longest, ms.
    `before`: `y` of the rows that lie in the time that was learned from, where the candles have it.
    """

    label: LabelSpec
    timeframe: str
    candles: Market
    symbol: Ints
    at: Ints
    t0: Ints
    t1: Ints
    y: npt.NDArray[Any]
    profit: Floats | None
    horizon: int
    before: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.t0)

    def part(self, rows: Ints) -> "Evidence":
        """Some of its rows (numbers)."""
        names = ("symbol", "at", "t0", "t1", "y")
        profit = None if self.profit is None else self.profit[rows]
        return replace(self, **{name: getattr(self, name)[rows] for name in names}, profit=profit)

    @property
    def span(self) -> tuple[int, int]:
        """First t0 and last t1, ms UTC; there must be a row."""
        return int(self.t0.min()), int(self.t1.max())

    @property
    def labels(self) -> int:
        """How many labels there are of which no two overlap."""
        return apart(self.t0, self.t1)

    @property
    def steps(self) -> int:
        """The horizon in candles."""
        return -(-self.horizon // period(self.timeframe))


def begin_of(subjects: Sequence[Subject], warmup: int, horizon: int) -> int:
    """The first time of a decision that none of the versions can know, ms UTC: after all that they learned from, the
    label's horizon, and the embargo (that horizon again, or the features' memory). Raises `WrongInputs` for a version
    that does not say what it learned from."""
    ends = []
    for subject in subjects:
        if subject.learned_to is None:
            raise WrongInputs(
                f"{subject} does not say which time it learned from (training.span): nothing is unknown to it"
            )
        ends.append(subject.learned_to)
    return max(ends) + horizon + needed_embargo(horizon, warmup)


def agreed(subjects: Sequence[Subject]) -> Subject:
    """The first of versions that can be judged on the same rows. Raises `WrongInputs`, which names what they do not
    agree about."""
    first = subjects[0]
    for other in subjects[1:]:
        for what, one, two in (
            ("the label", str(first.label), str(other.label)),
            ("the timeframe", first.timeframe, other.timeframe),
        ):
            if one != two:
                raise WrongInputs(f"{first} and {other} do not agree about {what}: {one} and {two}; "
                                  "what they say cannot be compared")  # fmt: skip
    return first


def feature_set(subject: Subject, catalogue: Catalogue, symbols: Sequence[str], reference: str | None) -> FeatureSet:
    """The features that a version reads, as this machine computes them. Raises `WrongInputs` where their numbers would
    not mean what they meant in training."""
    features = tuple(catalogue.select(subject.served.features))
    wanted = FeatureSet(features, subject.timeframe, tuple(symbols), reference)
    if wanted.hash != subject.manifest.feature_set_hash:
        universe = subject.manifest.feature_set.get("universe")
        hint = f": it was trained on the symbols {', '.join(universe)}" if universe else ""
        raise WrongInputs(
            f"{subject} reads the feature set {subject.manifest.feature_set_hash}, and here its features make "
            f"{wanted.hash}{hint}; train it again, or judge it with the code and symbols of its training"
        )
    return wanted


def memory(subjects: Sequence[Subject], sets: Sequence[FeatureSet], symbols: int) -> int:
    """How far back the longest memory of what the versions read goes, ms: of a feature, and of the window of candles
    that one answer looks at."""
    longest = 0
    for subject, wanted in zip(subjects, sets, strict=True):
        warm = max(base_warmup(feature, symbols, wanted.timeframe) for feature in wanted.features)
        longest = max(longest, (warm + subject.served.window - 1) * period(wanted.timeframe))
    return longest


def evidence_of(
    candles: Market, timeframe: str, spec: LabelSpec, begin: int, end: int, known: tuple[int, int] | None = None
) -> Evidence:
    """The decisions from `begin` on whose labels are decided by `end`, ms UTC. `known`: the time that was learned from.
    Raises `RequestError` where there are none."""
    sets = [label(one, timeframe, spec) for one in candles.values()]
    slot = np.repeat(np.arange(len(sets)), [len(each) for each in sets])
    t0, t1, at, y = (np.concatenate([getattr(each, name) for each in sets]) for name in ("t0", "t1", "rows", "y"))
    profits = [each.profit for each in sets if each.profit is not None]
    profit = np.concatenate(profits) if profits else None
    chosen = np.flatnonzero((t0 >= begin) & (t1 <= end))
    if not len(chosen):
        newest = max(int(one[0, -1]) for one in candles.values())
        raise RequestError(
            f"no decision is left to judge on: it must come from {iso(begin)} on, and the newest candle is of "
            f"{iso(newest)}; bring newer ones with --source"
        )
    chosen = chosen[np.lexsort((slot[chosen], t0[chosen]))]
    inside = (t0 >= known[0]) & (t1 <= known[1]) if known is not None else np.zeros(len(t0), np.bool_)
    return Evidence(
        label=spec,
        timeframe=timeframe,
        candles=candles,
        symbol=slot[chosen],
        at=at[chosen],
        t0=t0[chosen],
        t1=t1[chosen],
        y=y[chosen],
        profit=None if profit is None else profit[chosen],
        horizon=sets[0].horizon,
        before=y[inside],
    )


def answers(subject: Subject, wanted: FeatureSet, evidence: Evidence) -> Floats:
    """What a version says of each row `(n, outputs)`, NaN where it abstains: its features computed anew, over all the
    candles that there are."""
    found = np.full((len(evidence), len(subject.manifest.contract.outputs)), np.nan)
    every = at_every_candle(evidence.candles, wanted)
    for begin in range(0, len(evidence), _AT_ONCE):
        some = np.arange(begin, min(begin + _AT_ONCE, len(evidence)))
        found[some] = subject.served.model.predict(_windows(every, evidence, some, subject.served.window))
    return found


def rows_of(subject: Subject, wanted: FeatureSet, evidence: Evidence) -> Floats:
    """What a version reads of each row `(n, inputs)`."""
    every = at_every_candle(evidence.candles, wanted)
    return _windows(every, evidence, np.arange(len(evidence)), subject.served.window)


def _windows(every: Sequence[Floats], evidence: Evidence, some: Ints, window: int) -> Floats:
    """Of some rows the features of so many candles up to the decision, oldest candle first `(rows, window x features)`;
    NaN for candles before the first."""
    width = every[0].shape[1]
    found = np.full((len(some), window, width), np.nan)
    for slot, values in enumerate(every):
        mine = np.flatnonzero(evidence.symbol[some] == slot)
        back = evidence.at[some[mine]][:, None] + np.arange(1 - window, 1)
        found[mine] = np.where((back >= 0)[:, :, None], values[np.maximum(back, 0)], np.nan)
    return found.reshape(len(some), window * width)


def at_every_candle(candles: Market, wanted: FeatureSet) -> list[Floats]:
    """The features (n, features) at every candle of each symbol."""
    found: list[list[Floats]] = [[] for _ in candles]
    for slots in [range(len(candles))] if wanted.panel else [[slot] for slot in range(len(candles))]:
        for slot, _, values in computed(candles, wanted, NOTHING, slots):
            found[slot].append(values)
    return [np.concatenate(pieces) for pieces in found]
