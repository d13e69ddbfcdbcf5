"""Slippage models: how much worse than the candle's price a taker fills.

A model that scales with the market never asks for more than half the price.
"""

from decimal import ROUND_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from papertape.broker.money import ZERO, exact, multiply, subtract
from papertape.contract.candle import Candle
from papertape.contract.component import Param
from papertape.contract.execution import SlippageModel
from papertape.contract.order import Side

WORSE = Context(prec=16, rounding=ROUND_UP, traps=[DivisionByZero, InvalidOperation, Overflow])
"""For estimates: 16 digits, and rounding never favours the trader."""

HALF = Decimal("0.5")
BASIS_POINT = Decimal("0.0001")


class NoSlippage(SlippageModel):
    """Fills at the candle's price."""

    keeps = ()

    def slip(self, side: Side, price: Decimal, quantity: Decimal, candle: Candle) -> Decimal:
        return ZERO


class FixedBps(SlippageModel):
    """The same fraction of the price each time: half a typical spread, say.

    >>> candle = Candle(0, 100.0, 101.0, 99.0, 100.0, 50.0)
    >>> FixedBps(bps=5).slip("buy", Decimal(100), Decimal(1), candle)
    Decimal('0.0500')
    """

    bps = Param(Decimal(5), min=0, max=1_000, help="basis points of the price")
    keeps = ()

    def slip(self, side: Side, price: Decimal, quantity: Decimal, candle: Candle) -> Decimal:
        return multiply(multiply(price, self.bps), BASIS_POINT)


class VolumeShare(SlippageModel):
    """Grows with the square root of the order's share of the candle's volume: `impact` of the price for all of it.

    An order of more than the whole volume pays as for all of it; so does any order in a candle without volume.
    R. Almgren et al., "Direct Estimation of Equity Market Impact" (2005), found an exponent near the root's (0.6).

    >>> candle = Candle(0, 100.0, 101.0, 99.0, 100.0, 50.0)
    >>> VolumeShare(impact=0.1).slip("buy", Decimal(100), Decimal("0.5"), candle)  # a hundredth of the volume
    Decimal('1.00')
    """

    impact = Param(Decimal("0.1"), min=0, max=0.5, help="fraction of the price that an order of the whole volume pays")
    keeps = ()

    def slip(self, side: Side, price: Decimal, quantity: Decimal, candle: Candle) -> Decimal:
        volume = exact(candle.volume)
        share = WORSE.divide(quantity, volume) if quantity < volume else Decimal(1)
        return WORSE.multiply(WORSE.multiply(price, self.impact), WORSE.sqrt(share))


class RangeShare(SlippageModel):
    """A share of the candle's range: little when the market is calm, much when it jumps.

    That the range holds both spread and volatility is used by S. A. Corwin and P. Schultz, "A Simple Way to Estimate
    Bid-Ask Spreads from Daily High and Low Prices" (2012).

    >>> candle = Candle(0, 100.0, 101.0, 99.0, 100.0, 50.0)
    >>> RangeShare(share=0.05).slip("sell", Decimal(100), Decimal(1), candle)
    Decimal('0.100')
    """

    share = Param(Decimal("0.05"), min=0, max=1, help="of the candle's high - low")
    keeps = ()

    def slip(self, side: Side, price: Decimal, quantity: Decimal, candle: Candle) -> Decimal:
        spread = subtract(exact(candle.high), exact(candle.low))
        return min(multiply(spread, self.share), multiply(price, HALF))
