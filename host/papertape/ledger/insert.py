"""Rows into tables, fast: straight to the driver, in the way that each likes best."""

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

from sqlalchemy import Boolean, Connection, Dialect, Table

from papertape.ledger.exact import ExactDecimal, exact_text

_CHUNK = 128  # rows at a time


class Insert:
    """Puts a session's rows into one table. A row holds the table's columns after `session`, in their order.

    With `replace`, a row takes the place of the one with its key; no key may come twice in a call. What makes it fast:
    none of Core's work for each value; no column that has no value in any of the rows; on SQLite one statement for many
    rows and no bool (its driver is slow with None and bool), on PostgreSQL one for each row, prepared and pipelined
    (many at once take four times as long there).
    """

    def __init__(self, table: Table, dialect: Dialect, *, replace: bool = False) -> None:
        self._table = table
        self._dialect = dialect
        self._replace = replace
        self._sqlite = dialect.name == "sqlite"
        self._exact = [place for place, column in enumerate(table.c) if isinstance(column.type, ExactDecimal)]
        self._flags = [place for place, column in enumerate(table.c) if isinstance(column.type, Boolean)]
        self._statements: dict[tuple[int, tuple[int, ...]], str] = {}

    def __call__(self, connection: Connection, session: str, rows: Sequence[Sequence[Any]]) -> None:
        start = 0
        while (left := len(rows) - start) > 0:
            # Powers of two, so that there are few statements: SQLite keeps what it has prepared, and each is large.
            size = min(_CHUNK, 1 << left.bit_length() - 1)
            self._insert(connection, session, rows[start : start + size])
            start += size

    def _insert(self, connection: Connection, session: str, rows: Sequence[Sequence[Any]]) -> None:
        count = len(rows)
        columns: list[Any] = [repeat(session, count), *zip(*rows, strict=True)]
        absent = tuple(
            place
            for place in range(1, len(columns))  # most columns show by their first value that they are not absent
            if columns[place][0] is None and columns[place].count(None) == count
        )
        for place in self._exact:  # both databases take an amount as text, without going through a float
            columns[place] = [None if value is None else exact_text(value) for value in columns[place]]
        if self._sqlite:
            for place in self._flags:
                columns[place] = map(int, columns[place])
        for place in reversed(absent):
            del columns[place]
        values = zip(*columns, strict=True)
        if self._sqlite:
            connection.exec_driver_sql(self._statement(count, absent), tuple(chain.from_iterable(values)))
        else:
            connection.exec_driver_sql(self._statement(1, absent), list(values))

    def _statement(self, count: int, absent: tuple[int, ...]) -> str:
        """The statement for so many rows, which leave out the columns at these places: they become NULL."""
        if (count, absent) not in self._statements:
            quote = self._dialect.identifier_preparer.quote
            names = [quote(column.name) for place, column in enumerate(self._table.c) if place not in absent]
            row = f"({', '.join(['?' if self._sqlite else '%s'] * len(names))})"
            sql = f"INSERT INTO {quote(self._table.name)} ({', '.join(names)}) VALUES {', '.join([row] * count)}"
            self._statements[count, absent] = sql + self._conflict()
        return self._statements[count, absent]

    def _conflict(self) -> str:
        if not self._replace:
            return ""
        quote = self._dialect.identifier_preparer.quote
        key = ", ".join(quote(column.name) for column in self._table.primary_key)
        others = [quote(column.name) for column in self._table.c if not column.primary_key]
        return f" ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in others)}"
