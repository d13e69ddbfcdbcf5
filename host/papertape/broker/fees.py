"""Fee models."""

from decimal import Decimal

from papertape.contract.execution import FeeModel
from papertape.contract.instrument import Instrument


class InstrumentFees(FeeModel):
    """The maker and taker fees of the instrument, which a session file or `--fee-bps` can set."""

    keeps = ()

    def rate(self, instrument: Instrument, maker: bool) -> Decimal:
        return instrument.maker if maker else instrument.taker
