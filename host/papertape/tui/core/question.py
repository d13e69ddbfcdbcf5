"""What somebody asks "why?" of: a symbol and a time, found from what is under the cursor."""

from typing import NamedTuple

from papertape.tui.core.views import SessionView


class Question(NamedTuple):
    """A candle of a symbol: the one that closes at `at`, ms UTC, or holds it. `book`: one alone, None for all."""

    symbol: str
    at: int
    book: str | None = None


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
        return None if order is None else Question(order.symbol, order.effective, order.book)
    if table == "positions" and len(parts) == 2:
        return Question(parts[1], view.now, parts[0])
    if table == "votes" and len(parts) > 1:
        return Question(parts[1], view.now, parts[0])
    if table == "log" and len(parts) > 2 and parts[0].isdecimal():
        words = parts[2].split()
        named = next((one for one in view.symbols if one in words), symbol)
        return Question(named, int(parts[0]), _known(parts[1].partition("/")[0], books))
    return None


def _known(name: str, books: set[str]) -> str | None:
    return name if name in books else None
