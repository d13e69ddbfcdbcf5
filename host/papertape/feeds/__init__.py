"""Feeds: the simulated market, and candle files replayed."""
