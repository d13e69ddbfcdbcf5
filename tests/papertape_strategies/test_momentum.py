import pytest
from tests.papertape_strategies.play import actions, closes_of, walk

from papertape_strategies.momentum import Momentum


@pytest.mark.parametrize(("skip", "short"), [(0, False), (5, False), (5, True)])
def test_it_goes_with_the_return_of_the_window_before_the_newest_candles(skip: int, short: bool) -> None:
    rows = walk(8, 300)
    closes = closes_of(rows)
    expected = []
    for k in range(40 + skip, 300):
        gain = closes[k - skip] / closes[k - skip - 40] - 1
        word = "buy" if gain > 0.02 else "short" if short and gain < -0.02 else "close"
        expected.append((k, "A", word))
    assert len({word for _, _, word in expected}) == 2 + short
    assert actions(Momentum(window=40, skip=skip, threshold=0.02, short=short), {"A": rows}) == expected
