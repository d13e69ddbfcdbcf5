from decimal import Decimal

import numpy as np
import pytest
from tests.risk.requests import request

from papertape import Candles, SizingRequest
from papertape.risk.sizers.volatility_target import VolatilityTarget, annual_volatility

DAY = 86_400_000


def with_closes(closes: list[float], **changes: object) -> SizingRequest:
    packed = Candles.pack([(k * DAY, c, c, c, c, 1.0, 0) for k, c in enumerate(closes)])
    return request(window=lambda: packed, period=DAY, **changes)


def up_and_down(count: int, step: float) -> list[float]:
    return [100.0 * float(np.exp(step * (k % 2))) for k in range(count + 1)]


def test_a_market_of_twice_the_target_gets_half_the_equity() -> None:
    daily = 0.4 / np.sqrt(365)  # each return is +-daily, so a year has a volatility of 40 percent
    size = VolatilityTarget(annual=0.2, window=10).size(with_closes(up_and_down(10, daily)))
    assert float(size) == pytest.approx(0.5 * 10_000 / 100)


def test_the_position_is_shared_between_the_symbols() -> None:
    calls = [with_closes(up_and_down(10, 0.05), symbols=n) for n in (1, 4)]
    one, four = (VolatilityTarget(window=10).size(call) for call in calls)
    assert float(one) == pytest.approx(4 * float(four))


@pytest.mark.parametrize("closes", [[100.0] * 11, up_and_down(10, 1e-9)])
def test_a_calm_market_gets_no_more_than_the_cap(closes: list[float]) -> None:
    assert VolatilityTarget(window=10, cap=0.5).size(with_closes(closes)) == Decimal(50)


def test_without_enough_returns_nothing_is_traded() -> None:
    sizer = VolatilityTarget(window=10)
    assert sizer.lookback() == 11
    assert sizer.size(with_closes(up_and_down(9, 0.01))) == 0


def test_with_decay_the_newest_return_weighs_most() -> None:
    quiet_then_wild = np.array([100.0, 100.0, 100.0, 110.0])
    # weights 0.25, 0.5 and 1; only the last return moved
    expected = np.log(1.1) * np.sqrt(1 / 1.75 * 365)
    assert annual_volatility(quiet_then_wild, 0.5, DAY) == pytest.approx(expected)
