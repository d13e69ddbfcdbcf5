from decimal import Decimal

from papertape import Instrument
from papertape.broker.fees import InstrumentFees


def test_makers_and_takers_pay_what_the_instrument_says() -> None:
    instrument = Instrument("A/USD", "USD", maker=Decimal("-0.0001"), taker=Decimal("0.0006"))
    assert InstrumentFees().rate(instrument, maker=True) == Decimal("-0.0001")
    assert InstrumentFees().rate(instrument, maker=False) == Decimal("0.0006")
