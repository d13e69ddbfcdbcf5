"""The simulated exchange: exact money, orders, matching inside a candle, margin, and books."""
