"""What becomes of rows, against a reading of the rules that takes one row at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.contract.candle import CandleFlag
from papertape.contract.feed import Note
from papertape.feeds.marks import Last, combine, mark
from papertape.feeds.merge import concatenate
from papertape.feeds.rows import EARLIEST, BadRowAt, Rows, Scope, sift
from papertape.store.candle_files import Columns

MINUTE = 60_000
RawRow = tuple[int, float, float, float, float, float]

prices = st.sampled_from([1.0, 1.1, 1.2, 1.6, 2.0, 3.0, 0.0, -1.0, math.nan, math.inf])
good_prices = st.sampled_from([1.0, 1.1, 1.2, 1.6, 2.0, 3.0])
volumes = st.sampled_from([0.0, 1.0, 5.0, -1.0, math.nan, math.inf])
times = st.integers(0, 12).map(lambda step: step * MINUTE) | st.just(MINUTE + 500)
raw_rows = st.tuples(times, prices, prices, prices, prices, volumes) | st.tuples(
    times, good_prices, st.just(3.0), st.just(1.0), good_prices, st.sampled_from([0.0, 1.0])
)


def columns(rows: list[RawRow]) -> Columns:
    ts, *rest = zip(*rows, strict=True) if rows else [()] * 6
    return Columns(np.array(ts, np.int64), *(np.array(column, float) for column in rest))


def pieces(rows: list[RawRow], cuts: list[int]) -> list[list[RawRow]]:
    at = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    return [rows[begin:end] for begin, end in zip(at, at[1:], strict=False)]


def treat(scope: Scope, parts: list[list[RawRow]]) -> tuple[list[tuple[float, ...]], dict[str, Note], str]:
    """All pieces through `sift` and `mark`: candles, notes by kind, and the complaint that ended it."""
    before, newest, last, notes, out, complaint = 0, EARLIEST, None, list[Note](), list[Rows](), ""
    for part in parts:
        sifted = sift(scope, columns(part), before, newest)
        before, newest = before + len(part), sifted.newest
        rows, marks, last = mark(scope, sifted.rows, last, MINUTE, 0)
        notes += sifted.notes + marks
        out.append(rows)
        if sifted.bad is not None:
            complaint = str(sifted.bad)
        if sifted.bad is not None or sifted.done:
            break
    rows = concatenate(out)
    candles = list(zip(*(column.tolist() for column in rows), strict=True))
    return candles, {note.kind: note for note in combine(notes)}, complaint


def read_one_by_one(rows: list[RawRow], scope: Scope) -> tuple[list[tuple[float, ...]], dict[str, int], bool]:
    """The rules, said again: candles, counts by kind, and whether a bad row ended it."""
    out: list[tuple[float, ...]] = []
    counts: dict[str, int] = {}
    last: tuple[int, float] | None = None
    for ts, open_, high, low, close, volume in rows:
        inside = scope.start <= ts < scope.end
        found = []
        possible = all(0 < price < math.inf for price in (open_, high, low, close)) and high >= low
        if not possible or volume < 0 or volume == math.inf or (last is not None and ts < last[0]):
            if inside and not scope.skip:
                return out, counts, True
            found = ["skipped"]
        elif last is not None and ts == last[0]:
            found = ["duplicate"]
        elif ts >= scope.end:
            break
        else:
            flags = int(CandleFlag.FILE)
            if not (low <= open_ <= high and low <= close <= high):
                high, low = max(open_, high, close), min(open_, low, close)
                flags |= CandleFlag.REPAIRED
                found.append("widened")
            if last is not None and (high > last[1] * 1.5 or low * 1.5 < last[1]):
                flags |= CandleFlag.OUTLIER
                found.append("outlier")
            volume = 0.0 if math.isnan(volume) else volume
            if volume == 0:
                found.append("zero-volume")
            if ts % MINUTE:
                found.append("off-grid")
            absent = 0 if last is None else math.floor((ts - last[0]) / MINUTE + 0.5) - 1
            if absent > 0 and last is not None and last[0] >= scope.start and inside:
                counts["gap"] = counts.get("gap", 0) + absent
            if inside:
                out.append((ts, open_, high, low, close, volume, flags))
            last = (ts, close)
        for kind in found if inside else ():
            counts[kind] = counts.get(kind, 0) + 1
    return out, counts, False


scopes = st.builds(
    lambda start, length, skip: Scope("a.csv", "A", start * MINUTE, (start + length) * MINUTE, skip),
    st.integers(0, 8), st.integers(1, 14), st.booleans(),
)  # fmt: skip


@given(st.lists(raw_rows, min_size=1, max_size=30), st.lists(st.integers(1, 29), max_size=4), scopes)
def test_rows_are_treated_as_the_rules_say_however_they_come_in_pieces(
    rows: list[RawRow], cuts: list[int], scope: Scope
) -> None:
    candles, notes, complaint = treat(scope, pieces(rows, cuts))
    expected, counts, stopped = read_one_by_one(rows, scope)
    assert candles == expected
    assert bool(complaint) == stopped
    assert {kind: note.count for kind, note in notes.items()} == counts


GOOD: RawRow = (0, 1.0, 3.0, 1.0, 2.0, 1.0)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ((MINUTE, math.nan, 3, 1, 2, 1), "open is nan, a price must be above 0"),
        ((MINUTE, 1, math.inf, 1, 2, 1), "high is inf, a price must be above 0"),
        ((MINUTE, 1, 3, 0, 2, 1), "low is 0.0, a price must be above 0"),
        ((MINUTE, 1, 3, 1, -2, 1), "close is -2.0, a price must be above 0"),
        ((MINUTE, 1, 1, 3, 2, 1), "high 1.0 is below low 3.0"),
        ((MINUTE, 1, 3, 1, 2, -1), "volume is -1.0, it must be 0 or more"),
        ((MINUTE, 1, 3, 1, 2, math.inf), "volume is inf, it must be 0 or more"),
        ((-MINUTE, 1, 3, 1, 2, 1), r"it is older than the row before it \(1970-01-01T00:00:00Z\)"),
    ],
)
def test_a_bad_row_is_named_with_file_row_symbol_value_and_option(row: RawRow, complaint: str) -> None:
    sifted = sift(Scope("a.csv", "A"), columns([GOOD, row]), 10, EARLIEST)
    assert len(sifted.rows.ts) == 1
    assert isinstance(sifted.bad, BadRowAt)
    with pytest.raises(BadRowAt, match=rf"a.csv: row 12 of A at .*: {complaint}; .*--on-bad-row skip"):
        raise sifted.bad
    skipped = sift(Scope("a.csv", "A", skip=True), columns([GOOD, row]), 10, EARLIEST)
    assert [(note.kind, note.count) for note in skipped.notes] == [("skipped", 1)]


def test_a_note_says_the_first_of_its_kind_in_words() -> None:
    rows: list[RawRow] = [GOOD, GOOD, (3 * MINUTE, 1.6, 2, 1.7, 2, 0), (4 * MINUTE + 1, 2, 9, 2, 2, 0)]
    _, notes, _ = treat(Scope("a.csv", "A"), [rows])
    assert {kind: (note.count, note.first_ts, note.last_ts, note.example) for kind, note in notes.items()} == {
        "duplicate": (1, 0, 0, "row 2 at 1970-01-01T00:00:00Z: a row before it has the same time; that one is used"),
        "widened": (
            1,
            180_000,
            180_000,
            "1970-01-01T00:03:00Z: open 1.6, close 2.0 outside low 1.7, high 2.0",
        ),
        "gap": (2, 60_000, 120_000, "2 absent after 1970-01-01T00:00:00Z"),
        "outlier": (1, 240_001, 240_001, "1970-01-01T00:04:00.001Z: high 9.0, low 2.0 after a close of 2.0"),
        "zero-volume": (2, 180_000, 240_001, "1970-01-01T00:03:00Z: volume 0"),
        "off-grid": (1, 240_001, 240_001, "1970-01-01T00:04:00.001Z: 1 ms after the grid"),
    }


def test_the_first_candle_after_the_scope_starts_is_judged_by_the_one_before_it() -> None:
    rows = Rows(
        *(
            np.array(column)
            for column in ([0, MINUTE], [1.0, 9.0], [1.0, 9.0], [1.0, 9.0], [1.0, 9.0], [1.0, 1.0], [2, 2])
        )
    )
    kept, notes, last = mark(Scope("a.csv", "A", start=MINUTE), rows, None, MINUTE, 0)
    assert kept.flags.tolist() == [CandleFlag.FILE | CandleFlag.OUTLIER]
    assert [note.kind for note in notes] == ["outlier"]
    assert last == Last(MINUTE, 9.0)
