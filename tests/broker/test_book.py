"""A book's money: exact, rounded half-even where it is booked, and never anywhere else."""

from decimal import Decimal, Inexact, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape import Row
from papertape.broker.book import Book, Settled
from papertape.broker.money import ZERO, add, booked, decimal, multiply, subtract

D = Decimal
BUY, SELL = 1, -1


def settle(book: Book, sign: int, quantity: object, price: object, rate: object = 0, at: int = 0) -> Settled:
    return book.settle(0, sign, D(str(quantity)), D(str(price)), D(str(rate)), at)


def closed_at(price: float) -> tuple[Row | None, ...]:
    return ((0, price, price, price, price, 1.0, 0),)


def test_a_buy_takes_its_notional_and_its_fee_from_cash() -> None:
    book = Book("b", D(1_000), False)
    settled = settle(book, BUY, 3, 100, "0.001")
    assert (settled.fee, book.cash, book.quantity(0)) == (D("0.3"), D("699.7"), D(3))
    assert settled.profit is None


def test_fees_are_booked_at_a_hundred_millionth_half_even() -> None:
    book = Book("b", D(1_000), False)
    assert settle(book, BUY, "0.00000005", 1, "0.1").fee == 0  # 0.5e-8 goes to the even 0
    assert settle(book, BUY, "0.00000015", 1, "0.1").fee == D("0.00000002")  # 1.5e-8 to the even 2


def test_a_fee_is_of_the_exact_notional_and_not_of_the_booked_one() -> None:
    book = Book("b", D(1_000), False)
    assert settle(book, BUY, "0.00000001", "1.4", "0.5").fee == D("0.00000001")  # half of 1.4e-8, not of 1e-8


def test_profit_is_what_a_round_trip_left_in_cash() -> None:
    book = Book("b", D(1_000), False)
    settle(book, BUY, 3, 100, "0.001")
    settled = settle(book, SELL, 3, 110, "0.001")
    assert settled.profit == book.cash - 1_000 == D("29.37")  # 30 less 0.30 and 0.33
    assert settled.closed == (D("29.37"), D(300))
    assert book.holdings == {}


def test_a_partial_exit_realises_its_part_of_cost_and_fees() -> None:
    book = Book("b", D(1_000), False)
    settle(book, BUY, 4, 100, "0.01")
    settled = settle(book, SELL, 1, 120, "0.01")
    assert settled.profit == D("17.8")  # 20 less 1.20 for the sale and 1.00, a quarter of the entry's fee
    assert settled.closed is None
    assert (book.quantity(0), book.entry_price(0)) == (D(3), D(100))


def test_adding_averages_the_entry_price() -> None:
    book = Book("b", D(1_000), False)
    settle(book, BUY, 1, 100)
    settle(book, BUY, 3, 120)
    assert book.entry_price(0) == 115


def test_a_short_gets_cash_and_owes_units() -> None:
    book = Book("b", D(1_000), True)
    settle(book, SELL, 2, 100, "0.001")
    assert (book.cash, book.quantity(0), book.exact_equity(closed_at(90.0))) == (D("1199.8"), D(-2), D("1019.8"))
    assert settle(book, BUY, 2, 90, "0.001").profit == D("19.62")


def test_a_fill_that_turns_a_position_around_closes_one_trip_and_opens_another() -> None:
    book = Book("b", D(1_000), True)
    settle(book, BUY, 2, 100, "0.001", at=1)
    settled = settle(book, SELL, 5, 110, "0.001", at=2)
    assert settled.closed == (D("19.58"), D(200))  # 20 less 0.20, and 0.22 of the fill's fee of 0.55
    turned = book.holdings[0]
    assert (turned.quantity, turned.cost, turned.fees, turned.opened_at) == (D(-3), D(330), D("0.33"), 2)


def test_equity_is_cash_and_positions_at_the_last_close_even_where_the_symbol_stands_still() -> None:
    book = Book("b", D(1_000), False)
    settle(book, BUY, 2, 100)
    book.mark(closed_at(105.0), (None,))
    assert (book.equity, book.exposure) == (1_010.0, 210.0)


def test_the_extremes_of_a_holding_follow_the_candles_while_it_is_held() -> None:
    book = Book("b", D(1_000), False)
    settle(book, BUY, 2, 100)
    book.mark(((0, 100.0, 107.0, 96.0, 101.0, 1.0, 0),), ((0, 100.0, 107.0, 96.0, 101.0, 1.0, 0),))
    settled = settle(book, SELL, 2, 110)
    assert (settled.high, settled.low) == (110.0, 96.0)


def test_a_sum_that_would_lose_a_digit_is_an_error() -> None:
    with pytest.raises(Inexact):
        add(D(10) ** 60, D(10) ** -40)


def test_a_thread_with_three_digits_changes_no_sum() -> None:
    with localcontext() as context:
        context.prec = 3
        book = Book("b", D("123456.78901234"), False)
        fee = settle(book, BUY, "1.23456789", "45678.9", "0.001").fee
    assert fee == D("56.39370319")  # 1.23456789 x 45678.9 = 56393.703190521
    assert book.cash == D("67006.69211863")


executions = st.tuples(
    st.sampled_from([BUY, SELL]),
    st.integers(1, 10**12).map(lambda units: D(units).scaleb(-8)),
    st.integers(1, 10**9).map(lambda units: D(units).scaleb(-4)),
    st.integers(-20, 100).map(lambda bps: D(bps).scaleb(-4)),
)


@given(st.lists(executions, max_size=12))
def test_cash_position_and_profit_are_the_sums_of_the_fills(fills: list[tuple[int, Decimal, Decimal, Decimal]]) -> None:
    book = Book("b", D(1_000), True)
    cash, position, profit, fees = D(1_000), ZERO, ZERO, ZERO
    for number, (sign, quantity, price, rate) in enumerate(fills):
        settled = book.settle(0, sign, quantity, price, rate, number)
        notional = booked(multiply(quantity, price))
        assert settled.fee == booked(multiply(multiply(quantity, price), rate))
        cash = subtract(subtract(cash, notional if sign > 0 else -notional), settled.fee)
        position = add(position, quantity if sign > 0 else -quantity)
        profit = add(profit, settled.profit or ZERO)
        fees = add(fees, settled.fee)
        assert (book.cash, book.quantity(0)) == (cash, position)
        held = book.holdings.get(0)
        open_cost = ZERO if held is None else held.cost if held.quantity > 0 else -held.cost
        open_fees = ZERO if held is None else held.fees
        # Nothing is lost between cash, what is held at cost, and what has been realised.
        assert add(cash, open_cost) == subtract(add(D(1_000), profit), open_fees)


@pytest.mark.parametrize("value", [3, 3.0, D(3)])
def test_amounts_of_any_kind_are_the_same_decimal(value: Decimal | float | int) -> None:
    assert decimal(value) == D(3)


def test_numpys_numbers_are_numbers() -> None:
    import numpy as np

    assert (decimal(np.int64(3)), decimal(np.float64(0.1))) == (D(3), D("0.1"))
