"""The websocket side of a live feed: it says that something has happened; what, REST confirms where it does not say so.

A socket may die, go deaf for one symbol, or stay open and silent. Each is a fault of the stream alone: it is opened
again, and what was missed meanwhile is asked for by REST.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from papertape.contract.candle import Row
from papertape.feeds.exchange.client import Client
from papertape.feeds.exchange.trades import TradeCandles
from papertape.feeds.exchange.wire import says_closed
from papertape.market.timeframe import period

SILENCE = 30_000
"""Ms without a word after which a stream is held to be dead, or two periods where these are shorter. A heartbeat is a
word: where only candles are missing, REST tells whether there were any."""
BACKOFF = (1_000, 2_000, 5_000, 10_000, 30_000, 60_000)
"""Ms between two attempts to open it, the last one from then on."""


class Listener(Protocol):
    """Who hears of it."""

    def closed(self, symbol: str, row: Row) -> None:
        """A candle is closed, says the exchange."""

    def maybe_closed(self, symbol: str, by: int) -> None:
        """A candle should be closed, since the next one has begun, which opened at `by` (ms UTC)."""

    def built(self, symbol: str, row: Row) -> None:
        """A candle has been built from the trades that were heard, which need not be all there were."""

    def interrupted(self, reason: str) -> None:
        """Something may have been missed, of any symbol."""


class Stream:
    """`heard[symbol]`: when it last said anything of a symbol, by our own clock, which does not jump."""

    def __init__(self, client: Client, symbols: Sequence[str], timeframe: str, listener: Listener) -> None:
        self.client = client
        self.symbols = symbols
        self.timeframe = timeframe
        self.listener = listener
        self.period = period(timeframe)
        self.silence = min(2 * self.period, SILENCE)
        self.heard = dict.fromkeys(symbols, client.clock.now())
        self._newest: dict[str, int] = {}
        self._fault: asyncio.Event = asyncio.Event()
        self._reason = ""
        self._failures = 0
        client.ccxt.on_closed = self._on_closed

    def reopen(self, reason: str) -> None:
        """Has it opened anew."""
        self._reason = reason
        self._fault.set()

    async def run(self) -> None:
        """Keeps the stream open for ever; an exchange without one has nothing to keep."""
        while watches := self._watchers():
            self._fault.clear()
            self.heard = dict.fromkeys(self.symbols, self.client.clock.now())
            watchers = [asyncio.create_task(watch) for watch in watches]
            fault = asyncio.create_task(self._fault.wait())
            silence = asyncio.create_task(self._silent())
            try:
                done, _ = await asyncio.wait([*watchers, fault, silence], return_when=asyncio.FIRST_COMPLETED)
                reasons = [_why(task) for task in done if task is not fault]
                self.listener.interrupted((reasons or [self._reason])[0])
            finally:
                for task in (*watchers, fault, silence):
                    task.cancel()
                await asyncio.gather(*watchers, fault, silence, return_exceptions=True)
                self.client.hang_up()
            pause = BACKOFF[min(self._failures, len(BACKOFF) - 1)]
            self._failures += 1
            await asyncio.sleep(self.client.clock.seconds(pause))

    def _watchers(self) -> list[Any]:
        has: Mapping[str, Any] = self.client.ccxt.has
        if has.get("watchOHLCVForSymbols"):
            return [self._watch_all()]
        if has.get("watchOHLCV"):
            return [self._watch(symbol) for symbol in self.symbols]
        if has.get("watchTrades"):
            return [self._watch_trades(symbol) for symbol in self.symbols]
        return []

    async def _watch_all(self) -> None:
        wanted = [[symbol, self.timeframe] for symbol in self.symbols]
        while True:
            found = await self.client.ccxt.watch_ohlcv_for_symbols(wanted)
            for symbol, candles in found.items():
                self._hear(symbol, candles.get(self.timeframe) or [])

    async def _watch(self, symbol: str) -> None:
        while True:
            self._hear(symbol, await self.client.ccxt.watch_ohlcv(symbol, self.timeframe))

    async def _watch_trades(self, symbol: str) -> None:
        candles = TradeCandles(self.timeframe)
        while True:
            for trade in await self.client.ccxt.watch_trades(symbol):
                closed = candles.take(int(trade["timestamp"]), float(trade["price"]), float(trade["amount"]))
                self._hear(symbol, [[candles.ts]])
                for row in closed:
                    self.listener.built(symbol, row)

    def _hear(self, symbol: str, candles: Sequence[Sequence[Any]]) -> None:
        if symbol not in self.heard:
            return
        self.heard[symbol] = self.client.clock.now()
        self._failures = 0
        newest = max((int(candle[0]) for candle in candles), default=0)
        if newest > self._newest.get(symbol, newest) and not says_closed(self.client.id):
            self.listener.maybe_closed(symbol, newest)
        self._newest[symbol] = max(newest, self._newest.get(symbol, 0))

    def _on_closed(self, symbol: str, row: Row) -> None:
        if symbol in self.heard:
            self.listener.closed(symbol, row)

    async def _silent(self) -> None:
        """Ends, with the reason, when nothing at all has come for too long."""
        while True:
            last = max([*self.heard.values(), self.client.last_frame() or 0])
            left = last + self.silence - self.client.clock.now()
            if left <= 0:
                raise ConnectionError(f"the stream has been silent for {self.silence / 1000:g} s")
            await asyncio.sleep(self.client.clock.seconds(left) + 0.001)


def _why(ended: "asyncio.Task[None]") -> str:
    """Why a watch ended: ccxt may also cancel what is awaited, which must not end the stream with it."""
    return "it was given up" if ended.cancelled() else str(ended.exception())
