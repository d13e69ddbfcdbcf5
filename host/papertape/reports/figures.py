"""The figures of a book: return, drawdown, Sharpe, and what its trades came to."""

from dataclasses import dataclass, field
from decimal import Decimal
from math import sqrt

import numpy as np

from papertape.broker.money import ZERO, add, multiply
from papertape.ledger.records import EquityRow, FillRow, FundingRow
from papertape.ledger.series import unpack_series, unpack_times
from papertape.reports.round_trips import RoundTrip

DAY = 86_400_000
DAYS_PER_YEAR = 365
LEAST_DAYS = 30


@dataclass(slots=True)
class Curve:
    """Figures of an equity curve, taken in block by block, so that a long session needs no memory.

    `max_drawdown`: the largest fall from a peak, as a fraction of it, over every candle, 0 or more. `exposure`: the
    share of candles at whose close something was held. `by_day`: last equity of each UTC day.
    """

    start: float
    peak: float = 0.0
    last: float = 0.0
    max_drawdown: float = 0.0
    candles: int = 0
    held: int = 0
    by_day: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.peak = self.last = self.start

    def take(self, row: EquityRow) -> None:
        """Takes in the next block of the book's equity."""
        equity, exposure, times = unpack_series(row.equity), unpack_series(row.exposure), unpack_times(row.times)
        if not len(equity):
            return
        peaks = np.maximum.accumulate(np.concatenate(([self.peak], equity)))[1:]
        self.max_drawdown = max(self.max_drawdown, float(np.max(1.0 - equity / peaks)))
        self.peak, self.last = float(peaks[-1]), float(equity[-1])
        self.candles += len(equity)
        self.held += int(np.count_nonzero(exposure))
        days = (times - 1) // DAY  # a candle that closes at midnight belongs to the day it fills
        ends = np.flatnonzero(np.diff(days, append=days[-1] + 1))
        self.by_day.update(zip(days[ends].tolist(), equity[ends].tolist(), strict=True))

    @property
    def sharpe(self) -> float | None:
        """Mean over standard deviation (n - 1) of daily returns, x sqrt(365), risk-free rate 0; None under 30 days.

        W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994).
        """
        closes = np.array([self.start, *self.by_day.values()])
        if len(closes) <= LEAST_DAYS or not np.all(closes > 0):
            return None
        returns = np.diff(closes) / closes[:-1]
        spread = float(np.std(returns, ddof=1))
        return float(np.mean(returns)) / spread * sqrt(DAYS_PER_YEAR) if spread > 0 else None

    def figures(self) -> dict[str, float | None]:
        """Return, drawdown, Sharpe and exposure, as fractions."""
        return {
            "return": self.last / self.start - 1.0,
            "max_drawdown": self.max_drawdown,
            "sharpe": self.sharpe,
            "exposure": self.held / self.candles if self.candles else 0.0,
        }


@dataclass(slots=True)
class Dealings:
    """Figures of a book's fills and round trips, taken in one by one, so that a long session needs no memory.

    `fees`, `funding` (negative: paid), `traded` (the notional of all fills), `won`, `lost` (profits above 0, and the
    others): quote currency.
    """

    fills: int = 0
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    traded: Decimal = ZERO
    trades: int = 0
    wins: int = 0
    won: Decimal = ZERO
    lost: Decimal = ZERO

    def fill(self, fill: FillRow) -> None:
        """Takes in the next fill."""
        self.fills += 1
        self.fees = add(self.fees, fill.fee)
        self.traded = add(self.traded, multiply(fill.quantity, fill.price))

    def pay(self, payment: FundingRow) -> None:
        """Takes in the next funding payment."""
        self.funding = add(self.funding, payment.amount)

    def close(self, trip: RoundTrip) -> None:
        """Takes in the next closed trade."""
        self.trades += 1
        if trip.profit > 0:
            self.wins += 1
            self.won = add(self.won, trip.profit)
        else:
            self.lost = add(self.lost, trip.profit)

    def figures(self) -> dict[str, object]:
        """Count, win rate, profit factor and average profit (quote currency) of closed trades; None without any."""
        return {
            "trades": self.trades,
            "win_rate": self.wins / self.trades if self.trades else None,
            "profit_factor": float(self.won) / -float(self.lost) if self.lost else None,
            "average_trade": float(add(self.won, self.lost)) / self.trades if self.trades else None,
        }
