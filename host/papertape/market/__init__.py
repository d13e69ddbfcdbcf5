"""The market as a session has seen it: timeframes, windows, instruments."""
