"""Live candles from any exchange that ccxt knows."""
