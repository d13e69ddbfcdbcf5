"""The terminal UI: screens over what the ledger says. Only this package imports textual; its core does not."""
