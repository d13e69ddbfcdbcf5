"""Ledgers for tests of the registry."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from papertape_ml.registry.sql_registry import SqlRegistry

_SQLITE = "sqlite:///"


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger's file, which all migrations have made once for all tests."""
    path = tmp_path_factory.mktemp("empty") / "ledger.db"
    SqlRegistry.open(f"{_SQLITE}{path}", create=True).close()
    return path


@pytest.fixture
def made(empty_ledger: Path) -> Callable[[str], None]:
    """Puts an empty ledger where a URL of SQLite says; other databases are left to be made by opening."""

    def make(url: str) -> None:
        if url.startswith(_SQLITE):
            shutil.copy(empty_ledger, url.removeprefix(_SQLITE))

    return make
