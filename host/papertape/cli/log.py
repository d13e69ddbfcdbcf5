"""What a running session says: one line per event, as text or as JSON, once the event is in the ledger."""

import logging
from collections.abc import Mapping
from typing import Any

from papertape.broker.money import plain
from papertape.cli.log_file import LOGGER, Lines, Style
from papertape.cli.output import Progress, say
from papertape.contract.feed import Event, LiveFeed
from papertape.engine.runner import Runner
from papertape.ledger.records import Effects, FillRow
from papertape.ledger.store import Ledger
from papertape.market.timeframe import iso
from papertape.reports.live_feed import in_words

LEVELS = {"error": logging.ERROR, "quarantined": logging.ERROR, "feed-stale": logging.WARNING}
LEVELS |= dict.fromkeys(("feed", "feed-muted", "feed-late", "feed-amended"), logging.WARNING)
"""Of events; the others are of level INFO."""


class Log:
    """Tells the terminal and the log file of a session's start, plugin events, what happens to a live feed, and (at a
    pace that a person can follow) fills."""

    def __init__(self, style: Style, runner: Runner) -> None:
        self.lines = Lines(style)
        self.runner = runner
        self.fills = runner.pace.speed is not None or isinstance(runner.feed, LiveFeed)

    def started(self, ledger: Ledger) -> None:
        """Names the session, its market, its books and its ledger."""
        session, feed = self.runner.session, self.runner.feed
        books = "1 book" if len(session.books) == 1 else f"{len(session.books)} books"
        self._say(
            f"session {self.runner.writer.session} · {self.runner.config.feed.kind} · {' '.join(feed.symbols)} · "
            f"{feed.timeframe} · {books} · ledger {ledger.database.name}",
            event="started",
            feed=self.runner.config.feed.kind,
            symbols=list(feed.symbols),
            timeframe=feed.timeframe,
            books=[book.name for book in session.books],
            batch=session.journal.batch,
        )

    def published(self, effects: Effects, progress: Progress) -> None:
        """Tells what a commit has just made durable."""
        for event in effects.plugin_events:
            self._say(
                f"{iso(event.at)} {event.plugin}: {event.kind}: {event.message}",
                progress,
                event=event.kind,
                plugin=event.plugin,
                at=event.at,
                message=event.message,
            )
        if self.fills:
            reasons = {order.seq: order.reason or order.role for order in effects.orders}
            for fill in effects.fills:
                self._say(_fill_line(fill, reasons.get(fill.order, fill.role)), progress, event="fill", **_fill(fill))

    def told(self, line: str, progress: Progress) -> None:
        """Tells what has happened to a live feed's connection."""
        self._say(line, progress, event="feed", message=line)

    def heard(self, event: Event, progress: Progress) -> None:
        """Tells what a live feed has put on the tape."""
        words = in_words(event)
        if words is not None:
            self._say(words, progress, **{**event, "event": f"feed-{event['feed']}"})

    def ended(self, document: Mapping[str, Any]) -> None:
        """Tells the log file how it ended; the terminal has the closing table."""
        told = {name: document[name] for name in ("status", "snapshots", "bars", "seconds", "digest")}
        text = "session {status}: {bars:,} candles in {snapshots:,} batches, digest {digest}".format(**told)
        LOGGER.handle(self._record(text, event="ended", **told))

    def _say(self, text: str, progress: Progress | None = None, **fields: Any) -> None:
        record = self._record(text, **fields)
        LOGGER.handle(record)
        line = text if self.lines.style == "text" else self.lines.format(record)
        (say if progress is None else progress.say)(line)

    def _record(self, text: str, **fields: Any) -> logging.LogRecord:
        extra = {"session": self.runner.writer.session, "fields": fields}
        level = LEVELS.get(fields["event"], logging.INFO)
        return LOGGER.makeRecord(LOGGER.name, level, __file__, 0, text, (), None, extra=extra)


def tell(line: str) -> None:
    """Says what goes before or after a session's own events, on the terminal and in the log file."""
    say(line)
    LOGGER.warning("%s", line, extra={"fields": {"event": "notice"}})


def _fill_line(fill: FillRow, reason: str) -> str:
    return (
        f"{iso(fill.at)} {fill.symbol} {fill.side} {plain(fill.quantity)} @ {plain(fill.price)}  {fill.book}: {reason}"
    )


def _fill(fill: FillRow) -> dict[str, Any]:
    found = fill._asdict()
    money = ("quantity", "price", "fee", "cash", "position", "profit")
    return found | {name: None if found[name] is None else plain(found[name]) for name in money}
