"""Comparing two sessions: the first thing in which they differ is named, with both values."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.engine.hosted import NAME, SIM, kept, run, stormy

from papertape.contract.errors import LedgerError
from papertape.engine.config import SessionConfig, read_config
from papertape.ledger.store import Ledger
from papertape.reports.comparison import Compared, compare
from papertape.reports.differing import Difference

OTHER = "b"


def of(*strategies: str, bars: int = 120, **keys: Any) -> SessionConfig:
    return read_config({"feed": SIM, "strategies": list(strategies), "bars": bars, **keys})


def compared(url: str, a: str = NAME, b: str = OTHER) -> Compared:
    with Ledger.open(url) as ledger:
        return compare(ledger, ledger.find(a), ledger.find(b), lambda done: None)


def difference(url: str) -> Difference:
    found = compared(url)
    assert not found.equal and found.difference is not None
    return found.difference


def tamper(url: str, statement: str, **values: object) -> None:
    with Ledger.open(url) as ledger, ledger.database.write() as connection:
        assert connection.execute(text(f"{statement} AND session = 'b'"), values).rowcount >= 1


def records(url: str, name: str = NAME) -> list[Any]:
    """All that has a number."""
    held = kept(url, name)
    return [*held.signals, *held.orders, *held.fills, *held.events]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger that holds one and the same session twice, committed at other times."""
    folder = tmp_path_factory.mktemp("twice")
    url = f"sqlite:///{folder / 'ledger.db'}"
    run(url, stormy(60))
    run(url, stormy(60), name=OTHER, every=3)
    return folder


@pytest.fixture
def twice(whole: Path, sqlite_url: str, tmp_path: Path) -> str:
    """A copy of that ledger, which a test may alter."""
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    return sqlite_url


def test_one_and_the_same_session_is_equal_however_it_was_committed_stopped_and_resumed(ledger_url: str) -> None:
    run(ledger_url, stormy(60))
    run(ledger_url, stormy(60), name=OTHER, every=3, until=25)
    run(ledger_url, name=OTHER)
    found = compared(ledger_url)
    assert found.equal and found.difference is None
    assert (found.settings, found.sources, found.code, found.only_a, found.only_b) == ((), (), (), (), ())
    assert found.records == len(records(ledger_url)) > 100
    assert len(found.books) > 5 and all(book.difference is None for book in found.books)
    assert compared(ledger_url, NAME, NAME).equal


def test_an_altered_fill_is_named_with_both_prices(ledger_url: str) -> None:
    run(ledger_url, stormy(60))
    run(ledger_url, stormy(60), name=OTHER)
    fill = kept(ledger_url).fills[5]
    tamper(ledger_url, "UPDATE fills SET price = '42011.5' WHERE seq = :seq", seq=fill.seq)
    found = difference(ledger_url)
    assert found[:5] == (fill.batch, fill.at, "fill", fill.book, "price")
    assert found.text.startswith(f"batch {fill.batch}, ")
    assert f": fill {fill.seq} of book {fill.book}: price is {fill.price:,} in a, 42,011.5 in b" in found.text
    assert found.document()["a"] == str(fill.price) and found.document()["b"] == "42011.5"


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("signals", "action", "'close'"), ("signals", "confidence", "0.125"), ("orders", "effective", "60000")],
)
def test_an_altered_record_is_named_with_both_values(twice: str, table: str, column: str, value: str) -> None:
    other = value.strip("'")
    row = next(row for row in getattr(kept(twice), table) if row.batch > 25 and str(getattr(row, column)) != other)
    tamper(twice, f"UPDATE {table} SET {column} = {value} WHERE seq = :seq", seq=row.seq)
    found = difference(twice)
    assert (found.batch, found.what, found.field) == (row.batch, table.removesuffix("s"), column)
    assert found.a == getattr(row, column) and str(found.b) == other
    assert f"{found.what} {row.seq} of " in found.text


def test_how_an_order_ends_is_compared_in_the_batch_in_which_it_ends(twice: str) -> None:
    order = next(row for row in kept(twice).orders if row.status == "cancelled" and row.ended_at != row.at)
    tamper(twice, "UPDATE orders SET status = 'expired' WHERE seq = :seq", seq=order.seq)
    found = difference(twice)
    assert (found.what, found.field, found.a, found.b) == ("order", "status", "cancelled", "expired")
    assert found.at == order.ended_at and found.batch > order.batch
    assert f"order {order.seq} of book {order.book}: status is cancelled in a, expired in b" in found.text
    batches = {row.at: row.batch for row in kept(twice).signals}
    assert batches.get(order.ended_at or 0, found.batch) == found.batch


def test_an_order_that_still_works_is_compared_too(twice: str) -> None:
    order = next(row for row in kept(twice).orders if row.status == "working")
    tamper(twice, "UPDATE orders SET filled = '0.5' WHERE seq = :seq", seq=order.seq)
    found = difference(twice)
    assert (found.what, found.field, found.of) == ("order", "filled", order.book)
    assert f"order {order.seq} of book {order.book}: filled is 0 in a, 0.5 in b" in found.text


def test_a_refusal_where_the_other_has_an_order_is_told_with_its_reason(twice: str) -> None:
    order = next(row for row in kept(twice).orders if row.status == "filled")
    tamper(twice, "UPDATE orders SET status = 'refused', reason = 'too late' WHERE seq = :seq", seq=order.seq)
    said = difference(twice).text
    assert f": a has order {order.seq} of book {order.book} ({order.side} " in said
    assert f", b has refusal {order.seq} of book {order.book} ({order.side} " in said and "too late)" in said


def test_a_record_that_only_one_has_is_told(twice: str) -> None:
    fill = kept(twice).fills[-1]
    tamper(twice, "DELETE FROM fills WHERE seq = :seq", seq=fill.seq)
    found = difference(twice)
    assert (found.what, found.of, found.batch) == ("fill", fill.book, fill.batch)
    assert f": a has fill {fill.seq} of book {fill.book} ({fill.side} " in found.text
    assert ", b has " in found.text


def test_the_first_of_several_differences_counts_and_every_book_has_its_own(twice: str) -> None:
    early = kept(twice).fills[3]
    late = next(row for row in reversed(kept(twice).fills) if row.book != early.book)
    for fill in (early, late):
        tamper(twice, "UPDATE fills SET fee = '9' WHERE seq = :seq", seq=fill.seq)
    found = compared(twice)
    assert found.difference is not None and found.difference.of == early.book
    by_book = {book.name: book.difference for book in found.books}
    assert {name for name, one in by_book.items() if one is not None} == {early.book, late.book}
    assert (by_book[late.book] or found.difference).batch == late.batch
    assert found.records == len([row for row in records(twice) if row.batch < early.batch])


def test_the_books_that_both_have_are_compared_whatever_their_numbers(sqlite_url: str) -> None:
    run(sqlite_url, of("ema-cross", "macd"))
    run(sqlite_url, of("momentum", "macd", "ema-cross"), name=OTHER)
    found = compared(sqlite_url)
    assert found.difference is None and not found.equal
    assert [book.name for book in found.books] == ["ema-cross", "macd"]
    assert (found.only_a, found.only_b) == ((), ("momentum",))
    numbers = ([row.seq for row in kept(sqlite_url, name).fills if row.book == "macd"] for name in (NAME, OTHER))
    assert next(numbers) != next(numbers), "each session counts the records of all its books"
    assert found.records == len(records(sqlite_url))


def test_a_fill_that_belongs_to_another_order_is_found_where_numbers_have_shifted(sqlite_url: str) -> None:
    run(sqlite_url, of("ema-cross"))
    run(sqlite_url, of("macd", "ema-cross"), name=OTHER)
    assert compared(sqlite_url).difference is None
    fill = [row for row in kept(sqlite_url, OTHER).fills if row.book == "ema-cross"][-1]
    tamper(sqlite_url, 'UPDATE fills SET "order" = "order" + 1 WHERE seq = :seq', seq=fill.seq)
    found = difference(sqlite_url)
    assert (found.what, found.field, found.b) == ("fill", "order", fill.order + 1)
    assert f"({fill.seq} in b) of book ema-cross: order is " in found.text


def test_other_settings_are_told_and_are_no_difference_where_they_change_nothing(sqlite_url: str) -> None:
    run(sqlite_url, of("ema-cross"))
    run(sqlite_url, of("ema-cross:fast=12", max_errors=9), name=OTHER)
    found = compared(sqlite_url)
    assert found.equal
    assert [setting.key for setting in found.settings] == ["max_errors", "strategies.ema-cross.fast"]
    assert found.settings[0][1:] == (5, 9)


def test_another_parameter_shows_in_the_signals(sqlite_url: str) -> None:
    run(sqlite_url, of("ema-cross"))
    run(sqlite_url, of("ema-cross:fast=5"), name=OTHER)
    found = difference(sqlite_url)
    assert found.what == "signal" and found.of == "ema-cross"


def test_another_seed_is_told_as_another_source_of_candles(sqlite_url: str) -> None:
    run(sqlite_url, of("ema-cross"))
    run(sqlite_url, of("ema-cross", seed=8), name=OTHER)
    found = compared(sqlite_url)
    assert [setting for setting in found.sources if setting.key == "params.seed"] == [("params.seed", 7, 8)]
    assert found.candles is None and found.difference is not None


def test_a_session_that_went_on_for_longer_differs_where_the_other_ends(sqlite_url: str) -> None:
    run(sqlite_url, of("ema-cross", bars=60))
    run(sqlite_url, of("ema-cross", bars=90), name=OTHER)
    found = difference(sqlite_url)
    assert (found.what, found.batch) == ("length", 59)
    assert found.text == "a ends after batch 59, b goes on to batch 89"


def test_balances_are_compared_where_nothing_was_done(sqlite_url: str) -> None:
    run(sqlite_url, of("ema-cross", bars=3))
    run(sqlite_url, of("ema-cross", bars=3, cash=20000), name=OTHER)
    found = difference(sqlite_url)
    assert found.text == "at the close, batch 2: cash of book ema-cross is 10,000 in a, 20,000 in b"
    assert (found.what, found.field, found.a, found.b) == ("balance", "cash", "10000", "20000")


def test_what_an_operator_said_comes_before_what_came_of_it(sqlite_url: str) -> None:
    run(sqlite_url, of("ema-cross"), every=1)
    run(sqlite_url, of("ema-cross"), name=OTHER, every=1, tell={40: {"command": "flatten"}})
    found = difference(sqlite_url)
    assert found.what == "event"
    assert 'a has no other event, b has command {"command":"flatten"}' in found.text


def test_code_that_changed_is_told(twice: str) -> None:
    tamper(
        twice, 'UPDATE tape SET payload = replace(payload, \'"version":\', \'"version":"x","was":\') WHERE number = 0'
    )
    assert "ema-cross" in compared(twice).code


def test_a_session_without_a_checkpoint_cannot_be_compared(twice: str) -> None:
    tamper(twice, "DELETE FROM checkpoints WHERE batch > -9")
    with pytest.raises(LedgerError, match="session b has nothing to compare: it holds no checkpoint"):
        compared(twice)
