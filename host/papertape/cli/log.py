"""What a running session says: one line per event, as text or as JSON, once the event is in the ledger."""

import json
from typing import Any, Literal

from papertape.broker.money import plain
from papertape.cli.output import Progress, say
from papertape.engine.runner import Runner
from papertape.ledger.records import Effects, FillRow
from papertape.ledger.store import Ledger
from papertape.market.timeframe import iso


class Log:
    """Tells of a session's start, plugin events, and (at a pace that a person can follow) fills."""

    def __init__(self, style: Literal["text", "json"], runner: Runner) -> None:
        self.style = style
        self.runner = runner
        self.fills = runner.pace.speed is not None

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

    def _say(self, text: str, progress: Progress | None = None, **fields: Any) -> None:
        line = text if self.style == "text" else json.dumps({"session": self.runner.writer.session, **fields})
        (say if progress is None else progress.say)(line)


def _fill_line(fill: FillRow, reason: str) -> str:
    return (
        f"{iso(fill.at)} {fill.symbol} {fill.side} {plain(fill.quantity)} @ {plain(fill.price)}  {fill.book}: {reason}"
    )


def _fill(fill: FillRow) -> dict[str, Any]:
    found = fill._asdict()
    money = ("quantity", "price", "fee", "cash", "position", "profit")
    return found | {name: None if found[name] is None else plain(found[name]) for name in money}
