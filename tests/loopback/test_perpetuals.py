"""Perpetuals of the loopback Binance USD-M: candles, mark price and funding, seen by the real ccxt client."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from tests.loopback.clients import client
from tests.loopback.clock import PatientClock
from tests.loopback.server import Loopback
from tests.loopback.sources import FUNDING_EVERY, walk

BEGAN = 1_700_000_040_000
HOUR = 3_600_000
SYMBOL = "BTC/USDT:USDT"


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 120))


def exchange(speed: float = 1000) -> Loopback:
    truth = walk([SYMBOL, "ETH/USDT:USDT"], BEGAN, 600, history=1500, seed=2)
    return Loopback(truth, PatientClock(BEGAN, speed), "binanceusdm")


def test_a_perpetual_has_its_contract_type_and_its_candles() -> None:
    async def test() -> None:
        async with exchange() as loopback, client(loopback, "binanceusdm") as ccxt:
            rows = await ccxt.fetch_ohlcv(SYMBOL, "1h", since=BEGAN - 10 * HOUR, limit=5)
            market, truth = ccxt.market(SYMBOL), loopback.truth
            assert market["swap"] and market["linear"] and market["settle"] == "USDT"
            assert (market["taker"], market["maker"]) == (0.0005, 0.0002)
            assert market["precision"]["price"] == float(truth.markets[SYMBOL].tick)
            candles = truth.closed(SYMBOL, "1h", BEGAN - 10 * HOUR, BEGAN)[:5]
            assert rows == [truth.markets[SYMBOL].row(candle) for candle in candles]
            (watched,) = (await ccxt.watch_ohlcv(SYMBOL, "1m"))[-1:]
            final = truth.candle(SYMBOL, "1m", watched[0], truth.ended)
            assert watched[1] == float(truth.markets[SYMBOL].price(final.open))

    run(test())


def test_funding_rates_are_the_truth() -> None:
    async def test() -> None:
        async with exchange() as loopback, client(loopback, "binanceusdm") as ccxt:
            truth = loopback.truth
            history = await ccxt.fetch_funding_rate_history(SYMBOL, since=truth.began)
            paid = truth.funded(SYMBOL, truth.began, BEGAN)
            assert [(each["timestamp"], each["fundingRate"]) for each in history] == [
                (payment.time, float(payment.rate)) for payment in paid
            ]
            assert len(paid) >= 3 and all(payment.time % FUNDING_EVERY == 0 for payment in paid)
            rate = await ccxt.fetch_funding_rate(SYMBOL)
            following = truth.next_funding(SYMBOL, BEGAN)
            assert (rate["fundingTimestamp"], rate["fundingRate"]) == (following.time, float(following.rate))
            (marked,) = await ccxt.fetch_mark_ohlcv(SYMBOL, "1h", since=BEGAN - 10 * HOUR, limit=1)
            (traded,) = await ccxt.fetch_ohlcv(SYMBOL, "1h", since=BEGAN - 10 * HOUR, limit=1)
            assert marked[:5] == traded[:5] and not marked[5]
            mark = (await ccxt.watch_mark_price(SYMBOL))["markPrice"]
            assert mark == pytest.approx(rate["markPrice"], rel=0.05)

    run(test())


def test_a_pair_is_not_listed_among_the_perpetuals() -> None:
    with pytest.raises(ValueError, match="BTC/USDT is spot"):
        Loopback(walk(["BTC/USDT"], BEGAN, 5), PatientClock(BEGAN, 1), "binanceusdm")
