"""Maximum position and gross exposure: what they let pass, shrink and refuse."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.risk.requests import entry

from papertape.risk.rules.gross_exposure import GrossExposure
from papertape.risk.rules.max_position import MaxPosition

quantities = st.decimals("0.00000001", "1e6", places=8)
prices = st.decimals("0.01", "1e6", places=2)


def test_an_entry_within_the_limits_passes() -> None:
    assert MaxPosition(limit=0.1).check(entry(quantity=Decimal(10))) is None
    assert GrossExposure(limit=0.1).check(entry(quantity=Decimal(10))) is None


def test_an_entry_above_the_limit_shrinks_to_it() -> None:
    assert MaxPosition(limit=0.05).check(entry()) == Decimal(5)
    assert GrossExposure(limit=0.5).check(entry(exposure=Decimal(4_200))) == Decimal(8)


def test_the_smaller_of_fraction_and_notional_counts() -> None:
    assert MaxPosition(limit=0.05, notional=300).check(entry()) == Decimal(3)
    assert MaxPosition(limit=0.02, notional=300).check(entry()) == Decimal(2)


def test_what_is_held_takes_its_part_of_the_limit() -> None:
    assert MaxPosition(limit=0.1).check(entry(position=Decimal(7))) == Decimal(3)
    assert MaxPosition(limit=0.1).check(entry(side="sell", position=Decimal(-7))) == Decimal(3)


def test_an_order_against_the_position_may_turn_it_up_to_the_limit() -> None:
    assert MaxPosition(limit=0.1).check(entry(side="sell", quantity=Decimal(20), position=Decimal(7))) == Decimal(17)


@pytest.mark.parametrize("position", [10, 11])
def test_at_the_limit_an_entry_is_refused(position: int) -> None:
    assert MaxPosition(limit=0.1).check(entry(position=Decimal(position))) == (
        "max-position: the position is at its limit"
    )
    assert GrossExposure(limit=0.1).check(entry(exposure=Decimal(100 * position))) == (
        "gross-exposure: the book's exposure is at its limit"
    )


def test_a_book_without_equity_enters_nothing() -> None:
    assert isinstance(MaxPosition().check(entry(equity=Decimal(-1))), str)
    assert isinstance(GrossExposure().check(entry(equity=Decimal(-1))), str)


@given(quantity=quantities, price=prices, position=quantities, limit=st.decimals("0.01", "10", places=2))
def test_what_passes_never_breaks_the_limit(
    quantity: Decimal, price: Decimal, position: Decimal, limit: Decimal
) -> None:
    mark = entry(quantity=quantity, price=price, position=position, exposure=position * price)
    for rule in (MaxPosition(limit=limit), GrossExposure(limit=limit)):
        verdict = rule.check(mark)
        if not isinstance(verdict, str):
            allowed = quantity if verdict is None else verdict
            assert 0 < allowed <= quantity
            assert (position + allowed) * price <= 10_000 * limit + Decimal("1e-20")
