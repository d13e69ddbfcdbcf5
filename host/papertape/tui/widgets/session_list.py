"""Sessions as rows of a table."""

from papertape.tui.core.text import clock, percent
from papertape.tui.core.views import SessionLine
from papertape.tui.widgets.panel import signed
from papertape.tui.widgets.table import Cell, Column, Row

SESSIONS = (
    Column("session", most=12),
    Column("status", most=14),
    Column("started", rank=3),
    Column("feed", most=10, rank=2),
    Column("symbols", most=32),
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
                Cell(" ".join(line.symbols)),
                Cell(line.timeframe, "faint"),
                Cell(f"{line.batches:,}"),
                _best(line),
            ),
        )
        for line in lines
    ]


def _best(line: SessionLine) -> Cell:
    if line.best is None:
        return Cell("")
    name, change = line.best
    return Cell(f"{percent(change)} {name}", signed(change))
