import pytest
from tests.papertape_strategies.play import actions, closes_of, flat, highs_of, lows_of, play, started, walk

from papertape import Signal
from papertape_strategies.volatility_breakout import VolatilityBreakout


@pytest.mark.parametrize("short", [False, True])
def test_it_enters_outside_the_channel_of_the_candles_before_and_leaves_at_the_middle(short: bool) -> None:
    rows = walk(9, 800)
    close, high, low = closes_of(rows), highs_of(rows), lows_of(rows)
    side, expected = 0, []
    for k in range(21, 800):
        span = range(k - 20, k)
        middle = sum((high[i] + low[i] + close[i]) / 3 for i in span) / 20
        reach = sum(max(high[i] - low[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1])) for i in span) / 20
        if close[k] > middle + 2 * reach and side != 1:
            side, word, stop = 1, "buy", close[k] - 2 * reach
        elif short and close[k] < middle - 2 * reach and side != -1:
            side, word, stop = -1, "short", close[k] + 2 * reach
        elif (side == 1 and close[k] <= middle) or (side == -1 and close[k] >= middle):
            side, word, stop = 0, "close", None
        else:
            continue
        expected.append((k, word, stop if stop is None else pytest.approx(stop)))
    said = play(started(VolatilityBreakout(short=short), ["A"]), {"A": rows})
    assert len(expected) > 10
    assert [(k, s.action, s.stop_loss) for k, s in said if isinstance(s, Signal)] == expected


def test_a_stop_that_would_lie_below_zero_is_left_out() -> None:
    rows = [(k * 60_000, 1.0, 2.9, 0.1, 1.0, 5.0, 0) for k in range(5)]
    jump = (300_000, 5.0, 9.0, 5.0, 9.0, 5.0, 0)
    market = {"A": [*rows, jump]}
    ((batch, wish),) = play(started(VolatilityBreakout(window=3, stop=4), ["A"]), market)
    assert (batch, wish) == (5, Signal.buy("A", reason="above the channel"))


def test_a_market_that_never_moves_is_left_alone() -> None:
    assert actions(VolatilityBreakout(), {"A": flat([7.0] * 60)}) == []
