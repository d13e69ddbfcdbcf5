"""The same amount of money each time."""

from decimal import Decimal

from papertape.contract.component import Param
from papertape.contract.risk import Sizer, SizingRequest
from papertape.risk.arithmetic import units


class FixedNotional(Sizer):
    """Trades for `notional`."""

    notional = Param(Decimal(1_000), min=0, max=1e15, help="quote currency for every entry")
    keeps = ()

    def size(self, request: SizingRequest) -> Decimal:
        return units(self.notional, request.price)

    def explain(self, request: SizingRequest) -> str:
        return f"{self.notional} {request.instrument.quote} for every entry"
