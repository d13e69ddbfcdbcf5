"""Spot and perpetuals of the loopback Binance, seen by the real ccxt client."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from tests.loopback.clients import client
from tests.loopback.clock import PatientClock
from tests.loopback.server import Loopback
from tests.loopback.sources import walk

BEGAN = 1_700_000_040_000
MINUTE = 60_000
SYMBOLS = ["BTC/USDT", "ETH/USDT"]


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 120))


def exchange(speed: float = 1000, quiet: float = 0.1) -> Loopback:
    return Loopback(walk(SYMBOLS, BEGAN, 60, seed=1, quiet=quiet), PatientClock(BEGAN, speed))


def test_markets_load_with_their_rules() -> None:
    async def test() -> None:
        async with exchange() as loopback, client(loopback) as ccxt:
            await ccxt.load_markets()
            assert set(ccxt.markets) == set(SYMBOLS)
            for symbol, truth in loopback.truth.markets.items():
                market = ccxt.market(symbol)
                assert market["spot"] and market["active"]
                assert market["precision"]["price"] == float(truth.tick)
                assert market["precision"]["amount"] == market["limits"]["amount"]["min"] == float(truth.lot)
                assert market["limits"]["cost"]["min"] == float(truth.min_notional)
                assert market["taker"] == market["maker"] == 0.001

    run(test())


@pytest.mark.parametrize("timeframe", ["1m", "5m"])
def test_pages_of_candles_are_the_truth(timeframe: str) -> None:
    async def test() -> None:
        async with exchange() as loopback, client(loopback) as ccxt:
            truth, market = loopback.truth, loopback.truth.markets["ETH/USDT"]
            period = ccxt.parse_timeframe(timeframe) * 1000
            since, rows = truth.began, []
            while page := await ccxt.fetch_ohlcv("ETH/USDT", timeframe, since=since, limit=7):
                assert len(page) <= 7 and page[0][0] >= since
                rows += page
                since = page[-1][0] + period
            closed = truth.closed("ETH/USDT", timeframe, truth.began, BEGAN)
            assert rows[: len(closed)] == [market.row(candle) for candle in closed]

    run(test())


def test_the_newest_row_is_the_forming_candle() -> None:
    async def test() -> None:
        async with exchange(speed=1) as loopback, client(loopback) as ccxt:
            await asyncio.sleep(0.01)
            rows = await ccxt.fetch_ohlcv("BTC/USDT", "1m", limit=3)
            assert [row[0] for row in rows] == [BEGAN - 2 * MINUTE, BEGAN - MINUTE, BEGAN]
            final = loopback.truth.markets["BTC/USDT"].row(
                loopback.truth.candle("BTC/USDT", "1m", BEGAN, BEGAN + MINUTE)
            )
            assert rows[-1] != final
            until = await ccxt.fetch_ohlcv("BTC/USDT", "1m", params={"until": BEGAN - MINUTE})
            assert until[-1] == rows[1]

    run(test())


@pytest.mark.parametrize(("timeframe", "count"), [("1m", 12), ("5m", 4)])
def test_the_stream_says_of_a_closed_candle_what_rest_says(timeframe: str, count: int) -> None:
    async def test() -> None:
        async with exchange() as loopback, client(loopback) as ccxt:
            closed: dict[tuple[str, int], list[float]] = {}
            handle = ccxt.handle_ohlcv

            def closed_too(client: Any, message: dict[str, Any]) -> None:
                handle(client, message)
                if message["k"]["x"]:
                    symbol = ccxt.safe_symbol(message["s"], None, None, "spot")
                    closed[symbol, message["k"]["t"]] = list(ccxt.ohlcvs[symbol][timeframe][-1])

            ccxt.handle_ohlcv = closed_too
            while len(closed) < count:
                await ccxt.watch_ohlcv_for_symbols([[symbol, timeframe] for symbol in SYMBOLS])
            for (symbol, opened), row in closed.items():
                truth = loopback.truth.candle(symbol, timeframe, opened, loopback.clock.now())
                assert row == loopback.truth.markets[symbol].row(truth)
            assert {symbol for symbol, _ in closed} == set(SYMBOLS)
            assert loopback.sockets_opened == 1

    run(test())


def test_trades_make_up_the_candles() -> None:
    async def test() -> None:
        async with exchange() as loopback, client(loopback) as ccxt:
            opened = BEGAN - 3 * MINUTE
            trades = await ccxt.fetch_trades("BTC/USDT", since=opened, params={"until": opened + MINUTE - 1})
            candle = (await ccxt.fetch_ohlcv("BTC/USDT", "1m", since=opened, limit=1))[0]
            prices = [trade["price"] for trade in trades]
            assert candle[1:5] == [prices[0], max(prices), min(prices), prices[-1]]
            assert sum(trade["amount"] for trade in trades) == pytest.approx(candle[5])
            watched = await ccxt.watch_trades("BTC/USDT")
            assert watched[-1]["timestamp"] <= loopback.clock.now()

    run(test())


def test_a_symbol_that_is_not_listed_is_refused() -> None:
    async def test() -> None:
        async with exchange() as loopback, client(loopback) as ccxt:
            await ccxt.load_markets()
            with pytest.raises(Exception, match="Invalid symbol"):
                await ccxt.publicGetKlines({"symbol": "NOTHING", "interval": "1m"})

    run(test())
