"""The ledger as its readers see it: what went in comes out, sessions are found, commands arrive."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.rows import KINDS, effects_of, rows_of, session_row

from papertape.contract.errors import LedgerError, UnknownSession
from papertape.ledger.records import CheckpointRow, Effects, EquityRow, FillRow, NoteRow, OrderRow, SignalRow, TapeRow
from papertape.ledger.store import CommandRow, Ledger, SessionRow
from papertape.ledger.writer import ANCHORS

numbers = count()


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with Ledger.open(ledger_url, create=True) as opened:
        yield opened


def keyed(name: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The part of a row that no other row of its session has."""
    return {"equity": row[:2], "notes": row[:3]}.get(name, row[:1])


@pytest.mark.parametrize("name", KINDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(data=st.data())
def test_rows_of_every_kind_come_back_as_they_were_in_the_order_of_their_keys(
    ledger: Ledger, name: str, data: st.DataObject
) -> None:
    rows = data.draw(st.lists(rows_of(KINDS[name]), unique_by=lambda row: keyed(name, row), max_size=8))
    session = f"s{next(numbers)}"
    effects = Effects()
    setattr(effects, name, rows)
    ledger.create(session_row(session), effects).close()
    found = list(ledger.rows(session, KINDS[name]))
    assert set(found) == set(rows)
    assert all(type(row) is KINDS[name] for row in found)
    if name not in ("equity", "notes"):  # how texts are ordered is the database's affair
        assert found == sorted(rows, key=lambda row: row[0])


def test_amounts_come_back_normalised(ledger: Ledger) -> None:
    [fill] = effects_of(1).fills
    ledger.create(
        session_row("a"), Effects(fills=[fill._replace(quantity=Decimal("1E+2"), fee=Decimal("0.500"))])
    ).close()
    [found] = ledger.rows("a", FillRow)
    assert (str(found.quantity), str(found.fee)) == ("100", "0.5")


def test_many_rows_go_in_whatever_columns_they_leave_empty(ledger: Ledger) -> None:
    [order] = effects_of(1).orders
    rows = [
        order._replace(seq=n, tag=None if n % 1500 else "x", price=Decimal(n) if n > 2000 else None)
        for n in range(3000)
    ]
    ledger.create(session_row("a"), Effects(orders=rows)).close()
    assert list(ledger.rows("a", OrderRow)) == rows


def test_reading_can_begin_at_a_batch_or_a_seq(ledger: Ledger) -> None:
    with ledger.create(session_row("a"), Effects()) as writer:
        for batch in range(1, 6):
            writer.commit(effects_of(batch))
    assert [row.batch for row in ledger.rows("a", TapeRow, from_batch=4)] == [4, 5]
    assert [row.seq for row in ledger.rows("a", SignalRow, from_seq=9)] == [9, 12, 15]
    assert [row.first_batch for row in ledger.rows("a", EquityRow)] == [1, 2, 3, 4, 5]


def test_a_reader_sees_one_moment_while_the_host_goes_on(ledger: Ledger) -> None:
    with ledger.create(session_row("a"), Effects(tape=[TapeRow(n, n, n, "batch", "") for n in range(3000)])) as writer:
        reading = ledger.rows("a", TapeRow)
        next(reading)
        writer.commit(Effects(tape=[TapeRow(3000, 3000, 3000, "batch", "")]))
        assert len(list(reading)) == 2999
    assert len(list(ledger.rows("a", TapeRow))) == 3001


def test_an_order_is_kept_in_its_latest_state_and_a_note_with_its_latest_count(ledger: Ledger) -> None:
    [order], [note] = effects_of(1).orders, effects_of(1).notes
    working = order._replace(status="working", filled=Decimal(0), tag="x", ended_seq=None, ended_at=None)
    with ledger.create(session_row("a"), Effects(orders=[working], notes=[note])) as writer:
        ended = order._replace(status="cancelled", reason="the session ended")
        writer.commit(Effects(orders=[ended], notes=[note._replace(count=9)]))
    assert list(ledger.rows("a", OrderRow)) == [ended]
    assert [row.count for row in ledger.rows("a", NoteRow)] == [9]


def test_the_newest_checkpoint_has_its_state_and_all_of_them_their_digests(ledger: Ledger) -> None:
    with ledger.create(session_row("a"), effects_of(1)) as writer:
        writer.commit(effects_of(2))
    with ledger.own("a") as writer:
        writer.commit(effects_of(3))
    kept = [(row.batch, row.digest, row.state) for row in ledger.rows("a", CheckpointRow)]
    assert kept == [(1, "sha256:1", b""), (2, "sha256:2", b""), (3, "sha256:3", b"state 3")]
    assert ledger.checkpoint("a") == effects_of(3).checkpoint


def test_an_anchor_keeps_its_state_and_of_too_many_every_second_one_does(ledger: Ledger) -> None:
    def states() -> dict[int, bytes]:
        return {row.batch: row.state for row in ledger.rows("a", CheckpointRow) if row.state}

    first = effects_of(1).checkpoint
    assert first

    def commit(batch: int, anchor: bool) -> None:
        writer.commit(Effects(checkpoint=first._replace(batch=batch, state=b"%d" % batch), anchor=anchor))

    with ledger.create(session_row("a"), effects_of(1)) as writer:
        for batch in range(2, 6):
            commit(batch, anchor=batch % 2 == 0)
    assert states() == {2: b"2", 4: b"4", 5: b"5"}
    with ledger.own("a") as writer:
        for batch in range(6, 6 + ANCHORS):
            commit(batch, anchor=True)
    kept = sorted(states())
    assert len(kept) <= ANCHORS // 2 + 3
    assert max(later - former for former, later in pairwise(kept)) <= 4
    assert kept[-1] == 5 + ANCHORS


def test_a_checkpoint_may_be_made_again_at_the_same_batch(ledger: Ledger) -> None:
    first = effects_of(1).checkpoint
    assert first
    with ledger.create(session_row("a"), Effects(checkpoint=first)) as writer:
        writer.commit(Effects(checkpoint=first._replace(seq=99, state=b"later")))
    assert ledger.checkpoint("a") == first._replace(seq=99, state=b"later")


def test_a_session_without_a_checkpoint_says_so(ledger: Ledger) -> None:
    ledger.create(session_row("a"), Effects()).close()
    assert ledger.checkpoint("a") is None


def test_sessions_are_listed_newest_first_with_what_their_host_last_said(ledger: Ledger) -> None:
    for at, session in enumerate(["old", "new"]):
        ledger.create(session_row(session)._replace(created_at=at), Effects()).close()
    with ledger.own("old") as writer:
        writer.commit(Effects(), {"status": "stopped", "bars": 12, "seconds": 0.5, "summary": "{}", "last_ts": 99})
    new, old = ledger.sessions()
    assert new == session_row("new")._replace(created_at=1)
    changed: dict[str, Any] = {"status": "stopped", "bars": 12, "seconds": 0.5, "summary": "{}", "last_ts": 99}
    assert old == session_row("old")._replace(created_at=0, epoch=2, **changed)


def test_a_session_is_found_by_the_beginning_of_its_id(ledger: Ledger) -> None:
    for session in ("7f3k", "7f9z", "7f"):
        ledger.create(session_row(session), Effects()).close()
    assert ledger.find("7f3").id == "7f3k"
    assert ledger.find("7f").id == "7f"


def test_a_beginning_that_several_ids_have_is_refused_with_them(ledger: Ledger) -> None:
    for session in ("7f3k", "7f9z"):
        ledger.create(session_row(session), Effects()).close()
    with pytest.raises(UnknownSession, match="7f3k, 7f9z: give more"):
        ledger.find("7f")


@pytest.mark.parametrize(
    ("asked", "hint"), [("7f3", "did you mean 7e3k"), ("zzzz", "it has 7e3k"), ("", "it has 7e3k")]
)
def test_an_unknown_session_is_named_with_those_near_it(ledger: Ledger, asked: str, hint: str) -> None:
    ledger.create(session_row("7e3k"), Effects()).close()
    with pytest.raises(UnknownSession, match=hint):
        ledger.find(asked)


def test_a_taken_id_is_refused_and_its_session_left_as_it_is(ledger: Ledger) -> None:
    ledger.create(session_row("a"), effects_of(1)).close()
    with pytest.raises(LedgerError, match="already has a session a"):
        ledger.create(session_row("a"), effects_of(2))
    assert [row.batch for row in ledger.rows("a", TapeRow)] == [1]
    ledger.own("a").close()


def test_commands_wait_for_the_host_until_it_has_obeyed_them(ledger: Ledger) -> None:
    with ledger.create(session_row("a"), Effects()) as writer:
        assert [ledger.post("a", '{"kind": "pause"}', 5), ledger.post("a", '{"kind": "stop"}', 6)] == [1, 2]
        writer.commit(Effects(), applied={1: 40})
    assert ledger.pending("a") == [CommandRow(2, 6, '{"kind": "stop"}', None)]
    assert [row.applied_batch for row in ledger.rows("a", CommandRow)] == [40, None]


def test_a_command_for_no_session_is_refused(ledger: Ledger) -> None:
    with pytest.raises(UnknownSession, match="nobody"):
        ledger.post("nobody", "{}", 1)


def test_a_session_row_has_the_columns_of_its_table() -> None:
    from papertape.ledger import tables

    assert list(SessionRow._fields) == [column.name for column in tables.sessions.c]


@pytest.mark.parametrize("name", [*KINDS, "checkpoints"])
def test_a_record_has_the_columns_of_its_table_after_the_session(name: str) -> None:
    from papertape.ledger import tables

    kind = {**KINDS, "checkpoints": CheckpointRow}[name]
    assert ["session", *kind.__annotations__] == [column.name for column in tables.metadata.tables[name].c]
