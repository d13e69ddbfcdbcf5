"""The registry of models: immutable versions, and aliases that point to them.

`Registry` says what one is; `JsonRegistry` keeps it in a folder, `SqlRegistry` in the ledger's database.
"""
