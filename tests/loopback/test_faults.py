"""What each fault of the loopback exchange does, seen by the real ccxt client, and what a schedule of them is."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest
from ccxt.base import errors
from tests.loopback.clients import client
from tests.loopback.clock import PatientClock, StoppableClock, until
from tests.loopback.faults import CALM, KINDS, Fault, Kind, schedule
from tests.loopback.server import Loopback
from tests.loopback.sources import walk

BEGAN = 1_700_000_040_000
MINUTE = 60_000
SYMBOL = "BTC/USDT"
SYMBOLS = [SYMBOL, "ETH/USDT"]
AT, ENDED = BEGAN + MINUTE, BEGAN + 4 * MINUTE
UNDER_WAY = 20_000
"""Ms in which a message comes to who listens, on a busy machine too."""


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 120))


def exchange(*faults: Fault, symbols: Sequence[str] = SYMBOLS) -> tuple[Loopback, StoppableClock]:
    """An exchange whose clock stands still at BEGAN."""
    clock = PatientClock(BEGAN, 400)
    clock.freeze()
    clock.set(BEGAN)
    return Loopback(walk(symbols, BEGAN, 60, seed=1, quiet=0), clock, "binance", faults), clock


async def moved(loopback: Loopback, clock: StoppableClock, now: int) -> None:
    """Sets the clock that stands still, and lets the exchange notice that a fault begins or ends."""
    clock.set(now)
    while loopback.struck < now:
        await asyncio.sleep(0.005)


async def listening(loopback: Loopback, watch: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    """A watch by which the exchange has been told what to say."""
    task = asyncio.ensure_future(watch)
    while not loopback.listened_to:
        await asyncio.sleep(0.005)
    return task


REST = {
    "refused": (0, errors.ExchangeNotAvailable, "GET"),
    "reset": (0, errors.ExchangeNotAvailable, "GET"),
    "half-open": (0, errors.RequestTimeout, "GET"),
    "slow": (0, errors.RequestTimeout, "GET"),
    "unavailable": (503, errors.ExchangeNotAvailable, "503"),
    "limited": (0, errors.DDoSProtection, "429"),
    "banned": (0, errors.DDoSProtection, "418"),
    "cut": (0, errors.ExchangeError, "GET"),
}


@pytest.mark.parametrize("kind", REST)
def test_a_request_fails_while_the_fault_lasts_and_not_after(kind: Kind) -> None:
    amount, error, message = REST[kind]

    async def test() -> None:
        loopback, clock = exchange(Fault(kind, AT, ENDED, amount=amount))
        async with loopback, client(loopback) as ccxt:
            before = await ccxt.fetch_ohlcv(SYMBOL, "1m", limit=2)
            await moved(loopback, clock, AT)
            with pytest.raises(error, match=message) as raised:
                await ccxt.fetch_ohlcv(SYMBOL, "1m", limit=2)
            assert type(raised.value) is error
            assert loopback.applied[kind]
            if kind in ("limited", "banned"):
                assert ccxt.last_response_headers["Retry-After"] == "180"
            await moved(loopback, clock, ENDED)
            after = await ccxt.fetch_ohlcv(SYMBOL, "1m", since=before[0][0], limit=2)
            assert after[0] == before[0]

    run(test())


def test_a_body_that_is_no_json_raises_nothing_and_gives_rows_without_numbers() -> None:
    async def test() -> None:
        loopback, clock = exchange(Fault("bad json", AT, ENDED))
        async with loopback, client(loopback) as ccxt:
            await ccxt.load_markets()
            await moved(loopback, clock, AT)
            # ccxt takes a body that it cannot parse for a list, and each of its characters for a row.
            rows = await ccxt.fetch_ohlcv(SYMBOL, "1m", limit=100)
            assert rows and all(None in row for row in rows)
            assert await ccxt.fetch_time() is None
            assert await ccxt.load_markets(True) == {}

    run(test())


def test_a_body_that_is_no_utf8_raises_nothing_and_gives_a_row_without_a_number() -> None:
    async def test() -> None:
        loopback, clock = exchange(Fault("bad utf-8", AT, ENDED))
        async with loopback, client(loopback) as ccxt:
            right = await ccxt.fetch_ohlcv(SYMBOL, "1m", since=BEGAN - 9 * MINUTE, limit=9)
            await moved(loopback, clock, AT)
            first, *others = await ccxt.fetch_ohlcv(SYMBOL, "1m", since=BEGAN - 9 * MINUTE, limit=9)
            assert first[1] is None
            assert others == right[1:]

    run(test())


@pytest.mark.parametrize("kind", ["refused", "reset", "half-open", "slow", "cut", "bad utf-8", "oversized", "closed"])
def test_a_socket_breaks_and_the_next_one_works(kind: Kind) -> None:
    async def test() -> None:
        loopback, clock = exchange(Fault(kind, AT, AT + MINUTE // 2, where="both" if kind == "refused" else "stream"))
        async with loopback, client(loopback) as ccxt:
            await ccxt.load_markets()
            watching = await listening(loopback, ccxt.watch_ohlcv(SYMBOL, "1m"))
            clock.thaw()
            with pytest.raises(errors.NetworkError):
                await watching
                while clock.now() < ENDED:
                    await ccxt.watch_ohlcv(SYMBOL, "1m")
            broken = clock.now()
            assert broken >= AT
            assert loopback.applied[kind]
            while loopback.struck < AT + MINUTE // 2:
                await asyncio.sleep(0.005)
            assert await ccxt.watch_ohlcv(SYMBOL, "1m")
            assert loopback.sockets_opened >= 2

    run(test())


async def watched(ccxt: Any) -> None:
    while True:
        await ccxt.watch_ohlcv(SYMBOL, "1m")


def test_a_message_that_is_no_json_stops_the_client_for_good() -> None:
    async def test() -> None:
        loopback, clock = exchange(Fault("bad json", AT, AT + MINUTE // 2))
        stumbled: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: stumbled.append(context))
        async with loopback, client(loopback) as ccxt:
            await ccxt.load_markets()
            watching = await listening(loopback, watched(ccxt))
            clock.thaw()
            await until(clock, ENDED)
            assert not watching.done()
            watching.cancel()
            # ccxt's receiving callback dies of it, and neither raises nor closes: only silence tells.
            assert len(stumbled) == 1
            assert loopback.sockets_open == 1

    run(test())


async def heard(loopback: Loopback, clock: StoppableClock, ended: int) -> list[dict[str, Any]]:
    """Every kline that the client gets until `ended`, with the time of its word and the time at which it came."""
    messages: list[dict[str, Any]] = []
    async with loopback, client(loopback) as ccxt:
        ccxt.handle_ohlcv = lambda client, message: messages.append(
            message["k"] | {"said": message["E"], "at": clock.now()}
        )
        await ccxt.load_markets()
        watched = ccxt.watch_ohlcv_for_symbols([[symbol, "1m"] for symbol in loopback.truth.markets])
        watching = await listening(loopback, watched)
        clock.thaw()
        await until(clock, ended)
        watching.cancel()
        assert loopback.sockets_opened == 1
        return messages


def closings(messages: list[dict[str, Any]], symbol: str = "BTCUSDT") -> list[int]:
    """The open times, in minutes after BEGAN, of the candles of which the stream says that they closed."""
    return [(kline["t"] - BEGAN) // MINUTE for kline in messages if kline["s"] == symbol and kline["x"]]


STREAM: dict[Kind, tuple[int, list[int]]] = {
    # minutes whose candle closes from AT to ENDED are 0 to 2
    "silent": (0, [3, 4, 5]),
    "unclosed": (0, [3, 4, 5]),
    "duplicate": (0, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 5]),
    "late": (70_000, [0, 1, 2, 3, 4, 5]),
    "shuffled": (0, [0, 1, 3, 2, 4, 5]),
}


def test_the_stream_says_too_little_too_much_or_too_late() -> None:
    async def test() -> None:
        symbols = {f"{kind[:3].upper()}/USDT": kind for kind in STREAM}
        faults = [Fault(kind, AT, ENDED, symbol, amount=STREAM[kind][0]) for symbol, kind in symbols.items()]
        loopback, clock = exchange(*faults, symbols=[*symbols, SYMBOL])
        messages = await heard(loopback, clock, BEGAN + 6 * MINUTE + UNDER_WAY)
        assert closings(messages) == [0, 1, 2, 3, 4, 5]
        for symbol, kind in symbols.items():
            id = symbol.replace("/", "")
            said = closings(messages, id)
            assert said == STREAM[kind][1] or kind == "late", kind
            assert sorted(said) == sorted(STREAM[kind][1]), kind
            assert loopback.applied[kind]
            forming = [kline["t"] for kline in messages if kline["s"] == id and AT < kline["said"] < ENDED]
            assert bool(forming) is (kind != "silent")
            assert (forming != sorted(forming)) is (kind in ("shuffled", "late", "duplicate")), kind
        came = {kline["t"]: kline["at"] for kline in messages if kline["s"] == "LATUSDT" and kline["x"]}
        assert all(
            (came[BEGAN + minute * MINUTE] - BEGAN) // MINUTE >= minute + 1 + (minute < 3) for minute in range(6)
        )

    run(test())


def test_a_mute_socket_lives_and_says_nothing() -> None:
    async def test() -> None:
        loopback, clock = exchange(Fault("mute", AT, ENDED))
        messages = await heard(loopback, clock, BEGAN + 6 * MINUTE + UNDER_WAY)
        assert closings(messages) == closings(messages, "ETHUSDT") == [3, 4, 5]
        assert not [kline for kline in messages if AT + UNDER_WAY < kline["at"] < ENDED]
        assert loopback.applied["mute"]

    run(test())


def test_rest_is_right_where_the_stream_disagrees() -> None:
    async def test() -> None:
        loopback, clock = exchange(Fault("disagreeing", AT, ENDED, SYMBOL))
        truth = loopback.truth
        for kline in await heard(loopback, clock, BEGAN + 6 * MINUTE + UNDER_WAY):
            if kline["x"]:
                symbol = "BTC/USDT" if kline["s"] == "BTCUSDT" else "ETH/USDT"
                final = truth.markets[symbol].row(truth.candle(symbol, "1m", kline["t"], kline["t"] + MINUTE))
                same = [float(kline[name]) for name in "ohlcv"] == final[1:]
                assert same is not (symbol == SYMBOL and AT <= kline["t"] + MINUTE < ENDED)

    run(test())


def test_an_amended_candle_has_other_values_from_then_on() -> None:
    async def test() -> None:
        loopback, clock = exchange(Fault("amended", AT, AT + MINUTE, SYMBOL, amount=5_000))
        async with loopback, client(loopback) as ccxt:
            clock.set(AT + 4_000)
            (before,) = await ccxt.fetch_ohlcv(SYMBOL, "1m", since=BEGAN, limit=1)
            clock.set(AT + 6_000)
            (after,) = await ccxt.fetch_ohlcv(SYMBOL, "1m", since=BEGAN, limit=1)
            assert before[:2] == after[:2] and before[4] != after[4]
            (amendment,) = loopback.truth.amendments
            assert after == loopback.truth.markets[SYMBOL].row(amendment.candle)

    run(test())


def test_rest_lags() -> None:
    async def test() -> None:
        loopback, clock = exchange(Fault("lagging", BEGAN, ENDED, SYMBOL, amount=3_000))
        async with loopback, client(loopback) as ccxt:
            for ms, newest in ((AT - 1, BEGAN), (AT + 2_000, BEGAN - MINUTE), (AT + 3_000, AT)):
                clock.set(ms)
                assert (await ccxt.fetch_ohlcv(SYMBOL, "1m", limit=5))[-1][0] == newest
            clock.set(AT + 2_000)
            assert (await ccxt.fetch_ohlcv("ETH/USDT", "1m", limit=5))[-1][0] == AT

    run(test())


def test_the_exchange_has_the_wrong_time() -> None:
    async def test() -> None:
        skewed, jumping = Fault("skewed", AT, ENDED, amount=-3_000), Fault("jumping", ENDED, 2 * ENDED, amount=7_000)
        loopback, clock = exchange(skewed, jumping)
        async with loopback, client(loopback) as ccxt:
            assert await ccxt.fetch_time() == BEGAN
            clock.set(AT)
            assert await ccxt.fetch_time() == AT - 3_000
            off = set()
            for now in range(ENDED, ENDED + 20_000, 5_000):
                clock.set(now)
                off.add(await ccxt.fetch_time() - now)
            assert off == {-7_000, 7_000}

    run(test())


def test_a_fault_of_rest_leaves_the_stream_alone() -> None:
    async def test() -> None:
        loopback, clock = exchange(Fault("unavailable", AT, ENDED, where="rest", amount=502))
        assert closings(await heard(loopback, clock, BEGAN + 3 * MINUTE + UNDER_WAY)) == [0, 1, 2]

    run(test())


def test_a_seed_is_one_schedule() -> None:
    one = schedule(7, BEGAN, BEGAN + 60 * MINUTE, SYMBOLS)
    assert one == schedule(7, BEGAN, BEGAN + 60 * MINUTE, SYMBOLS)
    assert one != schedule(8, BEGAN, BEGAN + 60 * MINUTE, SYMBOLS)
    assert len(schedule(7, BEGAN, BEGAN + 60 * MINUTE, SYMBOLS, intensity=2)) == 2 * len(one)


def test_schedules_have_every_kind_and_end_calm() -> None:
    faults = [fault for seed in range(40) for fault in schedule(seed, BEGAN, BEGAN + 60 * MINUTE, SYMBOLS)]
    assert {fault.kind for fault in faults} == set(KINDS)
    assert all(BEGAN <= fault.began < fault.ended <= BEGAN + 60 * MINUTE - CALM for fault in faults)
    with pytest.raises(ValueError, match="no time"):
        schedule(1, BEGAN, BEGAN + CALM, SYMBOLS)
