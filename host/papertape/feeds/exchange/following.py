"""A live market followed: the stream, REST beside it, and the assembly of what both say into batches."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from papertape.contract.candle import TS, VOLUME, Row
from papertape.contract.feed import Block, Event
from papertape.feeds.exchange.assembly import Assembly
from papertape.feeds.exchange.client import Client
from papertape.feeds.exchange.funding import follow_funding
from papertape.feeds.exchange.stream import Stream
from papertape.feeds.exchange.wire import always_forming
from papertape.market.timeframe import iso

SETTLE = 1_500
"""Ms after a candle's close in which the stream may give it, before REST is asked."""
PATIENCE = 30_000
"""Ms after a candle's close from which the exchange's clock alone says that it is closed, or that there was none, where
REST does not always end with the candle that is forming; else, and before, only a later candle does."""
RETRIES = (500, 1_000, 2_000, 5_000, 10_000, 15_000)
"""Ms between two questions that were answered badly, the last one from then on."""
AUDIT = 15
"""Candles after which the exchange is asked again for those that were used, which it may have amended."""
REACH = 500
"""Candles that such a comparison goes back at most."""
FULL = 500
"""An answer of so many candles that begins later than was asked for: the exchange has no older ones."""
EMPTY = 100
"""Candles that an empty answer speaks for at most: some exchanges look no further than a page."""
COMPARE = 60_000
"""Ms between two comparisons of the clocks."""
APART = 1_000
"""Ms by which a clock may have gone wrong before all that waits by it looks again."""


async def ask(client: Client, assembly: Assembly, symbol: str, since: int) -> list[Row]:
    """Asks for a page of candles from `since` on, and hands those that are closed to the assembly; gives these.

    An answer says nothing of the time after its last candle, where another page may begin. That there was none, only an
    empty answer says, once both the exchange's clock and ours have passed that time: one of them may be wrong.
    """
    rows = await client.candles(symbol, assembly.timeframe, since)
    now = client.now()
    sure = since if always_forming(client.id) else client.over(assembly.timeframe, PATIENCE)
    if not rows:
        assembly.rest(symbol, rows, min(sure, since + EMPTY * assembly.period))
        return rows
    if len(rows) >= FULL and rows[0][TS] > since == assembly.known(symbol) and now - rows[-1][TS] < 2 * assembly.period:
        assembly.lose(symbol, rows[0][TS])
    until = rows[-1][TS] if rows[-1][TS] >= sure else rows[-1][TS] + assembly.period
    closed = [row for row in rows if row[TS] < until]
    assembly.rest(symbol, closed, until)
    return closed


class Following:
    """`funded`: up to when each perpetual's funding has been told. `deliver` gets the batches, `tell` what a person may
    want to know, a line each."""

    def __init__(
        self,
        client: Client,
        assembly: Assembly,
        symbols: Sequence[str],
        funded: Mapping[str, int],
        deliver: Callable[[Block], None],
        tell: Callable[[str], None],
    ) -> None:
        self._funded = funded
        self.client = client
        self.assembly = assembly
        self.symbols = symbols
        self.deliver = deliver
        self.tell = tell
        self.stream = Stream(client, symbols, assembly.timeframe, self)
        self._changed = asyncio.Event()
        self._wanted = {symbol: asyncio.Event() for symbol in symbols}
        self._audited = dict.fromkeys(symbols, assembly.began)
        self._not_before = 0
        self._reached = 0
        self._deaf: dict[str, tuple[int, int]] = {}

    async def run(self) -> None:
        """Follows until it is cancelled."""
        asyncio.get_running_loop().set_exception_handler(self._uncaught)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._compare_clocks())
            group.create_task(self.stream.run())
            for symbol in self.symbols:
                group.create_task(self._confirm(symbol))
                if self.client.ccxt.market(symbol).get("swap"):
                    since = self._funded.get(symbol, self.assembly.done - 1)
                    group.create_task(follow_funding(self.client, symbol, since, self._pay, self.tell))
            group.create_task(self._deliver())

    def _uncaught(self, loop: Any, context: dict[str, Any]) -> None:
        """A message that ccxt cannot read ends its reading of the socket, and only the loop is told."""
        error = context.get("exception")
        if isinstance(error, Exception):
            self.stream.reopen(f"a message could not be read: {type(error).__name__}: {error}"[:200])

    def _pay(self, event: Event) -> None:
        self.assembly.pay(event)
        self._changed.set()

    # What the stream says

    def closed(self, symbol: str, row: Row) -> None:
        self.assembly.stream(symbol, row)
        self._reached = max(self._reached, row[TS] + self.assembly.period)
        if self.assembly.has_hole(symbol):
            self._wanted[symbol].set()
        self._changed.set()

    def maybe_closed(self, symbol: str, by: int) -> None:
        self._reached = max(self._reached, by)
        self._wanted[symbol].set()

    def built(self, symbol: str, row: Row) -> None:
        self.assembly.expect(symbol, row)
        self._wanted[symbol].set()

    def interrupted(self, reason: str) -> None:
        self.tell(f"the stream was interrupted ({reason}); it is opened again, and REST asked for what was missed")
        for symbol in self.symbols:
            self._audited[symbol] = self.assembly.began
            self._wanted[symbol].set()

    # REST

    async def _confirm(self, symbol: str) -> None:
        """Sees to it that all is known of a symbol that can be."""
        assembly, clock, wanted = self.assembly, self.client.clock, self._wanted[symbol]
        failures = 0
        while True:
            wait = assembly.known(symbol) + assembly.period + SETTLE - self._now()
            if failures:
                wait = max(RETRIES[min(failures, len(RETRIES)) - 1], self._not_before - clock.now())
                await asyncio.sleep(clock.seconds(wait))
            elif not wanted.is_set():
                try:
                    await asyncio.wait_for(wanted.wait(), max(0.0, clock.seconds(wait)))
                except TimeoutError:
                    pass
            wanted.clear()
            try:
                done = await self._catch_up(symbol)
            except Exception as error:  # noqa: BLE001  # ccxt raises anything on answers that it cannot read
                failures += 1
                self._back_off(error)
                if failures in (1, 5) or failures % 20 == 0:
                    self.tell(f"{symbol}: REST does not answer ({type(error).__name__}: {error})"[:300])
            else:
                failures = 0 if done else failures + 1
            self._changed.set()

    async def _catch_up(self, symbol: str) -> bool:
        """Asks, page by page, until nothing that should be known is not; False where the exchange is behind."""
        assembly = self.assembly
        while assembly.has_hole(symbol) or assembly.known(symbol) + assembly.period <= self._now():
            known = assembly.known(symbol)
            rows = await ask(self.client, assembly, symbol, known)
            self._changed.set()
            self._check_hearing(symbol, rows)
            if assembly.known(symbol) <= known:
                return False
            self._reached = max(self._reached, assembly.known(symbol))
        if assembly.known(symbol) >= self._audited[symbol] + AUDIT * assembly.period:
            await self._audit(symbol)
        return True

    async def _audit(self, symbol: str) -> None:
        """Compares what was used with what the exchange says of it now."""
        known = self.assembly.known(symbol)
        since = max(self.assembly.began, min(self._audited[symbol], known - 2 * AUDIT * self.assembly.period))
        since = max(since, known - REACH * self.assembly.period)
        await ask(self.client, self.assembly, symbol, since)
        self._audited[symbol] = known

    def _check_hearing(self, symbol: str, rows: Sequence[Row]) -> None:
        """Trades of which the stream said nothing: it is deaf for this symbol. It is opened again for that, but ever
        less often, since the other symbols go without meanwhile."""
        heard = self.stream.heard[symbol] + self.client.offset
        unheard = [row for row in rows if row[VOLUME] > 0 and row[TS] > heard + self.assembly.period]
        times, not_before = self._deaf.get(symbol, (0, 0))
        now = self.client.clock.now()
        if not unheard:
            if rows:
                self._deaf.pop(symbol, None)
        elif now >= not_before:
            self._deaf[symbol] = (times + 1, now + self.assembly.period * min(2**times, 64))
            self.stream.reopen(f"it said nothing of {symbol}, which was traded at {iso(unheard[0][TS])}")

    def _back_off(self, error: Exception) -> None:
        """Heeds how long an exchange wants to be left alone."""
        if wait := self.client.told_to_wait(error):
            self._not_before = self.client.clock.now() + min(wait, 600_000)

    # Time

    def _now(self) -> int:
        """The exchange's time. Where its clock is slow, its candles know better: one that is over shows how late it is
        at the least."""
        return max(self.client.now(), self._reached)

    async def _compare_clocks(self) -> None:
        """Again and again: ours may be set, and the exchange's be wrong for a while."""
        client = self.client
        while True:
            before = client.offset
            with suppress(Exception):
                await client.measure_clock()
            if abs(client.offset - before) > APART:
                for wanted in self._wanted.values():
                    wanted.set()
                self._changed.set()
            await asyncio.sleep(client.clock.seconds(max(COMPARE, self._not_before - client.clock.now())))

    # Batches

    async def _deliver(self) -> None:
        while True:
            self._changed.clear()
            block = self.assembly.batches(self._now())
            if block is not None:
                self.deliver(block)
                continue
            due = self.assembly.due()
            wait = None if due is None else max(0.0, self.client.clock.seconds(due - self._now()))
            try:
                await asyncio.wait_for(self._changed.wait(), wait)
            except TimeoutError:
                pass
