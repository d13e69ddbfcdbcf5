"""The registry's tables in the ledger's database. The migrations make the same ones; a test compares them.

Files are kept in the database, by the SHA-256 of their bytes and in parts: so a version and its files become durable
in one transaction, `papertape db backup` copies both, and whoever reaches the ledger reaches the models behind it.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, LargeBinary, MetaData, Table, Text

metadata = MetaData()

versions = Table(
    "model_versions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("checksum", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("created", BigInteger, nullable=False),  # ms UTC
    Column("feature_set_hash", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("imported", Boolean, nullable=False),
    Column("metrics", Text, nullable=False),  # JSON
    Column("manifest", LargeBinary, nullable=False),  # what the checksum is of; last, so that a list skips it
)

blobs = Table(
    "model_blobs",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("part", BigInteger, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

moves = Table(
    "model_moves",
    metadata,
    Column("name", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("action", Text, nullable=False),
    Column("from_version", BigInteger, nullable=True),
    Column("to_version", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),  # ms UTC
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("evidence", Text, nullable=False),  # JSON
    ForeignKeyConstraint(["name", "to_version"], ["model_versions.name", "model_versions.version"]),
)
