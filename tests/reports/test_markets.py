"""Comparing tapes that hold their candles, as those of live sessions do."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.ledger.rows import session_row

from papertape.contract.candle import CandleFlag
from papertape.engine.tape import BATCH, COMMAND, FEED
from papertape.ledger.records import CheckpointRow, Effects, TapeRow
from papertape.ledger.store import Ledger
from papertape.reports.circumstances import Held
from papertape.reports.differing import Names
from papertape.reports.markets import Tape, Tapes, compare_tapes

MINUTE = 60_000
Rows = Mapping[str, Sequence[float] | None]


def candle(minute: int, close: float = 2.0, flags: int = CandleFlag.STREAM) -> list[float]:
    return [minute * MINUTE, 2.0, 5.0, 1.0, close, 7.0, int(flags)]


def tape(*batches: Rows, events: Mapping[int, Mapping[str, Any]] | None = None, arrived: int = 0) -> list[TapeRow]:
    """A live tape: one batch a minute; `events`: what the feed said before a batch."""
    rows: list[TapeRow] = []
    for batch, seen in enumerate(batches):
        at = (batch + 1) * MINUTE
        if events and batch in events:
            rows.append(TapeRow(len(rows) + 1, batch, at, FEED, json.dumps(events[batch])))
        rows.append(TapeRow(len(rows) + 1, batch, at, BATCH, json.dumps({"arrived": arrived + at, "rows": seen})))
    return rows


@pytest.fixture
def ledger(ledger_url: str) -> Ledger:
    return Ledger.open(ledger_url, create=True)


def compared(
    ledger: Ledger, a: list[TapeRow], b: list[TapeRow], last: int = 9, commands: Sequence[TapeRow] = ()
) -> Tapes:
    """Two sessions with these tapes, compared; the second one was also told these commands."""
    with ledger:
        for name, rows in (("a", a), ("b", b)):
            ledger.create(session_row(name), Effects(tape=rows, checkpoint=CheckpointRow(-1, 0, 0, "", b""))).close()
        return compare_tapes(ledger, Names("a", "b"), Tape((), Held("a", None)), Tape(commands, Held("b", None)), last)


def said(ledger: Ledger, a: list[TapeRow], b: list[TapeRow]) -> str:
    found = compared(ledger, a, b).difference
    assert found is not None
    return found.text


def test_equal_candles_are_counted_whenever_and_by_whichever_way_they_came(ledger: Ledger) -> None:
    streamed = tape({"A": candle(0)}, {"A": candle(1)}, {"A": None})
    fetched = tape({"A": candle(0, flags=CandleFlag.REST)}, {"A": candle(1)}, {}, arrived=250)
    assert compared(ledger, streamed, fetched) == (None, 3)


def test_another_price_is_named_with_its_batch_symbol_and_both_values(ledger: Ledger) -> None:
    a, b = tape({"A": candle(0)}, {"A": candle(1, 2.5), "B": candle(1)}), tape({"A": candle(0)}, {"A": candle(1, 3.5)})
    found = compared(ledger, a, b)
    assert found.difference is not None and found.batches == 1
    assert found.difference[:7] == (1, 2 * MINUTE, "candle", "A", "close", 2.5, 3.5)
    assert found.difference.text == "batch 1, 1970-01-01T00:02:00Z: candle of A: close is 2.5 in a, 3.5 in b"


def test_a_candle_that_one_of_them_lacks_is_named(ledger: Ledger) -> None:
    text = said(ledger, tape({"A": candle(0), "B": candle(0)}), tape({"A": candle(0)}))
    assert text == "batch 0, 1970-01-01T00:01:00Z: candle of B: close is 2.0 in a, nothing in b"


def test_what_is_known_against_a_candle_is_compared(ledger: Ledger) -> None:
    bad = candle(0, flags=CandleFlag.STREAM | CandleFlag.REPAIRED)
    assert "candle of A: flags is 0 in a, 16 in b" in said(ledger, tape({"A": candle(0)}), tape({"A": bad}))


def test_an_event_of_the_feed_comes_before_the_candles_of_its_batch(ledger: Ledger) -> None:
    a = tape({"A": candle(0)}, {"A": candle(1)})
    b = tape({"A": candle(0)}, {"A": candle(1, 3.0)}, events={1: {"feed": "stale", "symbol": "A"}})
    assert said(ledger, a, b) == (
        'batch 1, 1970-01-01T00:02:00Z: a has no other event, b has feed {"feed": "stale", "symbol": "A"}'
    )


def test_a_command_that_one_was_given_is_named(ledger: Ledger) -> None:
    command = TapeRow(9, 1, MINUTE, COMMAND, '{"command":"pause"}')
    rows = tape({"A": candle(0)}, {"A": candle(1)})
    found = compared(ledger, rows, rows, commands=[command]).difference
    assert found is not None and (found.batch, found.what) == (1, "event")


def test_nothing_is_compared_after_the_last_batch_of_both(ledger: Ledger) -> None:
    assert compared(ledger, tape({"A": candle(0)}), tape({"A": candle(0)}, {"A": candle(1)}), last=0) == (None, 1)


def test_of_two_sessions_on_one_tape_the_candles_are_the_same(ledger: Ledger) -> None:
    with ledger:
        found = compare_tapes(ledger, Names("a", "b"), Tape((), Held("a", 8)), Tape((), Held("a", 8)), 6)
    assert found == (None, 7)


def test_a_replay_of_part_of_a_tape_is_compared_with_it(ledger: Ledger) -> None:
    with ledger:
        rows = tape({"A": candle(0)}, {"A": candle(1)}, {"A": candle(2)})
        ledger.create(session_row("a"), Effects(tape=rows, checkpoint=CheckpointRow(-1, 0, 0, "", b""))).close()
        found = compare_tapes(ledger, Names("a", "b"), Tape((), Held("a", None)), Tape((), Held("a", 2)), 1)
    assert found == (None, 2)
