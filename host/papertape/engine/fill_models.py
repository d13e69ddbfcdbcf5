"""Fee and slippage models behind a guard: one that fails is recorded, and the fill goes on without it."""

from decimal import Decimal
from typing import Final

from papertape.contract.candle import Candle
from papertape.contract.errors import PluginError
from papertape.contract.execution import FeeModel, SlippageModel
from papertape.contract.instrument import Instrument
from papertape.contract.order import Side
from papertape.engine.guard import GUEST_ERRORS, Guard

ZERO: Final = Decimal(0)
LEAST_RATE: Final = Decimal(-1)


class GuardedFees(FeeModel):
    """The model's rate; the instrument's own where the model raises, gives no finite Decimal, or is quarantined."""

    def __init__(self, model: FeeModel, guard: Guard) -> None:
        self.model = model
        self.guard = guard

    def rate(self, instrument: Instrument, maker: bool) -> Decimal:
        if self.guard.status == "ok":
            try:
                rate = _usable(self.model.rate(instrument, maker), LEAST_RATE)
                self.guard.streak = 0
                return rate
            except GUEST_ERRORS as error:
                self.guard.failed(error)
        return instrument.maker if maker else instrument.taker


class GuardedSlippage(SlippageModel):
    """The model's slippage; none where the model raises, gives no finite Decimal from 0, or is quarantined."""

    def __init__(self, model: SlippageModel, guard: Guard) -> None:
        self.model = model
        self.guard = guard

    def slip(self, side: Side, price: Decimal, quantity: Decimal, candle: Candle) -> Decimal:
        if self.guard.status == "ok":
            try:
                worse = _usable(self.model.slip(side, price, quantity, candle), ZERO)
                self.guard.streak = 0
                return worse
            except GUEST_ERRORS as error:
                self.guard.failed(error)
        return ZERO


def _usable(value: Decimal, least: Decimal) -> Decimal:
    if not (isinstance(value, Decimal) and value.is_finite() and value >= least):
        raise PluginError(f"it gave {value!r}, which is no Decimal from {least}")
    return value
