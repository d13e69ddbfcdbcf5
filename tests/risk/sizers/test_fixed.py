"""Fixed fraction, notional and quantity."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.risk.requests import request

from papertape import ConfigError
from papertape.risk.sizers.fixed_fraction import FixedFraction
from papertape.risk.sizers.fixed_notional import FixedNotional
from papertape.risk.sizers.fixed_quantity import FixedQuantity

amounts = st.decimals("0.00000001", "1e9", places=8)


def test_the_default_fraction_is_95_percent_of_equity() -> None:
    assert FixedFraction().size(request(equity=Decimal(10_000), price=Decimal(100))) == Decimal(95)


def test_the_fraction_is_shared_between_the_symbols() -> None:
    assert FixedFraction(fraction=0.9).size(request(symbols=3, price=Decimal(50))) == Decimal(60)


@given(equity=amounts, price=amounts, symbols=st.integers(1, 500))
def test_a_fraction_never_costs_more_than_it_and_is_exact_to_a_billionth_of_a_lot(
    equity: Decimal, price: Decimal, symbols: int
) -> None:
    size = Fraction(FixedFraction(fraction="0.95").size(request(equity=equity, price=price, symbols=symbols)))
    exact = Fraction(equity) * Fraction(95, 100) / symbols / Fraction(price)
    assert 0 <= exact - size <= exact / 10**50


def test_the_threads_decimal_context_changes_no_size() -> None:
    wanted = FixedFraction().size(request(price=Decimal(7)))
    with localcontext() as context:
        context.prec = 3
        assert FixedFraction().size(request(price=Decimal(7))) == wanted


def test_a_notional_buys_what_it_can() -> None:
    assert FixedNotional(notional=1_000).size(request(price=Decimal(8))) == Decimal(125)


def test_a_quantity_stays_as_it_is() -> None:
    assert FixedQuantity(quantity="0.1").size(request(price=Decimal(8))) == Decimal("0.1")


@pytest.mark.parametrize("value", ["nan", float("nan"), float("inf"), "-inf", -1, "much"])
def test_a_quantity_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match="FixedQuantity: quantity must be"):
        FixedQuantity(quantity=value)
