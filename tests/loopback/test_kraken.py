"""The loopback Kraken, seen by the real ccxt client."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from ccxt.base import errors
from tests.loopback.clients import client
from tests.loopback.clock import PatientClock, until
from tests.loopback.faults import Fault
from tests.loopback.server import Loopback
from tests.loopback.sources import walk

BEGAN = 1_700_000_040_000
MINUTE = 60_000
SYMBOLS = ["BTC/USD", "SOL/USD"]


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 120))


def exchange(*faults: Fault, speed: float = 1000, quiet: float = 0.3) -> Loopback:
    return Loopback(walk(SYMBOLS, BEGAN, 60, seed=3, quiet=quiet), PatientClock(BEGAN, speed), "kraken", faults)


def test_markets_load_with_their_rules() -> None:
    async def test() -> None:
        async with exchange() as loopback, client(loopback, "kraken") as ccxt:
            await ccxt.load_markets()
            assert set(ccxt.markets) == set(SYMBOLS)
            for symbol, truth in loopback.truth.markets.items():
                market = ccxt.market(symbol)
                assert market["precision"] == {"price": float(truth.tick), "amount": float(truth.lot)}
                assert market["limits"]["cost"]["min"] == float(truth.min_notional)
                assert (market["taker"], market["maker"]) == (0.004, 0.0025)
            assert abs(await ccxt.fetch_time() - loopback.clock.now()) < 2 * MINUTE

    run(test())


@pytest.mark.parametrize("timeframe", ["1m", "5m"])
def test_rest_ends_with_the_forming_candle(timeframe: str) -> None:
    async def test() -> None:
        async with exchange(speed=1) as loopback, client(loopback, "kraken") as ccxt:
            await asyncio.sleep(0.01)
            truth, market = loopback.truth, loopback.truth.markets["SOL/USD"]
            since = truth.began + 30 * MINUTE
            rows = await ccxt.fetch_ohlcv("SOL/USD", timeframe, since=since)
            closed = truth.closed("SOL/USD", timeframe, since, BEGAN)
            assert rows[:-1] == [market.row(candle) for candle in closed]
            assert rows[-1][0] == truth.opened(timeframe, BEGAN)
            assert any(row[5] == 0 for row in rows) is (timeframe == "1m")
            assert (await ccxt.fetch_ohlcv("SOL/USD", timeframe, since=since, limit=3)) == rows[:3]

    run(test())


def test_the_next_candle_is_the_only_sign_of_a_close_and_a_quiet_minute_has_none() -> None:
    async def test() -> None:
        async with exchange() as loopback, client(loopback, "kraken") as ccxt:
            await ccxt.load_markets()
            first = loopback.clock.now() // MINUTE * MINUTE + 2 * MINUTE
            said: dict[int, list[float]] = {}
            while loopback.clock.now() < first + 8 * MINUTE:
                for row in await ccxt.watch_ohlcv("BTC/USD", "1m"):
                    said[row[0]] = list(row)
            newest = max(said)
            truth = loopback.truth
            closed = [candle for candle in truth.closed("BTC/USD", "1m", first, newest) if candle.trades]
            assert 2 < len(closed) < 8
            assert {opened for opened in said if first <= opened < newest} == {candle.time for candle in closed}
            for candle in closed:
                assert said[candle.time] == truth.markets["BTC/USD"].row(candle)

    run(test())


def test_trades_make_up_the_candles() -> None:
    async def test() -> None:
        async with exchange(quiet=0) as loopback, client(loopback, "kraken") as ccxt:
            opened = BEGAN - 3 * MINUTE
            trades = [
                trade
                for trade in await ccxt.fetch_trades("BTC/USD", since=opened)
                if trade["timestamp"] < opened + MINUTE
            ]
            (candle,) = await ccxt.fetch_ohlcv("BTC/USD", "1m", since=opened, limit=1)
            prices = [trade["price"] for trade in trades]
            assert candle[1:5] == [prices[0], max(prices), min(prices), prices[-1]]
            assert sum(trade["amount"] for trade in trades) == pytest.approx(candle[5])
            watched = await ccxt.watch_trades("BTC/USD")
            assert watched[-1]["timestamp"] <= loopback.clock.now()

    run(test())


def test_a_heartbeat_comes_while_nothing_trades() -> None:
    async def test() -> None:
        async with exchange(quiet=1) as loopback, client(loopback, "kraken") as ccxt:
            await ccxt.load_markets()
            heard: list[dict[str, Any]] = []
            handle = ccxt.handle_message

            def heard_too(client: Any, message: dict[str, Any]) -> None:
                heard.append(message)
                handle(client, message)

            ccxt.handle_message = heard_too
            watching = asyncio.ensure_future(ccxt.watch_ohlcv("BTC/USD", "1m"))
            await until(loopback.clock, loopback.clock.now() + 2 * MINUTE)
            watching.cancel()
            assert heard.count({"channel": "heartbeat"}) > 10
            assert [message for message in heard if message.get("type") == "update"] == [
                message for message in heard if message.get("channel") == "status"
            ]

    run(test())


def test_a_client_that_asks_too_often_is_told_so() -> None:
    async def test() -> None:
        async with exchange(Fault("limited", BEGAN, BEGAN + 60 * MINUTE)) as loopback:
            async with client(loopback, "kraken") as ccxt:
                with pytest.raises(errors.BaseError, match="Too many requests"):
                    await ccxt.load_markets()

    run(test())
