"""Funding of perpetuals: what longs pay to shorts at set times, on the size that was held then."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from papertape.broker.book import Book
from papertape.broker.money import ZERO, booked, exact, multiply, subtract
from papertape.contract.candle import CLOSE
from papertape.contract.errors import ConfigError
from papertape.contract.instrument import Instrument
from papertape.engine.journal import Journal
from papertape.ledger.records import FillRow
from papertape.market.market import Market

KEPT = 24 * 3_600_000
"""How long sizes are remembered, ms: a record that arrives later than that after its time is not booked."""
SAME = 60_000
"""Records of one symbol whose times are nearer than that, ms, are one: exchanges' stamps jitter."""
DIGITS = 20
"""A rate or a mark price has no more digits, so that rate x mark x size is exact."""


class Record(NamedTuple):
    """A funding rate (fraction of notional) at `ts`, ms UTC; `mark`: price, None for the last close."""

    ts: int
    slot: int
    rate: Decimal
    mark: Decimal | None


class Funding:
    """Books the payments of a session's perpetuals, for every book.

    A record waits in `waiting` until all candles that close by its time have been taken in; so the size is that after
    the last of them, whenever the record arrives. What a candle that has not closed by then does is later.
    """

    def __init__(self, books: Sequence[Book], instruments: Sequence[Instrument], market: Market, journal: Journal):
        self.books = books
        self.market = market
        self.journal = journal
        self.slots = {slot for slot, instrument in enumerate(instruments) if instrument.kind == "perpetual"}
        self.waiting: list[Record] = []
        self._heard: list[tuple[int, int]] = []
        self._sizes: dict[tuple[str, int], list[tuple[int, Decimal]]] = {}

    def hear(self, event: Mapping[str, Any]) -> None:
        """Takes a record in: `{"funding": SYMBOL, "ts": ms, "rate": "decimal", "mark": "decimal" or None}`.

        One that came before, or too late, is noted and not booked. Raises `ConfigError` for what is no such record.
        """
        record = self._read(event)
        symbol, now = self.market.symbols[record.slot], self.journal.now
        self._heard = [(slot, ts) for slot, ts in self._heard if ts >= now - KEPT]
        if any(slot == record.slot and abs(ts - record.ts) < SAME for slot, ts in self._heard):
            self._note(f"{symbol}: the funding of {record.ts} came again; it is booked once")
            return
        if record.ts < now - KEPT:
            self._note(f"{symbol}: the funding of {record.ts} came more than a day late; it is not booked")
            return
        self._heard.append((record.slot, record.ts))
        self.waiting = sorted([*self.waiting, record], key=lambda waiting: waiting[:2])
        while self.waiting and self.waiting[0].ts <= now:
            self.book_next()

    def book_next(self) -> None:
        """Books the first record that waits."""
        record = self.waiting.pop(0)
        last = self.market.last[record.slot]
        for book in self.books:
            size = self._held_at(book.name, record.slot, record.ts)
            mark = record.mark if record.mark is not None or last is None else exact(last[CLOSE])
            if not size or mark is None:
                continue
            amount = subtract(ZERO, booked(multiply(multiply(record.rate, mark), size)))
            holding = book.holdings.get(record.slot)
            own = holding is not None and holding.opened_at <= record.ts and (holding.quantity > 0) == (size > 0)
            book.pay(amount, record.slot, own)
            self.journal.funded(book, self.market.symbols[record.slot], record.ts, record.rate, mark, size, amount)

    def follow(self, fills: Sequence[tuple[Book, FillRow, object, object]]) -> None:
        """Remembers the sizes that the fills of the step under way have led to."""
        now = self.journal.now
        for book, fill, *_ in fills:
            slot = self.market.index[fill.symbol]
            if slot in self.slots:
                sizes = self._sizes.setdefault((book.name, slot), [])
                if sizes and sizes[-1][0] == now:
                    sizes.pop()
                sizes.append((now, fill.position))
                while len(sizes) > 1 and sizes[1][0] <= now - KEPT:
                    del sizes[0]

    def told(self, began: int | None) -> dict[str, int]:
        """Up to when each perpetual's funding has been told, ms UTC: the time of its newest record; before its first
        one, `began`, when the session began to trade. One may have been due since then and not have come yet."""
        heard = {self.market.symbols[slot]: ts for slot, ts in sorted(self._heard)}
        return heard if began is None else {self.market.symbols[slot]: began for slot in self.slots} | heard

    @property
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        sizes = [[book, slot, [list(size) for size in held]] for (book, slot), held in sorted(self._sizes.items())]
        return {"waiting": [list(record) for record in self.waiting], "heard": self._heard, "sizes": sizes}

    @state.setter
    def state(self, kept: Mapping[str, Any]) -> None:
        self.waiting = [Record(*record) for record in kept["waiting"]]
        self._heard = [(slot, ts) for slot, ts in kept["heard"]]
        self._sizes = {(book, slot): [(at, size) for at, size in held] for book, slot, held in kept["sizes"]}

    def _held_at(self, book: str, slot: int, ts: int) -> Decimal:
        sizes = self._sizes.get((book, slot), [])
        number = bisect_right(sizes, ts, key=lambda size: size[0])
        return sizes[number - 1][1] if number else ZERO

    def _read(self, event: Mapping[str, Any]) -> Record:
        symbol, ts = event["funding"], event.get("ts")
        slot = self.market.index.get(symbol)
        if slot not in self.slots:
            there = ", ".join(self.market.symbols[known] for known in sorted(self.slots)) or "no perpetual"
            raise ConfigError(f"funding of {symbol!r}, which is no perpetual of this session; it has {there}")
        if not isinstance(ts, int) or isinstance(ts, bool) or ts < 0:
            raise ConfigError(f"funding of {symbol}: ts is a time in ms UTC, was {ts!r}")
        rate, mark = _number(symbol, "rate", event.get("rate")), event.get("mark")
        if not rate.copy_abs() < 1:
            raise ConfigError(f"funding of {symbol}: rate is a fraction of notional between -1 and 1, was {rate}")
        price = None if mark is None else _number(symbol, "mark", mark)
        if price is not None and price <= 0:
            raise ConfigError(f"funding of {symbol}: mark must be above 0, was {mark}")
        return Record(ts, slot, rate, price)

    def _note(self, message: str) -> None:
        self.journal.plugin_event("funding", "ignored", message, "")


def _number(symbol: str, name: str, value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or len(number.as_tuple().digits) > DIGITS:
        raise ConfigError(f"funding of {symbol}: {name} must be a number of {DIGITS} digits at most, was {value!r}")
    return number
