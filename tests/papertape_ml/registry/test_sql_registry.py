"""What only a registry in a ledger has to fear, on SQLite and PostgreSQL."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, insert, select, update

from papertape.contract.errors import LedgerError, NoLedger, SchemaOutOfDate
from papertape.ledger import care, migrate
from papertape_ml.errors import DamagedVersion
from papertape_ml.registry.canonical import canonical
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.sql_registry import SqlRegistry
from papertape_ml.registry.suite import FILES, example, wish
from papertape_ml.registry.tables import blobs, metadata, moves, versions


@pytest.fixture
def registry(ledger_url: str, made: Callable[[str], None]) -> Iterator[SqlRegistry]:
    """One model with two versions and a champion."""
    made(ledger_url)
    with SqlRegistry.open(ledger_url, create=True) as registry:
        for n in (1, 2):
            registry.publish(example(n), FILES)
        registry.move("signal", "champion", 2, wish())
        yield registry


def test_the_migrations_make_the_tables_of_the_registry(registry: SqlRegistry) -> None:
    options = {**migrate.options(), "target_metadata": metadata}
    options["include_name"] = lambda name, kind, parents: kind != "table" or name in metadata.tables
    with registry.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    assert migrate.differences(registry.database) == [], "the ledger's own tables are what they were"


def test_a_ledger_without_models_goes_up_to_have_them_and_back(registry: SqlRegistry, ledger_url: str) -> None:
    migrate.downgrade(registry.database, "0002")
    with pytest.raises(SchemaOutOfDate, match="papertape db upgrade"):
        SqlRegistry.open(ledger_url)
    migrate.upgrade(registry.database)
    assert registry.versions() == [] and registry.publish(example(1), FILES).version == 1


def test_where_no_ledger_is_none_is_made_by_reading(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(NoLedger):
        SqlRegistry.open(sqlite_url)
    assert list(tmp_path.iterdir()) == []


def test_no_flipped_bit_and_no_truncation_reaches_a_parser(
    registry: SqlRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    real = Manifest.parse

    def parse(data: bytes) -> Manifest:
        seen.append(data)
        return real(data)

    original = registry.manifest("signal", 1)
    monkeypatch.setattr(Manifest, "parse", parse)
    source = random.Random(7)
    booster = original.files["booster.json"].sha256
    for n in range(60):
        data = bytearray(FILES["booster.json"] if n % 3 else original.encoded())
        if n % 2:
            data[source.randrange(len(data))] ^= 1 << source.randrange(8)
        else:
            del data[source.randrange(len(data)) :]
        with registry.database.engine.connect() as connection, connection.begin() as transaction:
            if n % 3:
                connection.execute(update(blobs).where(blobs.c.sha256 == booster).values(data=bytes(data)))
            else:
                connection.execute(update(versions).where(versions.c.version == 1).values(manifest=bytes(data)))
            transaction.commit()
        with pytest.raises(DamagedVersion, match="signal@1 .*damaged"):
            registry.load("signal", 1)
        registry.publish(original, FILES)  # which mends it
    assert set(seen) == {original.encoded()}
    assert registry.load("signal", 1).files == registry.load("signal", 2).files == FILES


def test_files_that_are_gone_or_doubled_are_noticed(registry: SqlRegistry) -> None:
    booster = registry.manifest("signal", 1).files["booster.json"].sha256
    with registry.database.write() as connection:
        connection.execute(insert(blobs).values(sha256=booster, part=1, data=b"more"))
    with pytest.raises(DamagedVersion, match="booster"):
        registry.load("signal", 1)
    with registry.database.write() as connection:
        connection.execute(delete(blobs).where(blobs.c.sha256 == booster))
    with pytest.raises(DamagedVersion, match="booster"):
        registry.load("signal", 1)


def test_a_row_that_disagrees_with_its_manifest_is_noticed(registry: SqlRegistry) -> None:
    better = canonical({"test": {"logloss": 0.0}}).decode()
    with registry.database.write() as connection:
        connection.execute(update(versions).where(versions.c.version == 1).values(metrics=better))
    with pytest.raises(DamagedVersion, match="do not agree"):
        registry.load("signal", 1)
    assert registry.publish(example(1), FILES).version == 1
    assert registry.load("signal", 1).row.metrics == example(1).metrics


def test_equal_files_of_many_versions_are_kept_once(registry: SqlRegistry) -> None:
    with registry.database.read() as connection:
        kept = connection.execute(select(blobs.c.sha256)).scalars().all()
    assert len(kept) == len(FILES)


def test_a_version_with_a_history_cannot_be_taken_away_behind_our_back(registry: SqlRegistry) -> None:
    with pytest.raises(LedgerError), registry.database.write() as connection:
        connection.execute(delete(versions).where(versions.c.version == 2))


def test_a_failure_in_the_middle_leaves_nothing(registry: SqlRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr("papertape_ml.registry.sql_registry.row_of", broken)
    with pytest.raises(ArithmeticError):
        registry.publish(example(3), {"new": b"never seen before"})
    with registry.database.read() as connection:
        assert len(connection.execute(select(blobs.c.sha256)).all()) == len(FILES)


def test_a_backup_of_the_ledger_has_the_models(sqlite_url: str, tmp_path: Path) -> None:
    with SqlRegistry.open(sqlite_url, create=True) as registry:
        registry.publish(example(), FILES)
        registry.move("signal", "champion", 1, wish())
        care.backup(registry.database, tmp_path / "copy.db")
        with SqlRegistry.open(f"sqlite:///{tmp_path / 'copy.db'}") as copy:
            assert copy.load("signal", 1) == registry.load("signal", 1)
            assert copy.history() == registry.history() and care.damages(copy.database) == []


WRITER = """
import sys
from papertape_ml.registry.sql_registry import SqlRegistry
from papertape_ml.registry.suite import FILES, example, wish
with SqlRegistry.open(sys.argv[1]) as registry:
    for n in range(5):
        row = registry.publish(example(int(sys.argv[2]) + n), FILES)
        registry.move("signal", f"alias-{sys.argv[2]}", row.version, wish(n))
"""


def test_two_processes_that_publish_at_once_lose_nothing(registry: SqlRegistry, ledger_url: str) -> None:
    command = [sys.executable, "-c", WRITER, ledger_url]
    both = [subprocess.Popen([*command, start]) for start in ("100", "200")]
    assert [process.wait() for process in both] == [0, 0]
    rows = registry.versions()
    assert [row.version for row in rows] == list(range(1, 13)) and len({row.checksum for row in rows}) == 12
    assert all(registry.load("signal", row.version).files == FILES for row in rows)
    assert [len(registry.history("signal", f"alias-{start}")) for start in ("100", "200")] == [5, 5]


def test_who_reads_is_not_kept_waiting_by_who_writes(registry: SqlRegistry, ledger_url: str) -> None:
    with SqlRegistry.open(ledger_url, patience=0.1) as other, registry._writing() as connection:
        connection.execute(update(moves).values(why="not committed"))
        assert [move.why for move in other.history()] == ["a test"]
        assert other.load("signal", 1).files == FILES
        with pytest.raises(LedgerError, match="locked"):
            other.publish(example(3), FILES)
