"""Rows into tables, fast: statements are compiled once, and the rows go to the driver as they are."""

from collections.abc import Sequence
from itertools import repeat
from typing import Any

from sqlalchemy import Boolean, Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite

from papertape.ledger.exact import ExactDecimal, exact_text

_CHUNK = 1000  # rows at a time: converted all at once, they would set off the garbage collector


class Insert:
    """Puts a session's rows into one table. A row holds the table's columns after `session`, in their order.

    With `replace`, a row takes the place of the one with its key. On SQLite this costs 2 to 3 us a row. What it avoids:
    Core's work for each value, and None and bool on their way through SQLite's driver, which are slow there.
    """

    def __init__(self, table: Table, dialect: Dialect, *, replace: bool = False) -> None:
        self._table = table
        self._dialect = dialect
        self._replace = replace
        self._exact = [place for place, column in enumerate(table.c) if isinstance(column.type, ExactDecimal)]
        self._flags = [place for place, column in enumerate(table.c) if isinstance(column.type, Boolean)]
        self._statements: dict[tuple[int, ...], str] = {}

    def __call__(self, connection: Connection, session: str, rows: Sequence[Sequence[Any]]) -> None:
        for start in range(0, len(rows), _CHUNK):
            self._insert(connection, session, rows[start : start + _CHUNK])

    def _insert(self, connection: Connection, session: str, rows: Sequence[Sequence[Any]]) -> None:
        columns: list[Any] = [repeat(session, len(rows)), *zip(*rows, strict=True)]
        absent = [place for place in range(1, len(columns)) if columns[place].count(None) == len(rows)]
        for place in self._exact:  # both databases take an amount as text, without going through a float
            columns[place] = [None if value is None else exact_text(value) for value in columns[place]]
        if self._dialect.name == "sqlite":
            for place in self._flags:
                columns[place] = map(int, columns[place])
        for place in reversed(absent):
            del columns[place]
        connection.exec_driver_sql(self._statement(tuple(absent)), list(zip(*columns, strict=True)))

    def _statement(self, absent: tuple[int, ...]) -> str:
        """The statement for rows that leave out the columns at these places: they become NULL."""
        if absent not in self._statements:
            make = postgresql.insert if self._dialect.name == "postgresql" else sqlite.insert
            insert = make(self._table)
            if self._replace:
                key = list(self._table.primary_key)
                values = {column.name: insert.excluded[column.name] for column in self._table.c if column not in key}
                insert = insert.on_conflict_do_update(index_elements=key, set_=values)
            names = [column.name for place, column in enumerate(self._table.c) if place not in absent]
            self._statements[absent] = str(insert.compile(dialect=self._dialect, column_keys=names))
        return self._statements[absent]
