"""The families of the category volatility."""
