from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape import Candle, SlippageModel
from papertape.broker.slippage import FixedBps, NoSlippage, RangeShare, VolumeShare

CANDLE = Candle(0, 100.0, 104.0, 98.0, 100.0, 50.0)


def slip(model: SlippageModel, quantity: str = "2", candle: Candle = CANDLE) -> Decimal:
    return model.slip("buy", Decimal(100), Decimal(quantity), candle)


def test_each_model_in_an_example_that_fits_in_the_head() -> None:
    assert slip(NoSlippage()) == 0
    assert slip(FixedBps(bps=5)) == Decimal("0.05")
    assert slip(VolumeShare(impact=0.1)) == 100 * Decimal("0.1") * Decimal("0.2")  # the root of 2 / 50 is 0.2
    assert slip(RangeShare(share=0.05)) == Decimal("0.3")


@pytest.mark.parametrize(("quantity", "volume"), [("50", 50.0), ("51", 50.0), ("1", 0.0)])
def test_a_whole_volume_is_the_most_that_a_share_can_be(quantity: str, volume: float) -> None:
    assert slip(VolumeShare(impact=0.1), quantity, CANDLE._replace(volume=volume)) == 10


@given(
    price=st.decimals("0.00000001", "1e6", places=8),
    quantity=st.decimals("0.00000001", "1e6", places=8),
    low=st.floats(1e-8, 1e6),
    rise=st.floats(0, 1e6),
    volume=st.floats(0, 1e12),
)
def test_slippage_is_never_against_the_market_and_never_takes_all_of_the_price(
    price: Decimal, quantity: Decimal, low: float, rise: float, volume: float
) -> None:
    candle = Candle(0, low, low + rise, low, low, volume)
    for model in (FixedBps(bps=1_000), VolumeShare(impact="0.5"), RangeShare(share=1)):
        worse = model.slip("sell", price, quantity, candle)
        assert 0 <= worse <= price / 2
