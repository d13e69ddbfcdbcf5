"""Candles out of trades, for exchanges whose stream has no candles."""

from papertape.contract.candle import CandleFlag, Row
from papertape.market.timeframe import align, period


class TradeCandles:
    """Builds candles of one symbol from its trades in the order in which they come.

    A candle is closed by the first trade of a later one. The first candle is not given: trades before its first one
    that was seen may be missing. A trade of a candle that has closed comes too late and counts nowhere.

    >>> candles = TradeCandles("1m")
    >>> trades = [(59_000, 1.0, 5.0), (60_000, 2.0, 1.0), (61_000, 4.0, 2.0), (119_999, 3.0, 1.0), (180_000, 5.0, 1.0)]
    >>> [row[:6] for trade in trades for row in candles.take(*trade)]
    [(60000, 2.0, 4.0, 2.0, 3.0, 4.0)]
    """

    def __init__(self, timeframe: str) -> None:
        self.timeframe = timeframe
        self.period = period(timeframe)
        self.ts = 0
        """Open time of the candle that is forming, ms UTC; 0 before the first trade."""
        self._row: Row | None = None
        self._whole = False

    def take(self, time: int, price: float, amount: float) -> list[Row]:
        """Takes a trade (ms UTC, quote currency, units); gives the candle that it closes, if it does."""
        ts = align(time, self.timeframe)
        if ts < self.ts:
            return []
        if self._row is not None and ts == self.ts:
            _, open_, high, low, _, volume, flags = self._row
            self._row = (ts, open_, max(high, price), min(low, price), price, volume + amount, flags)
            return []
        closed = [self._row] if self._row is not None and self._whole else []
        self._whole = self._row is not None
        self.ts = ts
        self._row = (ts, price, price, price, price, amount, int(CandleFlag.STREAM))
        return closed
