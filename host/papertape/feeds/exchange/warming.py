"""What a live session warms up on: closed candles from before it, each timeframe as the exchange has it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial

from papertape.contract.candle import TS, Row
from papertape.contract.errors import FeedUnreachable
from papertape.contract.feed import Block, Event
from papertape.feeds.exchange.assembly import Assembly, possible
from papertape.feeds.exchange.client import Client
from papertape.feeds.exchange.following import ask
from papertape.market.timeframe import align, period

ATTEMPTS = 20
"""Attempts at having a symbol's candles: an answer may fail, or lag behind a close."""
PAUSE = 1_000
"""Ms between them."""


def beginning(closed: int, base: str, lookbacks: Mapping[str, int]) -> int:
    """Open time, ms UTC, of the first candle to warm up on: so many of the base timeframe before `closed`, and no
    candle of any timeframe cut in two."""
    began = closed - lookbacks[base] * period(base)
    while (earlier := min(align(began, timeframe) for timeframe in lookbacks)) < began:
        began = earlier
    return began


async def warm_up(client: Client, assembly: Assembly, symbols: Sequence[str], lookbacks: Mapping[str, int]) -> Block:
    """The batches that close until `assembly.warm_until`, with the higher timeframes' candles from before them as
    events. A symbol whose candles cannot be had comes late. Raises `FeedUnreachable` where there is nothing at all."""
    events: list[tuple[int, Event]] = []
    async with client.telling("fetch the candles to warm up on"):
        for symbol in symbols:
            await _candles(client, assembly, symbol)
            for timeframe, count in lookbacks.items():
                if timeframe != assembly.timeframe and timeframe in client.ccxt.timeframes:
                    rows = await _history(client, symbol, timeframe, count, assembly.began)
                    events.append((0, {"feed": "history", "symbol": symbol, "timeframe": timeframe, "rows": rows}))
    now = client.now()
    blocks = [assembly.batches(now), assembly.batches(now + assembly.grace)]
    assembly.warm_until = assembly.done
    found = _joined(block for block in blocks if block is not None)
    if not found.times:
        raise FeedUnreachable(f"exchange {client.id} has no candles of {', '.join(symbols)} to warm up on")
    return Block(found.times, found.rows, found.notes, (*events, *found.events), now)


async def _candles(client: Client, assembly: Assembly, symbol: str) -> None:
    """Has the assembly know all of a symbol's candles that warm up, or what can be had of them."""
    behind = 0
    while (known := assembly.known(symbol)) < assembly.warm_until and behind < ATTEMPTS:
        await _patiently(client, partial(ask, client, assembly, symbol, known))
        if assembly.known(symbol) == known:
            behind += 1
            await asyncio.sleep(client.clock.seconds(PAUSE))


async def _history(client: Client, symbol: str, timeframe: str, count: int, until: int) -> list[Row]:
    """The last `count` candles of a higher timeframe that close by `until`."""
    span = period(timeframe)
    found: list[Row] = []
    since = until - count * span
    while since < until:
        answer = await _patiently(client, partial(client.candles, symbol, timeframe, since))
        page = [row for row in answer if row[TS] + span <= until]
        if not page:
            break
        found += filter(possible, page)
        since = page[-1][TS] + span
    return found[-count:]


async def _patiently(client: Client, fetch: Callable[[], Awaitable[list[Row]]]) -> list[Row]:
    """What is fetched, asked for again where it fails: ccxt raises anything on answers that it cannot read."""
    for _ in range(ATTEMPTS):
        try:
            return await fetch()
        except Exception:  # noqa: BLE001  # the last attempt tells
            await asyncio.sleep(client.clock.seconds(PAUSE))
    return await fetch()


def _joined(blocks: Iterable[Block]) -> Block:
    whole = Block([], [])
    for block in blocks:
        events = tuple((place + len(whole.times), event) for place, event in block.events)
        whole = Block(
            whole.times + block.times, whole.rows + block.rows, whole.notes + block.notes, whole.events + events
        )
    return whole
