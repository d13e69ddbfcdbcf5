"""The suite that every registry passes, on ours."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.protocol import Registry
from papertape_ml.registry.sql_registry import SqlRegistry
from papertape_ml.registry.suite import RegistrySuite


class TestJson(RegistrySuite):
    @pytest.fixture
    def registry(self, tmp_path: Path) -> Registry:
        return JsonRegistry.open(tmp_path / "models", create=True)

    @pytest.fixture
    def other(self, registry: Registry, tmp_path: Path) -> Registry:
        return JsonRegistry.open(tmp_path / "models" / "registry.json")


class InALedger(RegistrySuite):
    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def registry(self, url: str, made: Callable[[str], None]) -> Iterator[Registry]:
        made(url)
        with SqlRegistry.open(url, create=True) as registry:
            yield registry

    @pytest.fixture
    def other(self, registry: Registry, url: str) -> Iterator[Registry]:
        with SqlRegistry.open(url) as other:
            yield other


class TestSqlite(InALedger):
    @pytest.fixture
    def url(self, sqlite_url: str) -> str:
        return sqlite_url


class TestPostgres(InALedger):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url
