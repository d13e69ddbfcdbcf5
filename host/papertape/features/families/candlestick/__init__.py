"""The families of the category candlestick."""
