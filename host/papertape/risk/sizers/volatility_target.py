"""The calmer a market, the more of it: positions that should all move a book about equally.

The estimate and its scaling are those of J.P. Morgan/Reuters, "RiskMetrics: Technical Document" (1996); sizing by it is
in A. Moreira and T. Muir, "Volatility-Managed Portfolios", Journal of Finance 72 (2017).
"""

from decimal import Decimal

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.component import Param
from papertape.contract.risk import Sizer, SizingRequest
from papertape.risk.arithmetic import DOWN, shared, units

YEAR = 365 * 86_400_000
"""Milliseconds: markets that never close have 365 days of them."""


class VolatilityTarget(Sizer):
    """Trades for equity x `annual` / realised volatility, at most `cap` x equity, shared between the session's symbols.

    Realised volatility is the root of the mean square of the last `window` close-to-close log returns (the mean return
    is taken as 0), x sqrt(candles a year). With `decay` below 1 the return of k candles ago weighs decay^k. Trades
    nothing before `window` returns are there, and `cap` where the window did not move at all.
    """

    annual = Param(0.2, min=0.0001, max=100, help="volatility a year that a book should have, as a fraction")
    window = Param(100, min=2, max=10_000, help="returns looked back")
    decay = Param(1.0, min=0.5, max=1, help="weight of a return against the next newer one; 1 weighs all alike")
    cap = Param(Decimal("0.95"), min=0, max=100, help="most notional per unit of equity, over all symbols together")
    keeps = ()

    def lookback(self) -> int:
        return self.window + 1

    def size(self, request: SizingRequest) -> Decimal:
        closes = request.window().close
        if len(closes) <= self.window:
            return Decimal(0)
        volatility = annual_volatility(closes, self.decay, request.period)
        ratio = Decimal(self.annual / volatility) if volatility > 0 else self.cap
        notional = DOWN.multiply(request.equity, min(ratio, self.cap))
        return units(notional, DOWN.multiply(request.price, Decimal(request.symbols)))

    def explain(self, request: SizingRequest) -> str:
        closes = request.window().close
        if len(closes) <= self.window:
            return f"nothing before {self.window} returns are there; there are {max(0, len(closes) - 1)}"
        volatility = annual_volatility(closes, self.decay, request.period)
        return (
            f"{self.annual:g} a year wanted, {volatility:.4g} realised over {self.window} returns; at most {self.cap} "
            f"of equity{shared(request.symbols)}"
        )


def annual_volatility(closes: Floats, decay: float, period: int) -> float:
    """The root mean square log return of (n,) `closes`, one every `period` ms, scaled to a year; newest weighs most.

    >>> round(annual_volatility(np.array([100.0, 110.0, 100.0]), 1.0, YEAR), 6)  # log(1.1) up and down
    0.09531
    """
    squares = np.diff(np.log(closes)) ** 2
    weights = decay ** np.arange(len(squares) - 1, -1, -1, dtype=np.float64)
    return float(np.sqrt((weights * squares).sum() / weights.sum() * (YEAR / period)))
