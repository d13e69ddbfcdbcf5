"""Part of the stake that would have let the book's own closed trades grow fastest.

J. L. Kelly, "A New Interpretation of Information Rate" (1956); for wins and losses of unlike size E. O. Thorp, "The
Kelly Criterion in Blackjack, Sports Betting, and the Stock Market" (1997), who also says why to stay well below it.
"""

from decimal import Decimal
from math import fsum

from papertape.contract.component import Param
from papertape.contract.risk import Sizer, SizingRequest
from papertape.risk.arithmetic import DOWN, shared, units


class FractionalKelly(Sizer):
    """Trades for equity x `part` of the Kelly fraction, between `probe` and `cap`, shared between the symbols.

    The Kelly fraction comes from the book's last closed round trips (up to 100), once there are `trips` of them. Before
    that, and when they show no edge, the stake is `probe`: small, but it goes on learning.
    """

    part = Param(0.25, min=0.001, max=1, help="of the Kelly fraction")
    trips = Param(30, min=2, max=100, help="closed round trips needed before they count")
    probe = Param(Decimal("0.05"), min=0, max=1, help="fraction of equity while there is no known edge")
    cap = Param(Decimal("0.95"), min=0, max=100, help="largest fraction of equity, over all symbols together")
    keeps = ()

    def size(self, request: SizingRequest) -> Decimal:
        notional = DOWN.multiply(request.equity, self._fraction(request))
        return units(notional, DOWN.multiply(request.price, Decimal(request.symbols)))

    def explain(self, request: SizingRequest) -> str:
        known = len(request.trips)
        edge = (
            f"the Kelly fraction of its last {known} round trips is {kelly_fraction(request.trips):.4g}, of which"
            f" {self.part:g} counts"
            if known >= self.trips
            else f"no known edge after {known} of {self.trips} round trips"
        )
        taken = f"{float(self._fraction(request)):.4g} of equity (from {self.probe} to {self.cap})"
        return f"{edge}: {taken}{shared(request.symbols)}"

    def _fraction(self, request: SizingRequest) -> Decimal:
        """Of equity, over all symbols together."""
        edge = kelly_fraction(request.trips) if len(request.trips) >= self.trips else 0.0
        return min(max(Decimal(self.part * edge), self.probe), self.cap)


def kelly_fraction(trips: tuple[float, ...]) -> float:
    """The fraction of equity p / a - q / b that grows fastest.

    A trade wins `b` of its notional with chance p, or loses `a` of it with chance q: all four are counted in `trips`,
    profits as fractions of notional. 0 without a win, infinite without a loss.

    >>> kelly_fraction((0.1, -0.05, 0.1, -0.05))  # 0.5 / 0.05 - 0.5 / 0.1
    5.0
    """
    wins = [profit for profit in trips if profit > 0]
    losses = [-profit for profit in trips if profit < 0]
    if not wins:
        return 0.0
    if not losses:
        return float("inf")
    win, loss = fsum(wins) / len(wins), fsum(losses) / len(losses)
    return len(wins) / len(trips) / loss - len(losses) / len(trips) / win
