"""The same number of units each time, whatever they cost."""

from decimal import Decimal

from papertape.contract.component import Param
from papertape.contract.risk import Sizer, SizingRequest


class FixedQuantity(Sizer):
    """Trades `quantity` units."""

    quantity = Param(Decimal(1), min=0, max=1e15, help="units of the base for every entry")
    keeps = ()

    def size(self, request: SizingRequest) -> Decimal:
        return self.quantity

    def explain(self, request: SizingRequest) -> str:
        return f"{self.quantity} units for every entry"
