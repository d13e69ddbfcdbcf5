"""Higher timeframes of a history are those that a session makes batch by batch, to the bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papertape import ConfigError
from papertape.contract.candle import Floats, Row
from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.batches import merged
from papertape.features.catalogue import Catalogue
from papertape.features.engine import FeatureEngine
from papertape.features.families import own_families
from papertape.features.timeframes import History, Resampling, resampled, whole_history
from papertape.market.market import Market
from papertape.market.resample import Resampler

MINUTE = 60_000
SYMBOLS = ("A", "B")
CATALOGUE = Catalogue(own_families())
MIXED = CATALOGUE.select(["rsi_2", "bb_width_3@5m", "rsi_2@15m", "ema_3@1m", "bb_position_2@1d"])


def history(opens: list[int], seed: int) -> Floats:
    """Candles (6, n) that open at these times, ms UTC; volumes whose sums depend on the order."""
    random = np.random.default_rng(seed)
    count = len(opens)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, count)))
    first = close * (1 + random.normal(0, 0.002, count))
    high, low = np.maximum(first, close) * 1.001, np.minimum(first, close) * 0.999
    return np.array([np.array(opens, np.float64), first, high, low, close, random.exponential(3, count)])


steps = st.lists(st.sampled_from([1, 1, 1, 1, 1, 2, 3, 7, 40, 700]), max_size=120)


@st.composite
def times(draw: st.DrawFn) -> list[int]:
    """Open times with holes, a few of them off the grid."""
    minutes = np.cumsum([draw(st.integers(0, 12)), *draw(steps)])
    off = draw(st.sets(st.integers(0, len(minutes)), max_size=3))
    return [int(minute) * MINUTE + (30_000 if number in off else 0) for number, minute in enumerate(minutes)]


def rows_of(candles: Floats) -> list[Row]:
    return [(int(ts), *rest, 0) for ts, *rest in candles.T.tolist()]


def one_by_one(candles: Floats, timeframe: str) -> tuple[list[tuple[float, ...]], list[int]]:
    """What a session's resampler makes, and with which base candle."""
    resampler = Resampler("1m", timeframe)
    made = [(row[:6], at) for at, each in enumerate(rows_of(candles)) for row in resampler.take(each[0] + MINUTE, each)]
    return [row for row, _ in made], [at for _, at in made]


@given(times(), st.sampled_from(["1m", "3m", "5m", "15m", "1h", "1d", "1w"]), st.integers(0, 9))
@settings(deadline=None)
def test_resampling_many_candles_gives_the_candles_of_a_session(opens: list[int], timeframe: str, seed: int) -> None:
    candles = history(opens, seed)
    made, known = resampled(candles, "1m", timeframe)
    rows, when = one_by_one(candles, timeframe)
    assert known.tolist() == when
    assert np.ascontiguousarray(made.T).tobytes() == np.array(rows, np.float64).reshape(-1, 6).tobytes()


@given(times(), st.sampled_from(["5m", "1h", "1d"]), st.integers(0, 120))
@settings(deadline=None)
def test_where_a_history_is_cut_changes_no_higher_candle(opens: list[int], timeframe: str, cut: int) -> None:
    candles = history(opens, 1)
    whole, known = resampled(candles, "1m", timeframe)
    parts = Resampling(timeframe)
    made = []
    for begin, part in ((0, candles[:, :cut]), (min(cut, len(opens)), candles[:, cut:])):
        closed, at = parts.take(part[0] + MINUTE, part, np.arange(part.shape[1]))
        made.append((closed, at + begin))
    assert np.concatenate([each for each, _ in made], axis=1).tobytes() == whole.tobytes()
    assert np.concatenate([at for _, at in made]).tolist() == known.tolist()


def in_a_session(candles: list[Floats]) -> Floats:
    """The mixed features as a session computes them, batch by batch (n, symbols, features)."""
    timeframes = {each.timeframe or "1m": 1 for each in MIXED}
    market, engine = Market(SYMBOLS, "1m", timeframes), FeatureEngine(MIXED, SYMBOLS, "1m")
    places = engine.places(MIXED)
    _, fresh = merged(candles)
    left = [iter(rows_of(one)) for one in candles]
    values = []
    for has in fresh:
        rows = tuple(next(left[slot]) if has[slot] else None for slot in range(len(SYMBOLS)))
        now = next(row[0] for row in rows if row) + MINUTE
        market.take(now, rows)
        engine.take(now, rows, market.closed)
        values.append([np.frombuffer(engine.read(slot, places)) for slot in range(len(SYMBOLS))])
    return np.array(values)


@given(times(), times(), st.lists(st.integers(1, 200), max_size=3))
@settings(deadline=None, max_examples=40)
def test_a_history_has_the_features_of_a_session_however_it_is_cut(
    first: list[int], second: list[int], cuts: list[int]
) -> None:
    candles = [history(first, 1), history(second, 2)]
    _, fresh = merged(candles)
    expected = in_a_session(candles)
    whole = whole_history(MIXED, SYMBOLS, candles, "1m", fresh)
    assert whole.tobytes() == expected.tobytes()
    made, engine = [], History(MIXED, SYMBOLS, "1m")
    edges = sorted({0, len(fresh), *(cut for cut in cuts if cut < len(fresh))})
    for begin, end in zip(edges, edges[1:], strict=False):
        had, has = fresh[:begin].sum(axis=0), fresh[:end].sum(axis=0)
        made.append(engine.run([one[:, had[k] : has[k]] for k, one in enumerate(candles)], fresh[begin:end]))
    assert np.concatenate(made).tobytes() == expected.tobytes()


@kernel
def step(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = c.close[t]


CLOSE = FeatureFamily(
    name="newest", category="trend", memory="window", inputs=("close",), step=step, definition="The close itself.",
    outputs=(FeatureOutput("newest", "the close", "quote currency", scale="close", level=True),),
)  # fmt: skip


def test_a_higher_candle_is_seen_from_the_base_candle_that_closes_it_on() -> None:
    candles = history([minute * MINUTE for minute in range(17) if minute != 9], 3)
    candles[4] = candles[0] / MINUTE
    features = Catalogue([CLOSE]).select(["newest", "newest@5m"])
    values = whole_history(features, ["X"], [candles], "1m")[:, 0]
    assert values[:, 0].tolist() == candles[4].tolist()
    expected = [*[np.nan] * 4, *[4.0] * 5, *[8.0] * 4, *[14.0] * 3]  # the tenth minute is absent: known at the next
    np.testing.assert_array_equal(values[:, 1], expected)


def test_a_symbol_without_a_candle_in_a_batch_has_no_value_in_it() -> None:
    candles = [history([minute * MINUTE for minute in minutes], 3) for minutes in (range(12), (0, 3, 5, 11))]
    _, fresh = merged(candles)
    features = Catalogue([CLOSE]).select(["newest@5m"])
    there = ~np.isnan(whole_history(features, SYMBOLS, candles, "1m", fresh)[:, :, 0])
    assert np.flatnonzero(there[:, 0]).tolist() == list(range(4, 12))
    assert np.flatnonzero(there[:, 1]).tolist() == [5, 11]


def test_a_first_candle_that_began_before_the_history_is_not_shown() -> None:
    made, known = resampled(history([minute * MINUTE for minute in range(2, 16)], 3), "1m", "5m")
    assert made[0].tolist() == [5 * MINUTE, 10 * MINUTE] and known.tolist() == [7, 12]


def test_a_timeframe_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(ConfigError, match="'rsi_14@1m': 1m candles cannot be made from 5m candles"):
        History(CATALOGUE.select(["rsi_14@1m"]), ["X"], "5m")
