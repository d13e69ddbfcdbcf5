"""What of a session is asked about: its symbols and books by name, with the nearest where there is no such one."""

import json
from collections.abc import Sequence
from difflib import get_close_matches

from papertape.contract.errors import RequestError
from papertape.engine.config import unique_names
from papertape.engine.tape import read_header
from papertape.ledger.records import TapeRow
from papertape.ledger.store import SessionRow


def symbol_of(session: SessionRow, symbol: str) -> str:
    """The session's symbol of that name, in any case. Raises `RequestError`."""
    symbols: list[str] = json.loads(session.symbols)
    found = [each for each in symbols if each == symbol] or [each for each in symbols if each.lower() == symbol.lower()]
    if found:
        return found[0]
    raise RequestError(f"no symbol {symbol!r} in session {session.id}; {_hint(symbol, symbols)}")


def books_of(session: SessionRow, tape: Sequence[TapeRow], book: str | None) -> tuple[str, ...]:
    """The session's books, or the one that is asked for. Raises `RequestError`."""
    config = read_header(tape).config
    strategies = unique_names(config.strategies)
    names = (*strategies, *unique_names(config.fusion, strategies))
    if book is None:
        return names
    if book in names:
        return (book,)
    raise RequestError(f"no book {book!r} in session {session.id}; {_hint(book, names)}")


def _hint(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"it has {', '.join(names)}"
