"""What somebody asks "why?" of: a symbol and a time, found from what is under the cursor."""

from typing import NamedTuple

from papertape.ledger.finding import block_of, order_of
from papertape.ledger.records import FillRow
from papertape.ledger.store import Ledger
from papertape.tui.core.views import Happening, SessionView


class Question(NamedTuple):
    """A candle of a symbol: the one that closes at `at`, ms UTC, or holds it. `book`: one alone, None for all.

    `order`: its number, where the candle is that at which it was made; `batch`: that of the candle, where `at` may be
    that candle's open, which is the close of the one before. `asked_at` finds these candles.
    """

    symbol: str
    at: int
    book: str | None = None
    order: int | None = None
    batch: int | None = None


def log_key(line: Happening, place: int) -> str:
    """The key of a line of the log, the `place`-th from its end: lines that say the same are one, but for errors."""
    fill = "" if line.fill is None else line.fill
    return f"{line.at}\n{line.who}\n{fill}\n{line.words}\n{place if line.level == 'error' else ''}"


def of_row(view: SessionView, table: str, key: str, symbol: str) -> Question | None:
    """What a row of a table of the session screen is about; None for one that is of no moment. `table`: its id;
    `symbol`: the one that is looked at, for rows that name none."""
    books = {one.name for one in view.books}
    parts = key.split("\n")
    if table == "leaderboard":
        return Question(symbol, view.now, key)
    if table == "signals":
        signal = next((one for one in view.signals if str(one.seq) == key), None)
        return None if signal is None else Question(signal.symbol, signal.at, _known(signal.source, books))
    if table == "orders":
        order = next((one for one in view.orders if str(one.seq) == key), None)
        return None if order is None else Question(order.symbol, order.at, order.book)
    if table == "positions" and len(parts) == 2:
        return Question(parts[1], view.now, parts[0])
    if table == "votes" and len(parts) > 1:
        return Question(parts[1], view.now, parts[0])
    if table == "log" and len(parts) > 3 and parts[0].isdecimal():
        fill = next((one for one in view.fills if str(one.seq) == parts[2]), None)
        if fill is not None:
            return _of_fill(fill)
        words = parts[3].split()
        named = next((one for one in view.symbols if one in words), symbol)
        return Question(named, int(parts[0]), _known(parts[1].partition("/")[0], books))
    return None


def asked_at(ledger: Ledger, session: str, question: Question) -> int:
    """The time, ms UTC, of the candle that is meant."""
    if question.order is not None and (order := order_of(ledger, session, question.order)) is not None:
        return order.at
    if question.batch is not None and (block := block_of(ledger, session, question.batch)) is not None:
        first, closes = block
        return int(closes[min(question.batch - first, len(closes) - 1)])
    return question.at


def _of_fill(fill: FillRow) -> Question:
    """An order that a wish made is explained where it was wished for; any other one where the market took it."""
    if fill.role in ("entry", "exit"):
        return Question(fill.symbol, fill.at, fill.book, order=fill.order)
    return Question(fill.symbol, fill.at, fill.book, batch=fill.batch)


def _known(name: str, books: set[str]) -> str | None:
    return name if name in books else None
