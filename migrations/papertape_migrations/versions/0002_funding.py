"""Funding payments of perpetuals."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

EXACT = sa.Text().with_variant(sa.Numeric(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "funding",
        sa.Column("session", sa.Text, sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("batch", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("book", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("rate", EXACT, nullable=False),
        sa.Column("mark", EXACT, nullable=False),
        sa.Column("quantity", EXACT, nullable=False),
        sa.Column("amount", EXACT, nullable=False),
        sa.Column("cash", EXACT, nullable=False),
        sa.PrimaryKeyConstraint("session", "seq"),
    )


def downgrade() -> None:
    op.drop_table("funding")
