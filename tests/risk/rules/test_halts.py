"""Drawdown and daily-loss halts: when they stand and when they lift."""

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape import RiskRule
from papertape.risk.rules.daily_loss import DailyLoss
from papertape.risk.rules.max_drawdown import MaxDrawdown

HOUR = 3_600_000
DAY = 24 * HOUR


def standing(rule: RiskRule, marks: list[tuple[int, float]]) -> list[bool]:
    return [rule.on_mark(now, equity, 0.0) is not None for now, equity in marks]


def by_minute(*equities: float) -> list[tuple[int, float]]:
    return [(60_000 * (k + 1), equity) for k, equity in enumerate(equities)]


def test_a_drawdown_halts_at_its_limit_from_the_highest_mark() -> None:
    assert standing(MaxDrawdown(limit=0.25), by_minute(100, 160, 121, 120)) == [False, False, False, True]


def test_a_drawdown_halt_stands_until_the_book_passes_its_peak() -> None:
    assert standing(MaxDrawdown(limit=0.1), by_minute(100, 90, 99, 100, 101, 92)) == [
        False, True, True, True, False, False,
    ]  # fmt: skip


def test_a_halt_says_what_it_does_and_why() -> None:
    rule = MaxDrawdown(limit=0.1, action="reduce", keep=0.25)
    rule.on_mark(1, 100.0, 0.0)
    halt = rule.on_mark(2, 80.0, 0.0)
    assert halt is not None
    assert (halt.action, halt.fraction) == ("reduce", 0.25)
    assert halt.reason == "max-drawdown: equity is 0.1 of its peak or more below it"
    assert rule.on_mark(3, 70.0, 0.0) is halt, "one object as long as it stands"


@pytest.mark.parametrize("rule", [MaxDrawdown(), DailyLoss()])
def test_an_equity_that_is_not_a_number_halts(rule: RiskRule) -> None:
    assert standing(rule, by_minute(100, nan)) == [False, True]


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=40), st.integers(0, 40))
def test_a_halt_goes_on_from_its_kept_state(equities: list[float], cut: int) -> None:
    for make in (MaxDrawdown, DailyLoss):
        marks = [(HOUR * 5 * (k + 1), equity) for k, equity in enumerate(equities)]
        whole, before, after = make(limit=0.3), make(limit=0.3), make(limit=0.3)
        head = standing(before, marks[:cut])
        assert before.state is not None
        after.state = dict(before.state)
        assert head + standing(after, marks[cut:]) == standing(whole, marks)


def test_a_daily_loss_counts_from_midnight_and_is_forgiven_at_the_next() -> None:
    marks = [(1, 100.0), (5 * HOUR, 120.0), (6 * HOUR, 90.0), (7 * HOUR, 130.0), (DAY, 95.0), (DAY + HOUR, 86.0)]
    assert standing(DailyLoss(limit=0.1), marks) == [False, False, True, True, False, False]
    assert standing(DailyLoss(limit=0.1), [*marks, (DAY + 2 * HOUR, 85.5)])[-1], "a tenth below the 95 of midnight"


def test_after_a_gap_over_midnight_the_day_starts_from_the_last_mark_before_it() -> None:
    marks = [(20 * HOUR, 100.0), (DAY + 3 * HOUR, 89.0)]
    assert standing(DailyLoss(limit=0.1), marks) == [False, True]


def test_a_day_on_which_nothing_is_lost_has_no_halt() -> None:
    assert not any(standing(DailyLoss(), [(HOUR * k, 100.0 + k) for k in range(1, 60)]))
