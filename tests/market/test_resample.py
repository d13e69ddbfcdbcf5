"""Higher timeframes are made of the session's candles, and of nothing that is not closed yet."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.candles import MINUTE, candle

from papertape import CandleFlag, Row
from papertape.market.resample import Resampler
from papertape.market.timeframe import period
from papertape.store.candle_files import read_columns

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
DAY, WEEK = 86_400_000, 604_800_000


def closed(rows: Sequence[tuple[int, Row | None]], timeframe: str, base: str = "1m") -> list[tuple[int, Row]]:
    """(batch's close, candle) of every candle that closes over these batches of (close, row)."""
    resampler = Resampler(base, timeframe)
    return [(now, made) for now, row in rows for made in resampler.take(now, row)]


def batches(*numbers: int | None, first: int = 0) -> list[tuple[int, Row | None]]:
    """A batch for each number, the k-th of minute `first + k`; None where the symbol has no candle."""
    return [((first + k + 1) * MINUTE, None if number is None else candle(number)) for k, number in enumerate(numbers)]


def test_five_candles_of_a_minute_make_one_of_five_when_the_fifth_closes() -> None:
    made = closed(batches(*range(6)), "5m")
    assert made == [(5 * MINUTE, (0, 100.0, 107.0, 98.0, 105.0, 60.0, 2))]


def test_a_candle_whose_last_part_is_absent_closes_at_its_end_all_the_same_and_says_so() -> None:
    ((now, made),) = closed(batches(0, 1, 2, 3, None, 5), "5m")
    assert now == 5 * MINUTE
    assert made == (0, 100.0, 106.0, 98.0, 104.0, 46.0, 2 | CandleFlag.INCOMPLETE)


def test_a_candle_closes_at_the_first_batch_after_its_end_where_none_comes_at_it() -> None:
    late = [*batches(0, 1), (8 * MINUTE, candle(7)), (10 * MINUTE, candle(9))]
    assert [(now, made[0], made[5]) for now, made in closed(late, "5m")] == [
        (8 * MINUTE, 0, 21.0),
        (10 * MINUTE, 5 * MINUTE, 36.0),
    ]


def test_one_batch_may_close_two() -> None:
    made = closed([(MINUTE, candle(0)), (10 * MINUTE, candle(9))], "5m")
    assert [(now, row[0], row[6]) for now, row in made] == [
        (10 * MINUTE, 0, 2 | CandleFlag.INCOMPLETE),
        (10 * MINUTE, 5 * MINUTE, 2 | CandleFlag.INCOMPLETE),
    ]


def test_a_span_without_any_candle_has_none() -> None:
    assert [row[0] for _, row in closed(batches(*range(5), *[None] * 5, *range(10, 15)), "5m")] == [0, 10 * MINUTE]


def test_a_candle_that_the_session_began_inside_is_not_shown() -> None:
    made = closed(batches(*range(2, 11), first=2), "5m")
    assert [row[0] for _, row in made] == [5 * MINUTE]


def test_the_session_begins_with_its_first_batch_even_if_this_symbol_is_not_in_it() -> None:
    made = closed(batches(None, None, 2, 3, 4), "5m")
    assert [(row[0], row[6]) for _, row in made] == [(0, 2 | CandleFlag.INCOMPLETE)]


def test_a_candle_that_comes_after_the_one_that_would_have_held_it_is_in_none() -> None:
    resampler = Resampler("1m", "5m")
    made = [row for now, row in batches(0, 1, 2, None, None) for row in resampler.take(now, row)]
    assert [(row[0], row[5]) for row in made] == [(0, 10.0 + 11.0 + 12.0)]
    assert [row for number in (3, 4) for row in resampler.take((number + 1) * MINUTE, candle(number))] == []
    made = [row for now, row in batches(*range(5, 10), first=5) for row in resampler.take(now, row)]
    assert [(row[0], row[5]) for row in made] == [(5 * MINUTE, sum(10.0 + number for number in range(5, 10)))]


def test_what_has_closed_stays_closed_in_one_taken_up_from_its_state() -> None:
    resampler = Resampler("1m", "5m")
    for now, row in batches(0, 1, 2, None, None):
        resampler.take(now, row)
    other = Resampler("1m", "5m")
    other.state = resampler.state
    assert other.take(5 * MINUTE, candle(4)) == []
    assert other.take(10 * MINUTE, None) == []


def test_one_repaired_part_marks_the_whole() -> None:
    rows = batches(*range(5))
    repaired = (3 * MINUTE, (*candle(2)[:6], 2 | int(CandleFlag.REPAIRED)))
    made = closed([*rows[:2], repaired, *rows[3:]], "5m")
    assert made[0][1][6] == CandleFlag.FILE | CandleFlag.REPAIRED


def test_weeks_begin_on_monday() -> None:
    days = [((number + 1) * DAY, candle(number, DAY)) for number in range(30)]  # from Thursday, 1970-01-01
    assert [(now, row[0]) for now, row in closed(days, "1w", "1d")] == [
        (11 * DAY, 4 * DAY), (18 * DAY, 11 * DAY), (25 * DAY, 18 * DAY),
    ]  # fmt: skip


@given(st.sampled_from(["3m", "5m", "15m", "1h"]), st.integers(0, 200), st.integers(1, 200))
def test_on_dense_data_it_is_a_plain_grouping(timeframe: str, first: int, count: int) -> None:
    values = np.random.default_rng(first * 1_000 + count).integers(1, 1_000, (count, 4)).astype(float)
    rows: list[Row] = [
        ((first + k) * MINUTE, a, max(a, b, c), min(a, b, c), c, volume, 2)
        for k, (a, b, c, volume) in enumerate(values.tolist())
    ]
    made = [row for _, row in closed([(row[0] + MINUTE, row) for row in rows], timeframe)]
    assert made == grouped(np.array(rows), period(timeframe))


def grouped(table: np.ndarray, span: int) -> list[Row]:
    """Whole candles of `span` ms from a table of rows, told in another way."""
    groups = table[:, 0] // span
    found: list[Row] = []
    for group in np.unique(groups):
        part = table[groups == group]
        if len(part) == span // MINUTE:
            ts, opened, closing, flags = int(part[0, 0]), part[0, 1], part[-1, 4], 2
            found.append((ts, opened, part[:, 2].max(), part[:, 3].min(), closing, part[:, 5].sum(), flags))
    return found


@given(st.integers(0, 40), st.lists(st.booleans(), min_size=1, max_size=60))
def test_a_resampler_taken_up_from_its_state_goes_on_the_same(cut: int, present: list[bool]) -> None:
    rows = batches(*[number if there else None for number, there in enumerate(present)])
    resampler = Resampler("1m", "5m")
    made = [candle for now, row in rows[:cut] for candle in resampler.take(now, row)]
    other = Resampler("1m", "5m")
    other.state = resampler.state
    made += [candle for now, row in rows[cut:] for candle in other.take(now, row)]
    assert made == [row for _, row in closed(rows, "5m")]


@pytest.mark.skipif(not DATA, reason="PAPERTAPE_TEST_DATA names no folder of real candles")
def test_the_exchanges_own_five_minute_candles_come_out_of_its_one_minute_candles() -> None:
    minutes, fives = (_rows(f"binanceusdm_ETHUSDT_{timeframe}.parquet") for timeframe in ("1m", "5m"))
    theirs = {row[0]: row for row in fives}
    made = [row for _, row in closed([(row[0] + MINUTE, row) for row in minutes], "5m")]
    both = [(row, theirs[row[0]]) for row in made if row[0] in theirs]
    assert len(both) > 1_000
    assert [ours[:5] for ours, _ in both] == [their[:5] for _, their in both]
    np.testing.assert_allclose([ours[5] for ours, _ in both], [their[5] for _, their in both], rtol=1e-9)


def _rows(name: str) -> list[Row]:
    found: list[Row] = []
    for columns in read_columns(Path(str(DATA)) / "candles" / name):
        found += [
            (*row, 2)
            for row in zip(
                *(getattr(columns, field).tolist() for field in ("ts", "open", "high", "low", "close", "volume")),
                strict=True,
            )
        ]
    return found
