"""How much a book trades, and whether it may: sizers and risk rules."""
