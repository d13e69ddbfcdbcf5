"""A bound on all that a book holds, long and short added up."""

from decimal import Decimal

from papertape.contract.component import Param
from papertape.contract.risk import Mark, RiskRule, Verdict
from papertape.risk.arithmetic import DOWN, units


class GrossExposure(RiskRule):
    """Shrinks an entry to what keeps the book's gross exposure within `limit` x equity."""

    limit = Param(Decimal(1), min=0, max=100, help="largest gross exposure, as a multiple of equity")
    keeps = ()

    def check(self, entry: Mark) -> Verdict:
        room = DOWN.subtract(DOWN.multiply(entry.equity, self.limit), entry.exposure)
        if not room > 0:
            return "gross-exposure: the book's exposure is at its limit"
        quantity = units(room, entry.price)
        return None if entry.quantity <= quantity else quantity
