"""What a session came to: round trips and figures, read back from its ledger."""
