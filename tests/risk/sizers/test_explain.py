"""Every sizer says how it came to its size, with the figures that matter."""

from decimal import Decimal

import pytest
from tests.risk.requests import request

from papertape import Candles, Sizer
from papertape.risk.sizers.fixed_fraction import FixedFraction
from papertape.risk.sizers.fixed_notional import FixedNotional
from papertape.risk.sizers.fixed_quantity import FixedQuantity
from papertape.risk.sizers.fractional_kelly import FractionalKelly
from papertape.risk.sizers.volatility_target import VolatilityTarget

FLAT = [(k * 60_000, 100.0, 100.0, 100.0, 100.0 + k % 2, 1.0, 0) for k in range(4)]


@pytest.mark.parametrize(
    ("sizer", "changes", "said"),
    [
        (FixedFraction(), {}, "0.95 of equity"),
        (FixedFraction(), {"symbols": 3}, "0.95 of equity, split between 3 symbols"),
        (FixedNotional(notional=500), {}, "500 USDT for every entry"),
        (FixedQuantity(quantity="0.1"), {}, "0.1 units for every entry"),
        (FractionalKelly(), {}, "no known edge after 0 of 30 round trips: 0.05 of equity (from 0.05 to 0.95)"),
        (
            FractionalKelly(trips=4, part=0.1),
            {"trips": (0.1, -0.05, 0.1, -0.05)},
            "the Kelly fraction of its last 4 round trips is 5, of which 0.1 counts: 0.5 of equity (from 0.05 to 0.95)",
        ),
        (VolatilityTarget(), {"window": lambda: Candles.pack([])}, "nothing before 100 returns are there; there are 0"),
        (
            VolatilityTarget(window=3),
            {"window": lambda: Candles.pack(FLAT)},
            "0.2 a year wanted, 7.214 realised over 3 returns; at most 0.95 of equity",
        ),
        (Sizer(), {}, ""),
    ],
)
def test_it_says_how(sizer: Sizer, changes: dict[str, object], said: str) -> None:
    assert sizer.explain(request(**changes)) == said


def test_what_kelly_says_is_what_it_trades() -> None:
    sizer = FractionalKelly(trips=4, part=0.1)
    asked = request(trips=(0.1, -0.05, 0.1, -0.05))
    assert sizer.size(asked) == Decimal(50)  # half of 10,000 at 100
