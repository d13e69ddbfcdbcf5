"""Screens of the terminal UI that plugins bring: what one is told when a person goes there."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Surroundings(NamedTuple):
    """Where a screen is opened. `ledger`: its URL, which may hold a password; `home`: the folder PAPERTAPE_HOME;
    `clock`: the time, ms UTC; `session`: the full id of the one that the person came from, None from elsewhere."""

    ledger: str
    home: Path
    clock: Callable[[], int]
    session: str | None = None
