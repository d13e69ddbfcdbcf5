"""papertape runs trading strategies against live, recorded or simulated markets with paper money."""
