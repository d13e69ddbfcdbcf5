import pytest
from tests.papertape_strategies.play import actions, closes_of, flat, highs_of, lows_of, walk

from papertape_strategies.donchian_breakout import DonchianBreakout


@pytest.mark.parametrize("short", [False, True])
def test_it_enters_beyond_the_long_range_and_leaves_beyond_the_short_one(short: bool) -> None:
    rows = walk(7, 800)
    close, high, low = closes_of(rows), highs_of(rows), lows_of(rows)
    side, expected = 0, []
    for k in range(55, 800):
        if close[k] > max(high[k - 55 : k]) and side != 1:
            side, word = 1, "buy"
        elif short and close[k] < min(low[k - 55 : k]) and side != -1:
            side, word = -1, "short"
        elif (side == 1 and close[k] < min(low[k - 20 : k])) or (side == -1 and close[k] > max(high[k - 20 : k])):
            side, word = 0, "close"
        else:
            continue
        expected.append((k, "A", word))
    assert len(expected) >= 8
    assert actions(DonchianBreakout(short=short), {"A": rows}) == expected


def test_a_close_at_the_old_high_is_no_breakout() -> None:
    rows = flat([10, 11, 10, 11, 11.5, 10])
    assert actions(DonchianBreakout(enter=2, leave=2), {"A": rows}) == [(4, "A", "buy"), (5, "A", "close")]
