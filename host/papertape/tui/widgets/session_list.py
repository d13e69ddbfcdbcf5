"""Sessions as rows of a table."""

from rich.cells import cell_len

from papertape.tui.core.text import clock, percent, shown
from papertape.tui.core.views import SessionLine
from papertape.tui.widgets.panel import signed
from papertape.tui.widgets.table import Cell, Column, Row

_SYMBOLS = 28
"""Cells for the symbols of a session: the first ones, and how many more there are."""
SESSIONS = (
    Column("session", most=12),
    Column("status", most=14),
    Column("started", rank=3),
    Column("feed", most=10, rank=2),
    Column("symbols", most=_SYMBOLS),
    Column("tf"),
    Column("batches", right=True),
    Column("best book", most=30, rank=1),
)
_STATUS = {
    "running": ("● running", "good"),
    "finished": ("■ finished", ""),
    "stopped": ("■ stopped", "warning"),
    "interrupted": ("✗ interrupted", "error"),
    "failed": ("✗ failed", "error"),
}


def session_rows(lines: tuple[SessionLine, ...]) -> list[Row]:
    """Sessions as rows of a table with the columns `SESSIONS`."""
    return [
        Row(
            line.id,
            (
                Cell(line.id, "strong"),
                Cell(*_STATUS[line.status]),
                Cell(clock(line.created_at)[:16], "faint"),
                Cell(line.feed),
                Cell(_symbols(line.symbols)),
                Cell(line.timeframe, "faint"),
                Cell(f"{line.batches:,}"),
                _best(line),
            ),
        )
        for line in lines
    ]


def _symbols(symbols: tuple[str, ...]) -> str:
    """As many as there is room for.

    >>> _symbols(("BTC/USDT", "ETH/USDT", "SOL/USDT", "ADA/USDT")), _symbols(("BTC/USDT",))
    ('BTC/USDT ETH/USDT +2', 'BTC/USDT')
    """
    for count in range(len(symbols), 1, -1):
        text = " ".join((*symbols[:count], *_others(len(symbols) - count)))
        if cell_len(shown(text)) <= _SYMBOLS:
            return text
    others = " ".join(("", *_others(len(symbols) - 1)))
    return shown(" ".join(symbols[:1]), _SYMBOLS - len(others)) + others


def _others(count: int) -> list[str]:
    return [f"+{count}"] if count > 0 else []


def _best(line: SessionLine) -> Cell:
    if line.best is None:
        return Cell("")
    name, change = line.best
    return Cell(f"{percent(change)} {name}", signed(change))
