"""A fixed fraction of equity, shared between the session's symbols; what a session uses if nothing is said."""

from decimal import Decimal

from papertape.contract.component import Param
from papertape.contract.risk import Sizer, SizingRequest
from papertape.risk.arithmetic import DOWN, shared, units


class FixedFraction(Sizer):
    """Trades for `fraction` of the book's equity / number of the session's symbols.

    Equity is the one at the close that decided. More than 1 needs margin: the host cuts to the buying power.
    """

    fraction = Param(Decimal("0.95"), min=0, max=100, help="of equity, over all symbols together")
    keeps = ()

    def size(self, request: SizingRequest) -> Decimal:
        notional = DOWN.multiply(request.equity, self.fraction)
        return units(notional, DOWN.multiply(request.price, Decimal(request.symbols)))

    def explain(self, request: SizingRequest) -> str:
        return f"{self.fraction} of equity{shared(request.symbols)}"
