"""The ledger's schema history (alembic), shipped in the wheel."""
