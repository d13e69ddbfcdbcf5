"""What a loopback market did, and what of it can be known when."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from tests.loopback.candles import Candle, Market, final
from tests.loopback.faults import Fault, amendments, other_than
from tests.loopback.sources import recorded, walk
from tests.loopback.truth import Truth, View

from papertape.market.timeframe import align

BEGAN = 1_700_000_040_000
MINUTE = 60_000
SYMBOL = "BTC/USDT"
DATA = os.environ.get("PAPERTAPE_TEST_DATA")


def test_a_seed_is_one_market_and_symbols_do_not_touch_each_other() -> None:
    one, more = walk([SYMBOL], BEGAN, 20, seed=9), walk([SYMBOL, "ETH/USDT"], BEGAN, 20, seed=9)
    assert one.markets[SYMBOL].candles == more.markets[SYMBOL].candles
    assert one.markets[SYMBOL].candles != walk([SYMBOL], BEGAN, 20, seed=10).markets[SYMBOL].candles


def test_a_candle_forms_trade_by_trade_and_is_final_at_its_close() -> None:
    truth = walk([SYMBOL], BEGAN, 20, quiet=0, seed=1)
    market = truth.markets[SYMBOL]
    closed = market.candles[truth.count - 20]
    seen = [truth.candle(SYMBOL, "1m", BEGAN, BEGAN + ms) for ms in (0, 10_000, 20_000, 50_000, MINUTE)]
    assert [candle.trades for candle in seen] == [0, 1, 2, 3, 4]
    assert seen[-1] == closed
    assert all(candle.open == closed.open and candle.low >= closed.low for candle in seen[1:])
    assert all(candle.volume < closed.volume for candle in seen[:-1])


def test_longer_candles_are_made_of_the_base_ones() -> None:
    truth = walk([SYMBOL], BEGAN, 30, seed=1)
    (whole,) = truth.closed(SYMBOL, "15m", BEGAN, BEGAN + 30 * MINUTE)[:1]
    parts = truth.closed(SYMBOL, "1m", whole.time, whole.time + 15 * MINUTE)
    assert len(parts) == 15
    assert (whole.open, whole.close) == (parts[0].open, parts[-1].close)
    assert (whole.high, whole.low) == (max(part.high for part in parts), min(part.low for part in parts))
    assert whole.volume == sum(part.volume for part in parts)


def test_a_quiet_minute_is_flat_at_the_close_before() -> None:
    truth = walk([SYMBOL], BEGAN, 60, quiet=0.5, seed=1)
    candles = truth.markets[SYMBOL].candles
    quiet = [(before, candle) for before, candle in zip(candles, candles[1:], strict=False) if not candle.volume]
    assert quiet
    for before, candle in quiet:
        assert candle == Candle(candle.time, before.close, before.close, before.close, before.close, 0)
        assert truth.trades(SYMBOL, candle.time, candle.time + MINUTE) == []


def test_trades_are_numbered_without_a_gap() -> None:
    truth = walk([SYMBOL], BEGAN, 20, quiet=0.3, seed=1)
    numbers = [trade.number for trade in truth.trades(SYMBOL, truth.began, truth.ended)]
    assert numbers == list(range(len(numbers)))


def test_an_amendment_holds_from_its_time_on_in_longer_candles_too() -> None:
    plain = walk([SYMBOL], BEGAN, 30, quiet=0, seed=1)
    fault = Fault("amended", BEGAN + 2 * MINUTE, BEGAN + 3 * MINUTE, SYMBOL, amount=5_000)
    truth = plain.amended(amendments(plain, [fault]))
    (amendment,) = truth.amendments
    assert (amendment.candle.time, amendment.since) == (BEGAN + MINUTE, BEGAN + 2 * MINUTE + 5_000)
    before = plain.candle(SYMBOL, "1m", BEGAN + MINUTE, plain.ended)
    assert truth.candle(SYMBOL, "1m", BEGAN + MINUTE, amendment.since - 1) == before
    assert truth.candle(SYMBOL, "1m", BEGAN + MINUTE, amendment.since) == other_than(before)
    whole = truth.candle(SYMBOL, "15m", align(BEGAN + MINUTE, "15m"), truth.ended)
    assert whole.volume == plain.candle(SYMBOL, "15m", whole.time, truth.ended).volume + 40


def test_a_view_that_lags_ends_before_the_newest_closed_candle() -> None:
    truth, now = walk([SYMBOL], BEGAN, 30), BEGAN + MINUTE + 2_000
    late = View(truth, now, now, {SYMBOL: 3_000})
    assert [candle.time for candle in late.newest(SYMBOL, "1m", 2, now)] == [BEGAN - 2 * MINUTE, BEGAN - MINUTE]
    assert View(truth, now, now).newest(SYMBOL, "1m", 2, now)[-1].time == BEGAN + MINUTE


def test_what_is_no_market_is_refused() -> None:
    with pytest.raises(ValueError, match="no candle"):
        final(0, 10, 9, 8, 10, 100)
    with pytest.raises(ValueError, match="cannot have"):
        final(0, 10, 10, 10, 10, 2)
    with pytest.raises(ValueError, match="quiet minute"):
        final(0, 10, 12, 10, 10, 0)
    one = Market("A/USDT", (final(0, 1, 1, 1, 1, 0),))
    other = Market("B/USDT", (final(MINUTE, 1, 1, 1, 1, 0),))
    with pytest.raises(ValueError, match="begin together"):
        Truth([one, other])


@pytest.mark.skipif(not DATA, reason="PAPERTAPE_TEST_DATA names no folder of recorded candles")
def test_recorded_candles_are_moved_to_the_clock() -> None:
    path = Path(str(DATA)) / "candles" / "binanceusdm_BTCUSDT_1m.parquet"
    market = recorded(path, "BTC/USDT:USDT", BEGAN, 30, history=10, tick=Decimal("0.1"), lot=Decimal("0.001"))
    assert market.candles[10].time == BEGAN and len(market.candles) == 40
    assert market.row(market.candles[0])[1:] == [95505.4, 95505.5, 95502.7, 95502.7, 16.536]
    with pytest.raises(ValueError, match="rows"):
        recorded(path, SYMBOL, BEGAN, 10**6)
