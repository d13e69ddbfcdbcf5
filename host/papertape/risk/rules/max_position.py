"""A bound on what a book may hold of one symbol."""

from decimal import Decimal

from papertape.contract.component import Param
from papertape.contract.risk import Mark, RiskRule, Verdict
from papertape.risk.arithmetic import DOWN, units


class MaxPosition(RiskRule):
    """Shrinks an entry to what keeps the symbol's position within `limit` x equity, and within `notional` if given."""

    limit = Param(Decimal(1), min=0, max=100, help="largest position in one symbol, as a fraction of equity")
    notional: Param[Decimal | None] = Param(None, type=Decimal, min=0, max=1e15, help="and in quote currency")
    keeps = ()

    def check(self, entry: Mark) -> Verdict:
        most = DOWN.multiply(entry.equity, self.limit)
        if self.notional is not None:
            most = min(most, self.notional)
        held = entry.position if entry.side == "buy" else DOWN.minus(entry.position)
        room = DOWN.subtract(units(most, entry.price), held)
        if entry.quantity <= room:
            return None
        return room if room > 0 else "max-position: the position is at its limit"
