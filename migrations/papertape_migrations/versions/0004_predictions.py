"""Predictions of models, and what happened."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "predictions",
        sa.Column("session", sa.Text, sa.ForeignKey("sessions.id"), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("batch", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("claim", sa.Text, nullable=False),
        sa.Column("symbol", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("said", sa.LargeBinary, nullable=False),
        sa.Column("happened", sa.LargeBinary, nullable=True),
        sa.Column("completed", sa.BigInteger, nullable=True, autoincrement=False),
        sa.PrimaryKeyConstraint("session", "number"),
    )


def downgrade() -> None:
    op.drop_table("predictions")
