"""Verifying: the tape is folded again, and the first record that is not the same is named with both values."""

import pytest
from sqlalchemy import text
from tests.engine.hosted import NAME, checkpoints, kept, run, stormy, verified

from papertape.ledger.records import EquityRow
from papertape.ledger.series import pack_series, unpack_series
from papertape.ledger.store import Ledger


def tamper(url: str, statement: str, **values: object) -> None:
    with Ledger.open(url) as ledger, ledger.database.write() as connection:
        assert connection.execute(text(statement), values).rowcount >= 1


def difference(url: str) -> str:
    found = verified(url)
    assert not found.equal and found.difference
    return found.difference


def test_a_session_that_nobody_touched_is_equal_at_every_checkpoint(ledger_url: str) -> None:
    run(ledger_url, stormy(60), every=7)
    found = verified(ledger_url)
    assert found.equal and found.difference is None and found.code == ()
    assert found.digest == found.recorded == kept(ledger_url).session.digest
    assert found.checkpoints == len(checkpoints(ledger_url)) > 8
    assert found.batches == 80, "its 20 batches of warm-up are folded too"


def test_a_stopped_session_is_verified_as_far_as_it_came(sqlite_url: str) -> None:
    run(sqlite_url, stormy(60), until=30)
    assert verified(sqlite_url).equal


def test_an_altered_fill_is_named_with_both_prices(ledger_url: str) -> None:
    run(ledger_url, stormy(60))
    fill = kept(ledger_url).fills[5]
    tamper(ledger_url, "UPDATE fills SET price = '1234.5' WHERE seq = :seq", seq=fill.seq)
    said = difference(ledger_url)
    assert said.startswith(f"number {fill.seq}, fill {fill.seq} of {fill.book} in batch {fill.batch}: price is 1234.5")
    assert said.endswith(f"in the ledger, {fill.price} in the fold")


def test_an_altered_signal_is_named_with_both_values(sqlite_url: str) -> None:
    run(sqlite_url, stormy(60))
    signal = next(row for row in kept(sqlite_url).signals if row.action == "buy")
    tamper(sqlite_url, "UPDATE signals SET action = 'close' WHERE seq = :seq", seq=signal.seq)
    assert f"signal {signal.seq} of {signal.source}" in difference(sqlite_url)
    assert "action is close in the ledger, buy in the fold" in difference(sqlite_url)


@pytest.mark.parametrize(
    ("column", "value", "shown"), [("effective", 1, "1"), ("reason", "'because'", "because"), ("filled", "'7'", "7")]
)
def test_an_altered_order_is_named_with_both_values(sqlite_url: str, column: str, value: object, shown: str) -> None:
    run(sqlite_url, stormy(60))
    order = next(row for row in kept(sqlite_url).orders if row.status == "filled")
    tamper(sqlite_url, f"UPDATE orders SET {column} = {value} WHERE seq = :seq", seq=order.seq)
    said = difference(sqlite_url)
    assert f"order {order.seq} of {order.book}" in said
    assert f"{column} is {shown} in the ledger, {getattr(order, column)} in the fold" in said


def test_an_order_that_still_works_is_compared_too(sqlite_url: str) -> None:
    run(sqlite_url, stormy(60))
    order = next(row for row in kept(sqlite_url).orders if row.status == "working")
    tamper(sqlite_url, "UPDATE orders SET status = 'filled' WHERE seq = :seq", seq=order.seq)
    assert "status is filled in the ledger, working in the fold" in difference(sqlite_url)


def test_the_first_of_several_differences_is_named(sqlite_url: str) -> None:
    run(sqlite_url, stormy(60), every=5)
    first, second = kept(sqlite_url).fills[3], kept(sqlite_url).signals[-1]
    tamper(sqlite_url, "UPDATE fills SET fee = '9' WHERE seq = :seq", seq=first.seq)
    tamper(sqlite_url, "UPDATE signals SET reason = 'x' WHERE seq = :seq", seq=second.seq)
    assert f"number {first.seq}," in difference(sqlite_url)


def test_a_lost_fill_and_one_too_many_are_named(sqlite_url: str) -> None:
    run(sqlite_url, stormy(60))
    fill = kept(sqlite_url).fills[-1]
    tamper(sqlite_url, "DELETE FROM fills WHERE seq = :seq", seq=fill.seq)
    assert f"the fold fill {fill.seq} of {fill.book}" in difference(sqlite_url)
    run(sqlite_url, stormy(60), name="b")
    columns = [name for name in (*type(fill)._fields,) if name not in ("seq", "order")]
    listed = ", ".join(f'"{name}"' for name in columns)
    tamper(
        sqlite_url,
        f'INSERT INTO fills (session, seq, "order", {listed}) SELECT session, 99999, "order", {listed} FROM fills '
        "WHERE session = 'b' AND seq = :seq",
        seq=fill.seq,
    )
    with Ledger.open(sqlite_url):
        found = verified(sqlite_url, "b")
    assert found.difference is not None and "the ledger has fill 99999" in found.difference


def test_an_altered_digest_is_found_though_every_record_is_right(sqlite_url: str) -> None:
    run(sqlite_url, stormy(60))
    tamper(sqlite_url, "UPDATE checkpoints SET digest = 'sha256:0' WHERE batch = 39")
    said = "the digest after batch 39 is another, though all records are the same: it was altered"
    assert difference(sqlite_url).startswith(said)


def test_altered_closing_balances_are_found(sqlite_url: str) -> None:
    run(sqlite_url, stormy(60))
    tamper(sqlite_url, "UPDATE sessions SET digest = 'sha256:0'")
    found = verified(sqlite_url)
    assert not found.equal and found.recorded == "sha256:0"


@pytest.mark.parametrize("column", ["equity", "exposure"])
def test_an_altered_mark_is_named_with_both_values(ledger_url: str, column: str) -> None:
    run(ledger_url, stormy(60), every=7)
    with Ledger.open(ledger_url) as ledger:
        row = [row for row in ledger.rows(NAME, EquityRow) if row.book == "ema-cross"][3]
    values = unpack_series(getattr(row, column))
    shown = float(values[2])
    values[2] += 1.0
    tamper(
        ledger_url,
        f"UPDATE equity SET {column} = :packed WHERE book = :book AND first_batch = :first",
        packed=pack_series(values), book=row.book, first=row.first_batch,
    )  # fmt: skip
    assert difference(ledger_url) == (
        f"{column} of ema-cross in batch {row.first_batch + 2} is {shown + 1.0} in the ledger, {shown} in the fold"
    )
