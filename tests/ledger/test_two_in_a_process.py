"""A ledger that is open twice in one process: as the session's, and as the registry of its models."""

import subprocess
import sys
from pathlib import Path

from papertape.ledger.database import open_database

WRITER = """
import sys
from papertape.ledger.database import open_database
database = open_database(sys.argv[1])
with database.write() as connection:
    connection.exec_driver_sql("INSERT INTO kept VALUES (2)")
database.close()
"""


def test_another_program_that_comes_and_goes_takes_nothing_away(tmp_path: Path) -> None:
    """On the way out it would remove the log if nobody else held a lock, and with it what we write from then on."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    first = open_database(url, create=True)
    with first.write() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (number)")
    second = open_database(url)
    second.close()
    third = open_database(url)
    subprocess.run([sys.executable, "-c", WRITER, url], check=True)
    assert {"ledger.db", "ledger.db-shm", "ledger.db-wal"} <= {file.name for file in tmp_path.iterdir()}
    with first.write() as connection:
        connection.exec_driver_sql("INSERT INTO kept VALUES (1)")
    for database in (first, third):
        database.close()
    with open_database(url).read() as connection:
        numbers = connection.exec_driver_sql("SELECT number FROM kept").scalars().all()
    assert sorted(numbers) == [1, 2]
