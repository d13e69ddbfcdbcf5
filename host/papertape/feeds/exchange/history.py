"""The history of a market: closed candles that the store does not have, asked for page by page and kept there.

Whenever it ends, what came is in the store, and the next fetch asks for the rest alone.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from papertape.contract.candle import FLAGS, TS, Row
from papertape.contract.errors import FeedUnreachable, InvalidValue
from papertape.contract.feed import Note
from papertape.feeds.exchange.client import Client
from papertape.feeds.exchange.following import EMPTY, PATIENCE, RETRIES
from papertape.feeds.exchange.wire import always_forming
from papertape.feeds.marks import combine
from papertape.feeds.rows import EARLIEST, Scope, sift
from papertape.market.timeframe import align, iso, period
from papertape.store.candle_files import Columns
from papertape.store.candle_names import CandleName
from papertape.store.incoming import Absent, Incoming, absent, incoming
from papertape.store.silence import between, joined, read_silence, silence_file, without, write_silence

HOUR = 3_600_000
"""Ms after which a candle that no other follows is closed, where REST otherwise ends with the one that is forming: the
last one of a market that is no more."""
SETTLED = 86_400_000
"""Ms after which an exchange is believed for good that it has no candle: until then it may be behind."""
GIVE_UP = 600_000
"""Ms without an answer that can be used after which the exchange is asked no more."""
MERGED = 500
"""Pages that are brought into the store's file at a time."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch did for a symbol. `rows` in the store's file now, open times from `first_ts` to `last_ts`; `added`
    by it; `gaps`: what of the time that was asked for is not there; `notes`: candles that were left out."""

    path: Path
    name: CandleName
    rows: int
    added: int
    first_ts: int | None
    last_ts: int | None
    gaps: tuple[Absent, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A fetch of open times from `start` up to, not with, `end`, ms UTC. It was `stopped` if it was cancelled, and
    `failed` says why it gave up."""

    start: int
    end: int
    fetched: tuple[Fetched, ...]
    stopped: bool = False
    failed: FeedUnreachable | None = None


async def fetch(
    client: Client,
    folder: Path,
    symbols: Sequence[str],
    timeframe: str,
    start: int,
    end: int | None,
    tell: Callable[[str], None],
    progress: Callable[[int, int], None],
    ask_again: bool = False,
) -> Outcome:
    """Fetches into the store `folder` what is missing of each symbol's closed candles that open from `start` up to, not
    with, `end`, ms UTC; None: up to now, by the exchange's clock.

    `tell` gets a line for people whenever something goes wrong, `progress` how many candles are done of how many.
    `ask_again`: also for those that the exchange did not have before. Raises `FeedUnreachable` where the exchange does
    not answer at first, `InvalidValue` for what it does not have and for a start that is not before the end,
    `CandleFileError` where the store is not to be had.
    """
    if end is not None and start >= end:
        raise InvalidValue(f"the start, {iso(start)}, is not before the end, {iso(end)}; turn them round")
    step = period(timeframe)
    await client.connect(symbols, timeframe)
    now = align(client.now(), timeframe)
    first, end = align(start + step - 1, timeframe), now if end is None else min(end, now)
    if first >= end:
        raise InvalidValue(
            f"no {timeframe} candle that opens at {iso(start)} or later has closed by the exchange's clock, "
            f"{iso(client.now())}; start earlier"
        )
    with ExitStack() as stack:
        histories = []
        for name in [CandleName(client.id, symbol, timeframe) for symbol in symbols]:
            pages = stack.enter_context(incoming(folder, name))
            histories.append(_History(client, name, pages, first, end, ask_again))
        total = sum(history.missing.candles for history in histories)
        stopped, failed = False, None
        try:
            for history in histories:
                await history.fetch(
                    tell, lambda: progress(total - sum(each.missing.candles for each in histories), total)
                )
        except asyncio.CancelledError:
            stopped = True
        except FeedUnreachable as error:
            failed = error
        return Outcome(first, end, tuple(history.told() for history in histories), stopped, failed)


class Missing:
    """Candles that are still to be asked for, in time order. `step`: ms of a candle."""

    def __init__(self, gaps: Sequence[Absent], step: int) -> None:
        self._gaps = deque(gaps)
        self._step = step
        self.candles = sum(gap.candles for gap in gaps)

    @property
    def first(self) -> int | None:
        """The first open time that is asked for, None when there is none."""
        return self._gaps[0].first_ts if self._gaps else None

    def answered(self, until: int) -> None:
        """What opens before `until`, on the timeframe's grid, is asked for no more."""
        while self._gaps and self._gaps[0].first_ts < until:
            gap = self._gaps.popleft()
            rest = between(max(until, gap.first_ts), gap.last_ts, self._step)
            self._gaps.extendleft(rest)
            self.candles += sum(part.candles for part in rest) - gap.candles


class _History:
    """One symbol's candles from `start` up to, not with, `end`, on their way into the store."""

    def __init__(
        self, client: Client, name: CandleName, pages: Incoming, start: int, end: int, ask_again: bool
    ) -> None:
        self.client = client
        self.name = name
        self.pages = pages
        self.start = start
        self.end = end
        self.step = period(name.timeframe)
        self._silent = read_silence(silence_file(pages.path))
        known = [] if ask_again else self._silent
        self.missing = Missing(without(self._gaps(), known, self.step), self.step)
        self._reach = EMPTY * self.step
        self._unmerged = 0
        self._rows = self._added = 0
        self._notes: list[Note] = []

    async def fetch(self, tell: Callable[[str], None], progressed: Callable[[], None]) -> None:
        """Asks until nothing is missing that the exchange has. Raises `FeedUnreachable`; what came is kept."""
        try:
            while (since := self.missing.first) is not None:
                until = self._take(since, await self._page(since, tell))
                if until <= since:  # by the clock there should be more, but the exchange is behind
                    break
                self.missing.answered(until)
                if self._unmerged == MERGED:
                    self._merge()
                progressed()
        finally:
            self._merge()

    def told(self) -> Fetched:
        """How it stands now."""
        times = self.pages.times()
        first, last = (int(times[0]), int(times[-1])) if len(times) else (None, None)
        notes = combine(self._notes)
        return Fetched(self.pages.path, self.name, len(times), self._added, first, last, tuple(self._gaps()), notes)

    def _gaps(self) -> list[Absent]:
        return absent(self.pages.times(), self.start, self.end, self.step)

    def _take(self, since: int, rows: Sequence[Row]) -> int:
        """Keeps the candles of an answer that are closed, and gives the open time up to which it says all there is.

        An answer reaches as far as its last candle, which may be forming. An empty one reaches as far as an answer has
        reached before: some exchanges look no further than a page.
        """
        patience = HOUR if always_forming(self.client.id) else PATIENCE
        over = self.client.over(self.name.timeframe, patience)
        if rows:
            last = rows[-1][TS]
            until = last + self.step if last < over else last
            self._reach = max(self._reach, last - since)
        else:
            until = min(over, since + self._reach)
        self._keep([row for row in rows if row[TS] < min(until, self.end)])
        until = align(until, self.name.timeframe)
        settled = min(until, self.end, self.client.over(self.name.timeframe, SETTLED))
        if settled > since:
            self._silent += absent(np.array([row[TS] for row in rows], np.int64), since, settled, self.step)
        return until

    def _keep(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        ts, *values = zip(*(row[:FLAGS] for row in rows), strict=True)
        page = Columns(np.array(ts, np.int64), *(np.array(column, np.float64) for column in values))
        sifted = sift(Scope(self.name.exchange, self.name.symbol, skip=True), page, 0, EARLIEST)
        self._notes += sifted.notes
        self.pages.keep(Columns(*sifted.rows[:FLAGS]))
        self._unmerged += 1

    def _merge(self) -> None:
        self._added += self.pages.merge().added
        self._unmerged = 0
        self._silent = joined(self._silent, self.step)
        if self._silent:
            write_silence(silence_file(self.pages.path), self._silent)

    async def _page(self, since: int, tell: Callable[[str], None]) -> list[Row]:
        """A page of candles, asked for again, with pauses, until it comes or the exchange is given up."""
        import ccxt

        client, symbol = self.client, self.name.symbol
        began, failures = client.clock.now(), 0
        while True:
            try:
                return await client.candles(symbol, self.name.timeframe, since)
            except Exception as error:  # ccxt raises anything on answers that it cannot read
                said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
                if isinstance(error, (ccxt.AuthenticationError, ccxt.NotSupported, ccxt.BadRequest)):
                    raise FeedUnreachable(f"exchange {client.id} refuses candles of {symbol}: {said}") from error
                told = client.told_to_wait(error)
                pause = max(RETRIES[min(failures, len(RETRIES) - 1)], told)
                if client.clock.now() + pause > began + GIVE_UP:
                    how = f"wants to be left alone for {told // 1000} s" if told else "does not answer any more"
                    raise FeedUnreachable(
                        f"exchange {client.id} {how} ({said}); what came is kept, the same command goes on from there"
                    ) from error
            failures += 1
            if failures in (1, 5) or failures % 20 == 0 or told:
                tell(f"{symbol}: no candles from {iso(since)} on ({said}); asked again in {pause / 1000:g} s")
            await asyncio.sleep(client.clock.seconds(pause))
