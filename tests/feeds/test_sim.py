import json
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papertape.contract.candle import CLOSE, HIGH, LOW, OPEN, TS, VOLUME, CandleFlag, Floats, Row
from papertape.contract.errors import ConfigError, RequestError
from papertape.feeds.sim import SimFeed
from papertape.market.timeframe import period

MINUTE = 60_000
Batches = list[tuple[int, tuple[Row | None, ...]]]


def batches(feed: SimFeed, start: int = 0) -> Batches:
    return [pair for block in feed.blocks(start) for pair in zip(block.times, block.rows, strict=True)]


def table(**params: object) -> Floats:
    """(batches, symbols, columns of a row)."""
    return np.array([rows for _, rows in batches(SimFeed(**params))])


@pytest.fixture(scope="module")
def long_run() -> Floats:
    return table(batches=100_000, seed=11)


def returns(candles: Floats) -> Floats:
    logs: Floats = np.log(candles[:, :, CLOSE] / candles[:, :, OPEN])
    return logs


def test_the_first_candle_opens_at_the_start_and_they_follow_without_gaps() -> None:
    feed = SimFeed(batches=3000)
    found = batches(feed)
    assert feed.symbols == ("BTC/USDT", "ETH/USDT", "SOL/USDT")
    assert feed.total() == len(found) == 3000
    for number, (time, rows) in enumerate(found):
        assert time == 1_704_067_200_000 + (number + 1) * MINUTE
        assert all(row is not None and row[TS] == time - MINUTE and row[6] == CandleFlag.SIMULATED for row in rows)
    assert all(isinstance(value, float) for value in (found[0][1][0] or ())[1:6])


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**40),
    timeframe=st.sampled_from(["1s", "1m", "1h", "1d", "1w"]),
    volatility=st.sampled_from([0.01, 0.3, 0.7]),
    edge=st.sampled_from([0.0, 0.2, 0.5]),
    trend=st.sampled_from([0.0, 0.5]),
)
def test_every_candle_is_one(seed: int, timeframe: str, volatility: float, edge: float, trend: float) -> None:
    start = 1_704_067_200_000  # a Monday
    candles = table(
        batches=2500, seed=seed, timeframe=timeframe, volatility=volatility, edge=edge, trend=trend, start=start
    )  # fmt: skip
    open_, high, low, close = (candles[:, :, column] for column in (OPEN, HIGH, LOW, CLOSE))
    assert (np.diff(candles[:, 0, TS]) == period(timeframe)).all()
    assert (0 < low).all() and (low <= np.minimum(open_, close)).all()
    assert np.isfinite(high).all() and (high >= np.maximum(open_, close)).all()
    assert (open_[1:] == close[:-1]).all()
    assert ((close != open_) | (close == close.min(axis=0))).all()  # a price of one tick cannot fall
    assert (candles[:, :, VOLUME] > 0).all()


def test_prices_have_six_digits_like_a_real_tick(long_run: Floats) -> None:
    for price in long_run[::997, :, CLOSE].ravel().tolist():
        assert len(repr(price).replace(".", "").strip("0")) <= 7


@settings(max_examples=10, deadline=None)
@given(start=st.integers(0, 4200), length=st.integers(1, 4200))
def test_the_market_is_the_same_wherever_reading_starts_and_stops(start: int, length: int) -> None:
    everything = batches(SimFeed(batches=4200, symbols=["A", "B"]))
    assert batches(SimFeed(batches=4200, symbols=["A", "B"]), start) == everything[start:]
    assert batches(SimFeed(batches=length, symbols=["A", "B"])) == everything[:length]
    endless = SimFeed(symbols=["A", "B"])
    assert endless.total() is None
    assert next(islice(endless.blocks(start), 1, None)).times[0] > next(endless.blocks(start)).times[-1]


def test_another_seed_is_another_market() -> None:
    assert batches(SimFeed(batches=5)) == batches(SimFeed(batches=5, seed=7))
    assert batches(SimFeed(batches=5)) != batches(SimFeed(batches=5, seed=8))


def test_a_feed_is_made_again_from_its_description() -> None:
    feed = SimFeed(symbols=["X/USD"], batches=2000, edge=0.1, timeframe="5m", warmup=10)
    again = SimFeed.create("sim", json.loads(json.dumps(feed.describe()))["params"])
    assert again.describe() == feed.describe()
    assert again.warmed == 10
    assert batches(again) == batches(feed)


def test_tails_are_fat(long_run: Floats) -> None:
    moves = returns(long_run)
    kurtosis = ((moves - moves.mean(0)) ** 4).mean(0) / moves.var(0) ** 2
    assert (kurtosis > 6).all()


def test_volatility_clusters_and_directions_do_not(long_run: Floats) -> None:
    moves = returns(long_run)
    sizes = np.abs(moves)
    for symbol in range(3):
        assert np.corrcoef(sizes[:-1, symbol], sizes[1:, symbol])[0, 1] > 0.1
        assert np.corrcoef(sizes[:-60, symbol], sizes[60:, symbol])[0, 1] > 0.05
        signs = np.sign(moves[:, symbol])
        assert abs(np.corrcoef(signs[:-1], signs[1:])[0, 1]) < 0.015


def test_symbols_move_together_but_not_as_one(long_run: Floats) -> None:
    pairs = np.asarray(np.corrcoef(returns(long_run).T))[np.triu_indices(3, 1)]
    assert ((pairs > 0.4) & (pairs < 0.9)).all()


def test_long_run_volatility_is_the_one_that_was_asked_for() -> None:
    for volatility in (0.3, 1.2):
        moves = returns(table(batches=100_000, seed=3, volatility=volatility))
        assert np.sqrt((moves**2).mean() * 525_600) == pytest.approx(volatility, rel=0.2)


def test_volume_follows_the_hour_of_the_day(long_run: Floats) -> None:
    hour = long_run[:, 0, TS] % 86_400_000 // 3_600_000
    volume = long_run[:, 0, VOLUME] * long_run[:, 0, CLOSE]
    assert np.median(volume[(hour >= 13) & (hour < 17)]) > 1.5 * np.median(volume[(hour >= 1) & (hour < 5)])


def directions(edge: float, **params: object) -> Floats:
    """(n, symbols) of 1 and -1."""
    candles = table(batches=60_000, edge=edge, **params)
    signs: Floats = np.sign(candles[:, :, CLOSE] - candles[:, :, OPEN])
    return signs


@pytest.mark.parametrize("edge", [0.0, 0.03, 0.1, 0.5])
def test_the_last_direction_tells_the_next_one_by_exactly_the_edge(edge: float) -> None:
    signs = directions(edge)
    right = (signs[1:] == signs[:-1]).mean()
    assert right == pytest.approx(0.5 + edge, abs=4 * 0.5 / np.sqrt(signs[1:].size))


def test_nothing_else_that_is_known_tells_the_next_direction() -> None:
    """A logistic regression on what a model would look at is right as often as the edge says, not oftener."""
    edge = 0.05
    candles = table(batches=60_000, edge=edge, seed=5, trend=0.3)
    signs = np.sign(candles[:, :, CLOSE] - candles[:, :, OPEN])
    moves = returns(candles)
    features, labels = [], []
    for symbol in range(3):
        past = np.arange(60, len(signs) - 1)
        sums = np.cumsum(moves[:, symbol])
        features.append(np.column_stack([
            np.ones(len(past)), signs[past, symbol], signs[past - 1, symbol], signs[past - 2, symbol],
            signs[past, (symbol + 1) % 3], signs[past, (symbol + 2) % 3], np.sign(sums[past] - sums[past - 10]),
            np.sign(sums[past] - sums[past - 60]),
            np.log(candles[past, symbol, VOLUME]) - np.log(candles[past, symbol, VOLUME]).mean(),
        ]))  # fmt: skip
        labels.append(signs[past + 1, symbol])
    half = len(labels[0]) // 2
    train = np.concatenate([part[:half] for part in features]), np.concatenate([part[:half] for part in labels])
    test = np.concatenate([part[half:] for part in features]), np.concatenate([part[half:] for part in labels])
    weights = np.linalg.lstsq(*train, rcond=None)[0]
    right = (np.sign(test[0] @ weights) == test[1]).mean()
    assert right == pytest.approx(0.5 + edge, abs=4 * 0.5 / np.sqrt(len(test[1])))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"symbols": []}, "symbols must be different names, one at least; were none"),
        ({"symbols": ["A", "A"]}, "symbols must be different names, one at least; were A, A"),
        ({"timeframe": "2m"}, "no timeframe '2m'; the nearest is 3m"),
        ({"start": 1}, "no 1m candle opens at start 1970-01-01T00:00:00.001Z; one does at 1970-01-01T00:00:00Z"),
        ({"edge": 0.6}, "edge must be 0.5 or less, was 0.6"),
        ({"batches": 5, "warmup": 5}, r"warmup must be below batches \(5\), was 5"),
        (
            {"timeframe": "1w", "volatility": 5},
            "volatility 5 a year is 69% in each 1w candle, over 10%; 0.72 would do",
        ),
    ],
)
def test_a_market_that_cannot_be_is_refused(params: dict[str, object], message: str) -> None:
    with pytest.raises((ConfigError, RequestError), match=message):
        SimFeed.create("sim", params)
