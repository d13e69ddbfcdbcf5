"""Ledgers for tests of what fills them; tests of the ledger and of the command line have it made anew each time."""

import shutil
from pathlib import Path

import pytest

from papertape.ledger.database import open_database


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a ledger without sessions, as the migrations make it."""
    file = tmp_path_factory.mktemp("empty") / "ledger.db"
    open_database(f"sqlite:///{file}", create=True).close()
    return file


@pytest.fixture
def sqlite_url(tmp_path: Path, empty_ledger: Path) -> str:
    """The URL of an empty ledger: to copy one takes a hundredth of the time that the migrations need."""
    return f"sqlite:///{shutil.copy(empty_ledger, tmp_path / 'ledger.db')}"
