"""What the screens show, without a screen: reading the ledger, folding it into values, drawing with characters."""
