"""Amounts go through both databases without losing or gaining a digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from sqlalchemy import Column, MetaData, Table, insert, select
from tests.ledger.rows import amounts

from papertape.contract.errors import InvalidValue
from papertape.ledger.database import connect
from papertape.ledger.exact import ExactDecimal, exact_text


@given(amounts)
def test_the_text_of_an_amount_is_the_same_amount(amount: Decimal) -> None:
    assert Decimal(exact_text(amount)) == amount


@given(amounts)
def test_equal_amounts_have_the_same_text(amount: Decimal) -> None:
    sign, digits, exponent = amount.as_tuple()
    longer = Decimal((sign, (*digits, 0, 0), int(exponent) - 2))
    assert exact_text(longer) == exact_text(amount)


@given(amounts)
def test_the_text_is_plain_notation_without_needless_zeros(amount: Decimal) -> None:
    text = exact_text(amount)
    assert set(text) <= set("-.0123456789")
    assert not ("." in text and text.endswith(("0", "."))) and text != "-0"


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(InvalidValue, match=amount):
        exact_text(Decimal(amount))


@pytest.mark.parametrize(
    "amount", ["0.1", "1E+3", "-0.00", "1e-30", "123456789012345678901234567890.123456789012345678901234567890"]
)
def test_a_column_gives_back_what_it_was_given_normalised(ledger_url: str, amount: str) -> None:
    table = Table("amounts", MetaData(), Column("amount", ExactDecimal))
    database = connect(ledger_url, create=True)
    with database.write() as connection:
        table.create(connection)
        connection.execute(insert(table).values(amount=Decimal(amount)))
        found = connection.execute(select(table.c.amount)).scalar_one()
    database.close()
    assert found == Decimal(amount)
    assert found.as_tuple() == Decimal(exact_text(Decimal(amount))).as_tuple()
