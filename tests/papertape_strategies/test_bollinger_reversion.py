import numpy as np
import pytest
from tests.papertape_strategies.play import actions, closes_of, flat, walk

from papertape_strategies.bollinger_reversion import BollingerReversion


@pytest.mark.parametrize("short", [False, True])
def test_it_buys_below_the_lower_band_and_leaves_at_the_mean(short: bool) -> None:
    rows = walk(6, 600)
    closes = closes_of(rows)
    side, expected = 0, []
    for k in range(19, 600):
        window = closes[k - 19 : k + 1]
        mean = window.sum() / 20
        deviation = np.sqrt(((window - mean) ** 2).sum() / 20)
        score = (closes[k] - mean) / deviation
        if score < -1.8 and side < 1:
            side, word = 1, "buy"
        elif short and score > 1.8 and side > -1:
            side, word = -1, "short"
        elif (side > 0 and score >= 0) or (side < 0 and score <= 0):
            side, word = 0, "close"
        else:
            continue
        expected.append((k, "A", word))
    assert len(expected) > 10
    assert actions(BollingerReversion(width=1.8, short=short), {"A": rows}) == expected


def test_a_market_that_never_moves_is_left_alone() -> None:
    assert actions(BollingerReversion(), {"A": flat([7.0] * 60)}) == []
