"""What must hold of a session that has lived through faults of its exchange, whatever they were.

Every candle of the exchange is on the tape once and none that it did not have; each with a value that the exchange had
for it when it was closed, and what was amended since is on the tape too. Nothing was decided on what was stale, muted
or old. A session over the exchange's own candles, undisturbed, does the same, or the tape says why not. And the tape
folds to the same records.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from papertape.broker.money import plain
from papertape.contract.candle import FLAGS
from papertape.contract.feed import Block, Feed
from papertape.engine.build import build
from papertape.engine.digest import shown
from papertape.engine.discovery import load_plugins
from papertape.engine.fold import fold
from papertape.engine.tape import BATCH, FEED, Header, overlay, read_header
from papertape.engine.verify import verify
from papertape.feeds.exchange.following import AUDIT
from papertape.ledger.records import CheckpointRow, OrderRow, SignalRow, TapeRow
from papertape.ledger.store import Ledger

MINUTE = 60_000
RECOVERY = 10 * MINUTE
"""Ms after the last fault in which all is well again."""
LEGS = ("stop-loss", "take-profit")
"""Orders that protect a position; they are made when its entry fills."""
Key = tuple[str, int]
"""A symbol and the open time of its candle."""
Values = tuple[float, ...]
"""A candle without its flags."""


@dataclass(frozen=True)
class Storm:
    """`truth`: the exchange's candles with all that was amended. `traded`: the true time at which each batch was."""

    truth: Any
    faults: Sequence[Any]
    traded: Mapping[int, int]

    def finals(self, symbol: str, ts: int) -> list[tuple[int, Values]]:
        """What the exchange had for a candle once it was closed: since when, and what."""
        market = self.truth.markets[symbol]
        first = (ts - self.truth.began) // MINUTE
        found = [(ts + MINUTE, tuple(market.row(market.candles[first])))]
        for change in self.truth.amendments:
            values = tuple(market.row(change.candle))
            if (change.symbol, change.candle.time) == (symbol, ts) and values != found[-1][1]:
                found.append((change.since, values))
        return found

    def disagreed(self, symbol: str, ts: int) -> Values | None:
        """What the stream said of a candle where it was not what REST said."""
        from tests.loopback.faults import contradicted

        closed = ts + MINUTE
        about = [fault for fault in self.faults if fault.kind == "disagreeing" and fault.symbol in (None, symbol)]
        if not any(fault.began < closed + 1000 and closed <= fault.ended for fault in about):
            return None
        market = self.truth.markets[symbol]
        return tuple(market.row(contradicted(market.candles[(ts - self.truth.began) // MINUTE])))


class Taped:
    """What is on the tape of a live session. `used`: the candles, as they were traded on; `told`: what was said of each
    last; `muted` and `stale`: numbers of batches; `kinds`: how many events there were of each kind."""

    def __init__(self, entries: Sequence[TapeRow], header: Header) -> None:
        self.header = header
        self.batches: list[tuple[int, int, dict[str, Values]]] = []  # close, arrival, candles
        self.used: dict[Key, Values] = {}
        self.told: dict[Key, Values] = {}
        self.doubled: list[Key] = []
        self.muted = set(range(header.warmed))
        self.stale: dict[str, set[int]] = {symbol: set() for symbol in header.symbols}
        self.history: list[Mapping[str, Any]] = []
        self.kinds: Counter[str] = Counter()
        self.funding: list[tuple[int, Mapping[str, Any]]] = []  # the batch that came next, the payment
        now_stale: set[str] = set()
        muted = False
        for entry in entries:
            document = json.loads(entry.payload)
            if entry.kind == BATCH:
                rows = {symbol: tuple(row[:FLAGS]) for symbol, row in document["rows"].items()}
                self.batches.append((entry.at, document["arrived"], rows))
                for symbol, values in rows.items():
                    self._use(symbol, values)
                if muted:
                    self.muted.add(entry.batch)
                for symbol in now_stale:
                    self.stale[symbol].add(entry.batch)
                continue
            if "funding" in document:
                numbers = {name: plain(Decimal(document[name])) for name in ("rate", "mark")}
                self.funding.append((entry.batch, document | numbers))
            kind = document.get("feed", "funding")
            self.kinds[kind] += 1
            match kind:
                case "history":
                    self.history.append(document)
                case "late":
                    self._use(document["symbol"], tuple(document["row"][:FLAGS]))
                case "amended":
                    self.told[document["symbol"], document["row"][0]] = tuple(document["row"][:FLAGS])
                case "stale":
                    now_stale.add(document["symbol"])
                case "whole":
                    now_stale.discard(document["symbol"])
                case "muted" | "unmuted":
                    muted = kind == "muted"
        self.open = now_stale

    def _use(self, symbol: str, values: Values) -> None:
        key = symbol, int(values[0])
        if key in self.used:
            self.doubled.append(key)
        self.used[key] = self.told[key] = values


def examine(storm: Storm, ledger: Ledger, counts: Counter[str], failures: list[str]) -> None:
    """Adds what is to be counted of the one session in the ledger, and what must not be."""
    session = ledger.find("storm")
    header = read_header(overlay(ledger, session.id))
    taped = Taped(list(ledger.rows(session.id, TapeRow, of_kinds=(BATCH, FEED))), header)
    failures += candles(storm, taped, counts)
    failures += payments(storm, taped)
    failures += decisions(storm, taped, list(ledger.rows(session.id, OrderRow)),
                          list(ledger.rows(session.id, SignalRow)), counts)  # fmt: skip
    counts.update({f"tape {kind}": count for kind, count in taped.kinds.items() if kind != "history"})
    counts["batches"] += len(taped.batches) - header.warmed
    counts["batches muted"] += len(taped.muted) - header.warmed
    counts["batches stale"] += len(set().union(*taped.stale.values()))
    failures += recovery(storm, taped)
    failures += undisturbed(storm, taped, ledger, counts)
    verified = verify(ledger, session, load_plugins(), lambda done: None)
    counts["verified"] += verified.equal
    if not verified.equal:
        failures.append(f"verify: {verified.difference}")


def candles(storm: Storm, taped: Taped, counts: Counter[str]) -> Iterator[str]:
    """What is wrong with the candles on the tape."""
    closes = [close for close, _, _ in taped.batches]
    if closes != list(range(closes[0], closes[0] + len(closes) * MINUTE, MINUTE)):
        yield f"the batches from {closes[0]} to {closes[-1]} do not follow one another"
    for symbol, ts in taped.doubled:
        yield f"{symbol} {ts}: twice on the tape"
    wanted = {(symbol, close - MINUTE) for close in closes for symbol in taped.header.symbols}
    counts["candles"] += len(wanted)
    for symbol, ts in sorted(taped.used.keys() - wanted):
        yield f"{symbol} {ts}: on the tape, and of no batch"
    for symbol in taped.header.symbols:
        missing = sorted(ts for name, ts in wanted - taped.used.keys() if name == symbol)
        newest = max(ts for name, ts in taped.used if name == symbol)
        if missing and (symbol not in taped.open or missing[0] < newest):
            yield f"{symbol}: {len(missing)} candles from {missing[0]} are not on the tape"
    for (symbol, ts), values in taped.used.items():
        finals = storm.finals(symbol, ts)
        if values == storm.disagreed(symbol, ts) and values not in [final for _, final in finals]:
            counts["candles used as the stream alone said"] += 1
        elif values not in [final for _, final in finals]:
            yield f"{symbol} {ts}: {values} is on the tape, the exchange had {finals}"
        changed, newest_values = finals[-1]
        if changed + (AUDIT + 3) * MINUTE <= closes[-1] and taped.told[symbol, ts] != newest_values:
            yield f"{symbol} {ts}: {taped.told[symbol, ts]} was the last word, the exchange has {newest_values}"
    for key, values in taped.told.items():
        if key not in taped.used:
            yield f"{key}: amended, but never used"
        elif values != taped.used[key] and values not in [final for _, final in storm.finals(*key)]:
            yield f"{key}: amended to {values}, which the exchange never had"


def payments(storm: Storm, taped: Taped) -> Iterator[str]:
    """What is wrong with the funding on the tape."""
    wanted = due(storm, taped)
    found = [event for _, event in taped.funding]
    yield from (f"funding {event}: not on the tape" for event in wanted if event not in found)
    yield from (f"funding {event}: twice on the tape" for event in found if found.count(event) > 1)
    yield from (f"funding {event}: not the exchange's" for event in found if event not in wanted)


def due(storm: Storm, taped: Taped) -> list[Mapping[str, Any]]:
    """What perpetuals were paid during the session, as the tape has it."""
    began, ended = taped.batches[taped.header.warmed - 1][0], taped.batches[-1][0]
    return [
        {"funding": symbol, "ts": paid.time, "rate": plain(paid.rate), "mark": plain(market.tick * paid.mark)}
        for symbol, market in storm.truth.markets.items()
        for paid in storm.truth.funded(symbol, began, ended - 1)
    ]


def decisions(
    storm: Storm, taped: Taped, orders: Sequence[OrderRow], signals: Sequence[SignalRow], counts: Counter[str]
) -> Iterator[str]:
    """What was decided that should not have been."""
    for number, (close, arrived, rows) in enumerate(taped.batches[taped.header.warmed :], taped.header.warmed):
        for symbol in taped.header.symbols:
            if symbol not in rows and number not in taped.stale[symbol]:
                yield f"batch {number}: no candle of {symbol}, which is not stale"
        if (arrived - close > MINUTE) is not (number in taped.muted):
            yield f"batch {number}: {arrived - close} ms old, {'' if number in taped.muted else 'not '}muted"
    for signal in signals:
        if signal.muted is not (signal.batch in taped.muted):
            yield f"signal {signal.seq} of batch {signal.batch}: muted is {signal.muted}"
    made = [order for order in orders if order.status != "refused" and order.role not in LEGS]
    counts["orders"] += len(made)
    for order in made:
        if order.batch in taped.muted:
            yield f"order {order.seq} of batch {order.batch}: made while nothing was to be traded"
        if order.role == "entry" and order.batch in taped.stale[order.symbol]:
            yield f"order {order.seq} of batch {order.batch}: an entry into {order.symbol}, which was stale"
        age = storm.traded.get(order.batch, order.at) - order.at
        if order.role == "entry" and age > 2 * MINUTE:
            counts["entries made two minutes after their candle"] += 1


def recovery(storm: Storm, taped: Taped) -> Iterator[str]:
    """What is still wrong with the session long after the exchange's last fault."""
    calm = max((fault.ended for fault in storm.faults), default=0) + RECOVERY
    late = {number for number, (close, _, _) in enumerate(taped.batches) if close > calm}
    for symbol, numbers in taped.stale.items():
        if late and late <= numbers:
            yield f"{symbol} is stale to the end"
    if late and late <= taped.muted:
        yield "the session is muted to the end"


class Undisturbed(Feed):
    """The exchange's own candles, at the times of a session's batches: each as it was when it closed.
    `values`: the candles; `funding`: what is paid, by the batch that comes next."""

    def __init__(self, storm: Storm, taped: Taped) -> None:
        super().__init__()
        header = taped.header
        self.symbols, self.timeframe = header.symbols, header.timeframe
        self.instruments, self.warmed = header.instruments, header.warmed
        self._times = [close for close, _, _ in taped.batches]
        self.values = {
            (symbol, close - MINUTE): storm.finals(symbol, close - MINUTE)[0][1]
            for close in self._times
            for symbol in self.symbols
        }
        number = {close: batch for batch, close in enumerate(self._times)}
        history: list[tuple[int, Mapping[str, Any]]] = [(0, event) for event in taped.history]
        self.funding = [(number[event["ts"]] + 1, event) for event in due(storm, taped)]
        self._events = (*history, *self.funding)

    def blocks(self, start: int = 0) -> Iterator[Block]:
        assert not start, "a fold begins at the beginning"
        rows: list[tuple[Any, ...]] = [
            tuple((*self.values[symbol, close - MINUTE], 0) for symbol in self.symbols) for close in self._times
        ]
        yield Block(self._times, rows, (), self._events)


def undisturbed(storm: Storm, taped: Taped, ledger: Ledger, counts: Counter[str]) -> Iterator[str]:
    """A session without faults does the same up to the first batch that is not what it would have been, as the tape has
    it: muted, without a symbol's candle, or with another value. (What was amended later changes nothing.)"""
    feed = Undisturbed(storm, taped)
    reasons = {batch: kind for kind, batches in disturbances(taped, feed).items() for batch in batches}
    last = len(taped.batches) - 1
    same = min(reasons, default=last + 1) - 1
    kept = {row.batch: row.digest for row in ledger.rows("storm", CheckpointRow)}
    built = build(taped.header.config, load_plugins(), feed)
    built.session.start(built.contexts)
    for batch in fold(built.session, feed, (), sorted({max(same, taped.header.warmed), last})):
        if batch <= same and shown(built.session.journal.chain) != kept[batch]:
            yield f"the digest after batch {batch} is not an undisturbed session's, and the tape does not say why"
    if built.session.digest == ledger.find("storm").digest:
        counts["digest equal"] += 1
    else:
        counts["digest differs"] += 1
        counts[f"differs: {reasons.get(same + 1, 'no reason')}"] += 1


def disturbances(taped: Taped, feed: Undisturbed) -> dict[str, set[int]]:
    """Numbers of the batches that were traded in another way than without faults, by what the tape says of why."""
    number = {close - MINUTE: batch for batch, (close, _, _) in enumerate(taped.batches)}
    return {
        "another value": {
            number[key[1]] for key, values in taped.used.items() if values != feed.values.get(key, values)
        },
        "funding in another batch or order": {batch for batch, _ in feed.funding if feed.funding != taped.funding},
        "stale": set().union(*taped.stale.values()),
        "muted": {batch for batch in taped.muted if batch >= taped.header.warmed},
    }
