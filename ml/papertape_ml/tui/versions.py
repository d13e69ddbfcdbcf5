"""The versions of a registry, as rows of a table."""

from typing import Any, Final

from papertape.tui.core.text import clock
from papertape.tui.widgets.table import Cell, Column, Row
from papertape_ml.registry.lookup import value_of
from papertape_ml.tui.shelf import CHAMPION, Line, Shelf
from papertape_ml.tui.sightings import Sighting, answering_now

VERSIONS = (
    Column("model", most=24),
    Column("", right=True),
    Column("aliases", most=36),
    Column("kind", most=12, rank=2),
    Column("its own test", most=22, rank=1),
    Column("answers in", most=30, rank=3),
    Column("created", rank=4),
)
TOLD: Final = {
    "logloss": "log loss", "error": "error", "growth": "growth", "growth_per_trade": "growth a trade",
}  # fmt: skip
"""Figures of a version's own test, and their names; the first that it has is told."""


def version_rows(shelf: Shelf, sightings: tuple[Sighting, ...]) -> list[Row]:
    """A row for each; a model's name stands at its newest version alone."""
    rows, before = [], ""
    for line in shelf.lines:
        rows.append(Row(str(line), _cells(line, sightings, line.row.name != before)))
        before = line.row.name
    return rows


def _cells(line: Line, sightings: tuple[Sighting, ...], first: bool) -> tuple[Cell, ...]:
    row = line.row
    running = list(dict.fromkeys(each.session for each in answering_now(sightings, row.checksum)))
    return (
        Cell(row.name, "strong" if first else "faint"),
        Cell(f"@{row.version}"),
        Cell(", ".join(f"★ {alias}" if alias == CHAMPION else alias for alias in line.aliases), "key"),
        Cell(row.kind),
        Cell(_tested(row.metrics)),
        Cell(f"● {', '.join(running)}" if running else "", "good"),
        Cell(clock(row.created)[:16], "faint"),
    )


def _tested(metrics: Any) -> str:
    for name, words in TOLD.items():
        value = value_of(metrics, f"test.{name}")
        if value is not None:
            return f"{words} {value:.4f}"
    return ""
