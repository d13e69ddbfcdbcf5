"""What all tests run in, and fixtures that several folders of them share."""

import gc
import importlib
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

POSTGRES = "PAPERTAPE_TEST_POSTGRES"
MEMORY = Path("/dev/shm")
ROOM = 2 << 30
"""Bytes that must be free there."""

# Threads that wait for work sleep instead of spinning: each of several test processes has less than a core.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# The same examples each time, however long the machine takes over one; `--hypothesis-profile default` looks for others.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

# Tests and the hundreds of processes that they start compile the program and its plugins once, not each anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Files of tests lie in memory where there is room: thousands of commits wait for no disk, and none of them stalls.
if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ["TMPDIR"] = str(MEMORY)  # for the processes that tests start
    tempfile.tempdir = None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of modules and tests come to stay: to look for garbage among them, then or later, is in vain."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.set_threshold(20_000, 20, 50)
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where nothing else is asked for, tests of a module stay together: what they share is made once."""
    if config.getoption("dist") != "load":
        return None
    return importlib.import_module("xdist.scheduler").WorkStealingScheduling(config, log)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A ledger's URL where there is no file yet."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A ledger's URL in a schema of its own, empty before the test and gone after it."""
    server = os.environ.get(POSTGRES)
    if not server:
        pytest.skip(f"{POSTGRES} names no PostgreSQL to test on")
    from sqlalchemy import create_engine, text

    schema = f"papertape_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    try:
        yield f"{server}{'&' if '?' in server else '?'}options=-csearch_path%3D{schema}"
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty place for a ledger: a test with it runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
