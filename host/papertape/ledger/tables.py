"""The ledger's tables. The migrations make the same ones; a test compares them.

Rows are keyed by their session and their place in it: the database makes no ids. Nothing cascades: deleting a session
that has rows is an error. The columns of a record's table are the record's fields, in their order, after `session`.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, LargeBinary, MetaData, Table, Text

from papertape.ledger.exact import ExactDecimal

metadata = MetaData()


def _whole(name: str, *, key: bool = False, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=null, autoincrement=False)


def _text(name: str, *, key: bool = False, null: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=null)


def _float(name: str, *, null: bool = False) -> Column[float]:
    return Column(name, Double, nullable=null)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _bytes(name: str, *, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=null)


def _exact(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, ExactDecimal, nullable=null)


def _table(name: str, *columns: Column[Any]) -> Table:
    """A table of rows that belong to a session."""
    session = Column("session", Text, ForeignKey("sessions.id"), primary_key=True)
    return Table(name, metadata, session, *columns)


sessions = Table(
    "sessions",
    metadata,
    _text("id", key=True),
    _whole("created_at"),  # ms UTC
    _text("status"),  # running, stopped, finished, failed
    _whole("epoch"),  # counts the owners; a commit by an earlier one is refused
    _text("config"),  # JSON
    _text("feed"),
    _text("symbols"),  # JSON list
    _text("timeframe"),
    _whole("seed"),
    _whole("first_ts", null=True),
    _whole("last_ts", null=True),
    _whole("bars"),
    _whole("snapshots"),
    _float("seconds"),
    _text("digest"),
    _text("summary", null=True),  # JSON: what the session ended by printing
    _text("error", null=True),
    _text("code"),  # JSON: versions and hashes of the plugins
)

tape = _table("tape", _whole("number", key=True), _whole("batch"), _whole("at"), _text("kind"), _text("payload"))

signals = _table(
    "signals",
    _whole("seq", key=True),
    _whole("batch"),
    _whole("at"),
    _text("source"),
    _text("symbol"),
    _text("action"),
    _float("confidence"),
    _float("stop_loss", null=True),
    _float("take_profit", null=True),
    _exact("size", null=True),
    _exact("quantity", null=True),
    _float("fraction", null=True),
    _whole("valid_for", null=True),
    _text("reason"),
    _text("metadata"),
    _flag("muted"),
)

orders = _table(
    "orders",
    _whole("seq", key=True),
    _whole("batch"),
    _whole("at"),
    _whole("effective"),
    _text("book"),
    _text("symbol"),
    _text("side"),
    _text("type"),
    _exact("quantity"),
    _exact("price", null=True),
    _exact("stop_price", null=True),
    _exact("trail", null=True),
    _text("time_in_force"),
    _whole("expires", null=True),
    _flag("reduce_only"),
    _text("group", null=True),
    _text("tag", null=True),
    _text("role"),
    _whole("signal", null=True),
    _whole("parent", null=True),
    _text("status"),
    _exact("filled"),
    _text("reason"),
    _whole("ended_seq", null=True),
    _whole("ended_at", null=True),
)

fills = _table(
    "fills",
    _whole("seq", key=True),
    _whole("order"),
    _whole("batch"),
    _whole("at"),
    _text("book"),
    _text("symbol"),
    _text("side"),
    _exact("quantity"),
    _exact("price"),
    _exact("fee"),
    _flag("maker"),
    _text("role"),
    _exact("cash"),
    _exact("position"),
    _exact("profit", null=True),
    _float("best", null=True),
    _float("worst", null=True),
    _text("note"),
)

funding = _table(
    "funding",
    _whole("seq", key=True),
    _whole("batch"),
    _whole("at"),
    _text("book"),
    _text("symbol"),
    _exact("rate"),
    _exact("mark"),
    _exact("quantity"),
    _exact("amount"),
    _exact("cash"),
)

plugin_events = _table(
    "plugin_events",
    _whole("seq", key=True),
    _whole("batch"),
    _whole("at"),
    _text("plugin"),
    _text("kind"),
    _text("message"),
    _text("traceback"),
)

equity = _table(
    "equity",
    _text("book", key=True),
    _whole("first_batch", key=True),
    _whole("count"),
    _bytes("times"),
    _bytes("equity"),
    _bytes("exposure"),
)

predictions = _table(
    "predictions",
    _whole("number", key=True),
    _whole("batch"),
    _whole("at"),
    _text("reference"),
    _text("name"),
    _whole("version"),
    _text("claim"),
    _text("symbol"),
    _whole("until"),
    _bytes("said"),
    _bytes("happened", null=True),
    _whole("completed", null=True),
)

notes = _table(
    "notes",
    _text("source", key=True),
    _text("symbol", key=True),
    _text("kind", key=True),
    _whole("count"),
    _whole("first_ts"),
    _whole("last_ts"),
    _text("example"),
)

checkpoints = _table(
    "checkpoints",
    _whole("batch", key=True),
    _whole("at"),
    _whole("seq"),
    _text("digest"),
    _bytes("state"),  # empty once a later checkpoint has one, but for anchors
)

commands = _table(  # the inbox of the session's host
    "commands",
    _whole("id", key=True),
    _whole("issued_at"),  # ms UTC
    _text("command"),  # JSON
    _whole("applied_batch", null=True),
)
