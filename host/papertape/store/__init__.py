"""Candle files: what they are called, and what is in them."""
