"""Rows into tables, fast: each statement is compiled once, and the rows go to the driver as they are."""

from collections.abc import Sequence
from itertools import repeat
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql, sqlite

from papertape.ledger.exact import ExactDecimal, exact_text


class Insert:
    """Puts a session's rows into one table. A row holds the table's columns after `session`, in their order.

    With `replace`, a row takes the place of the one with its key.
    """

    def __init__(self, table: Table, dialect: Dialect, *, replace: bool = False) -> None:
        make = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
        statement = make(table)
        if replace:
            values = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
            statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)
        self._sql = str(statement.compile(dialect=dialect))
        self._exact = [place for place, column in enumerate(table.c) if isinstance(column.type, ExactDecimal)]

    def __call__(self, connection: Connection, session: str, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        columns: list[Any] = [repeat(session), *zip(*rows, strict=True)]
        for place in self._exact:  # both databases take an amount as text, without going through a float
            columns[place] = [None if value is None else exact_text(value) for value in columns[place]]
        connection.exec_driver_sql(self._sql, list(zip(*columns, strict=False)))  # the session repeats for ever
