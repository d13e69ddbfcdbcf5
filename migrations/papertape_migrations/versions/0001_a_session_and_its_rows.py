"""A session and its rows: tape, signals, orders, fills, equity, plugin events, notes, checkpoints, commands.

Column types are written out here, never imported: a migration stays what it was when the models move on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

EXACT = sa.Text().with_variant(sa.Numeric(), "postgresql")


def whole(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null, autoincrement=False)


def words(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def real(name: str, *, null: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=null)


def exact(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, EXACT, nullable=null)


def flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def block(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def of_a_session(table: str, key: tuple[str, ...], *columns: sa.Column) -> None:  # type: ignore[type-arg]  # of any type
    session = sa.Column("session", sa.Text, sa.ForeignKey("sessions.id"), nullable=False)
    op.create_table(table, session, *columns, sa.PrimaryKeyConstraint("session", *key))


def upgrade() -> None:
    op.create_table(
        "sessions",
        words("id"),
        whole("created_at"),
        words("status"),
        whole("epoch"),
        words("config"),
        words("feed"),
        words("symbols"),
        words("timeframe"),
        whole("seed"),
        whole("first_ts", null=True),
        whole("last_ts", null=True),
        whole("bars"),
        whole("snapshots"),
        real("seconds"),
        words("digest"),
        words("summary", null=True),
        words("error", null=True),
        words("code"),
        sa.PrimaryKeyConstraint("id"),
    )
    of_a_session("tape", ("number",), whole("number"), whole("batch"), whole("at"), words("kind"), words("payload"))
    of_a_session(
        "signals",
        ("seq",),
        whole("seq"),
        whole("batch"),
        whole("at"),
        words("source"),
        words("symbol"),
        words("action"),
        real("confidence"),
        real("stop_loss", null=True),
        real("take_profit", null=True),
        exact("size", null=True),
        exact("quantity", null=True),
        real("fraction", null=True),
        whole("valid_for", null=True),
        words("reason"),
        words("metadata"),
        flag("muted"),
    )
    of_a_session(
        "orders",
        ("seq",),
        whole("seq"),
        whole("batch"),
        whole("at"),
        whole("effective"),
        words("book"),
        words("symbol"),
        words("side"),
        words("type"),
        exact("quantity"),
        exact("price", null=True),
        exact("stop_price", null=True),
        exact("trail", null=True),
        words("time_in_force"),
        whole("expires", null=True),
        flag("reduce_only"),
        words("group", null=True),
        words("tag", null=True),
        words("role"),
        whole("signal", null=True),
        whole("parent", null=True),
        words("status"),
        exact("filled"),
        words("reason"),
        whole("ended_seq", null=True),
        whole("ended_at", null=True),
    )
    of_a_session(
        "fills",
        ("seq",),
        whole("seq"),
        whole("order"),
        whole("batch"),
        whole("at"),
        words("book"),
        words("symbol"),
        words("side"),
        exact("quantity"),
        exact("price"),
        exact("fee"),
        flag("maker"),
        words("role"),
        exact("cash"),
        exact("position"),
        exact("profit", null=True),
        real("best", null=True),
        real("worst", null=True),
        words("note"),
    )
    of_a_session(
        "plugin_events",
        ("seq",),
        whole("seq"),
        whole("batch"),
        whole("at"),
        words("plugin"),
        words("kind"),
        words("message"),
        words("traceback"),
    )
    of_a_session(
        "equity",
        ("book", "first_batch"),
        words("book"),
        whole("first_batch"),
        whole("count"),
        block("times"),
        block("equity"),
        block("exposure"),
    )
    of_a_session(
        "notes",
        ("source", "symbol", "kind"),
        words("source"),
        words("symbol"),
        words("kind"),
        whole("count"),
        whole("first_ts"),
        whole("last_ts"),
        words("example"),
    )
    of_a_session(
        "checkpoints",
        ("batch",),
        whole("batch"),
        whole("at"),
        whole("seq"),
        words("digest"),
        block("state"),
    )
    of_a_session(
        "commands", ("id",), whole("id"), whole("issued_at"), words("command"), whole("applied_batch", null=True)
    )


def downgrade() -> None:
    for table in ("commands", "checkpoints", "notes", "equity", "plugin_events", "fills", "orders", "signals", "tape"):
        op.drop_table(table)
    op.drop_table("sessions")
