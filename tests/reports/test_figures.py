"""Figures of a curve, by hand and by a plain recomputation."""

from collections.abc import Sequence
from math import sqrt
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reports.trading import D, Trader

from papertape.ledger.records import EquityRow
from papertape.ledger.series import pack_series, pack_times
from papertape.reports.figures import Curve, Dealings
from papertape.reports.round_trips import round_trips

DAY, HOUR = 86_400_000, 3_600_000


def curve(
    equity: Sequence[float],
    times: Sequence[int] | None = None,
    cuts: Sequence[int] = (),
    start: float = 100.0,
    exposure: Sequence[float] = (),
) -> Curve:
    """The curve of closes at `times` (one an hour), taken in as blocks that end at `cuts`."""
    at = list(times or [(number + 1) * HOUR for number in range(len(equity))])
    held = list(exposure or [0.0] * len(equity))
    found = Curve(start)
    edges = [0, *sorted(cuts), len(equity)]
    for first, end in zip(edges, edges[1:], strict=False):
        part = slice(first, end)
        packed = pack_times(at[part]), pack_series(list(equity[part])), pack_series(held[part])
        found.take(EquityRow("b", first, end - first, *packed))
    return found


def test_a_drawdown_is_the_largest_fall_from_a_peak_as_a_share_of_it() -> None:
    assert curve([110, 88, 120, 102, 130]).max_drawdown == pytest.approx(0.2)  # 110 to 88
    assert curve([110, 99, 200, 150, 130, 180]).max_drawdown == pytest.approx(0.35)  # 200 to 130


def test_what_was_put_in_is_a_peak() -> None:
    assert curve([75, 90]).max_drawdown == pytest.approx(0.25)


def test_a_curve_that_only_rises_has_no_drawdown() -> None:
    assert curve([100, 101, 101, 105]).max_drawdown == 0.0


@pytest.mark.parametrize("cuts", [[1], [2], [3], [1, 2, 3], [2, 2]])
def test_a_fall_over_the_edge_of_a_block_counts_whole(cuts: list[int]) -> None:
    assert curve([110, 100, 88, 120], cuts=cuts).max_drawdown == pytest.approx(0.2)


equities = st.lists(st.floats(1.0, 1e6), min_size=1, max_size=60)


@given(equities, st.lists(st.integers(0, 60), max_size=4))
def test_blocks_change_no_figure(equity: list[float], cuts: list[int]) -> None:
    inside = [cut for cut in cuts if cut <= len(equity)]
    assert curve(equity, cuts=inside).figures() == curve(equity).figures()


@given(equities)
def test_a_drawdown_is_the_worst_of_all_pairs(equity: list[float]) -> None:
    path = [100.0, *equity]
    worst = max(1.0 - low / high for place, high in enumerate(path) for low in path[place:])
    assert curve(equity).max_drawdown == pytest.approx(worst, abs=1e-12)


def test_the_return_is_from_what_was_put_in_to_the_last_close() -> None:
    assert curve([90, 125]).figures()["return"] == pytest.approx(0.25)


def test_exposure_is_the_share_of_closes_at_which_something_was_held() -> None:
    assert curve([100] * 4, exposure=[0.0, 50.0, 60.0, 0.0]).figures()["exposure"] == 0.5


def test_a_book_that_saw_no_candle_has_figures_all_the_same() -> None:
    assert Curve(100.0).figures() == {"return": 0.0, "max_drawdown": 0.0, "sharpe": None, "exposure": 0.0}


def test_sharpe_is_the_mean_of_daily_returns_over_their_spread_for_a_year() -> None:
    closes = [100.0 + 3 * day + (7 if day % 2 else -4) for day in range(1, 41)]
    found = curve(closes, [(day + 1) * DAY for day in range(40)])
    path = [100.0, *closes]
    returns = [later / earlier - 1.0 for earlier, later in zip(path, path[1:], strict=False)]
    assert found.sharpe == pytest.approx(mean(returns) / stdev(returns) * sqrt(365), rel=1e-12)


@pytest.mark.parametrize(("days", "known"), [(29, False), (30, True)])
def test_there_is_no_sharpe_under_thirty_days(days: int, known: bool) -> None:
    closes = [100.0 + day % 3 for day in range(days)]
    assert (curve(closes, [(day + 1) * DAY for day in range(days)]).sharpe is not None) is known


def test_there_is_no_sharpe_where_nothing_moves_or_everything_was_lost() -> None:
    times = [(day + 1) * DAY for day in range(40)]
    assert curve([100.0] * 40, times).sharpe is None
    assert curve([*[100.0, 101.0] * 19, 0.0, 0.0], times).sharpe is None


def test_a_candle_that_closes_at_midnight_ends_the_day_before() -> None:
    found = curve([101, 102, 103, 104], [DAY - HOUR, DAY, DAY + HOUR, 2 * DAY])
    assert found.by_day == {0: 102.0, 1: 104.0}


@pytest.mark.parametrize("cuts", [[], [1], [2], [3], [1, 3]])
def test_a_day_that_lies_in_two_blocks_has_one_close(cuts: list[int]) -> None:
    found = curve([101, 102, 103, 104], [HOUR, 2 * HOUR, 3 * HOUR, DAY + HOUR], cuts=cuts)
    assert found.by_day == {0: 103.0, 1: 104.0}


def dealings(trader: Trader) -> Dealings:
    """What the trader's fills and closed trades came to."""
    found = Dealings()
    for fill in trader.fills:
        found.fill(fill)
    for trip in round_trips(trader.fills):
        found.close(trip)
    return found


def test_fees_and_traded_notional_are_those_of_all_fills() -> None:
    trader = Trader(rate="0.01")
    trader.fill("buy", 2, 100)
    trader.fill("sell", 1, 130)
    found = dealings(trader)
    assert (found.fills, found.fees, found.traded, found.trades) == (2, D("3.3"), D(330), 0)


def test_figures_of_trades_are_by_hand() -> None:
    trader = Trader()
    for enter, leave in [(100, 130), (100, 110), (100, 75), (100, 100)]:
        trader.fill("buy", 1, enter)
        trader.fill("sell", 1, leave)
    assert dealings(trader).figures() == {
        "trades": 4,
        "win_rate": 0.5,
        "profit_factor": 1.6,  # 40 won, 25 lost
        "average_trade": 3.75,
    }


def test_a_factor_without_a_loss_is_none_and_so_is_all_without_a_trade() -> None:
    trader = Trader()
    trader.fill("buy", D(1), 100)
    nothing = {"trades": 0, "win_rate": None, "profit_factor": None, "average_trade": None}
    assert dealings(trader).figures() == nothing
    trader.fill("sell", D(1), 130)
    assert dealings(trader).figures()["profit_factor"] is None
