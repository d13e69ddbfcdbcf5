"""Fee and slippage models: what an execution costs beyond the candle's price."""

from decimal import Decimal

from papertape.contract.candle import Candle
from papertape.contract.component import Component
from papertape.contract.instrument import Instrument
from papertape.contract.order import Side


class FeeModel(Component):
    """Base of fee models."""

    def rate(self, instrument: Instrument, maker: bool) -> Decimal:
        """The fee as a fraction of notional; negative is a rebate. A resting limit order is a maker, all else taker."""
        raise NotImplementedError(f"{type(self).__name__} needs a rate method")


class SlippageModel(Component):
    """Base of slippage models, asked for taker fills alone; the host rounds to the tick, against the trader."""

    def slip(self, side: Side, price: Decimal, quantity: Decimal, candle: Candle) -> Decimal:
        """How much worse than `price` the fill is, in quote currency per unit, 0 or more."""
        raise NotImplementedError(f"{type(self).__name__} needs a slip method")
