"""A window of candles can be read and kept, and never changed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape import Candle, CandleFlag, Candles, Row
from papertape.contract.candle import CLOSE, FLAGS, HIGH, LOW, OPEN, TS, VOLUME

COLUMNS = ("ts", "open", "high", "low", "close", "volume", "flags")
numbers = st.floats(0.01, 1e9)
rows: st.SearchStrategy[Row] = st.tuples(
    st.integers(0, 2**50), numbers, numbers, numbers, numbers, numbers, st.integers(0, 127)
)
TWO: list[Row] = [(0, 1.0, 3.0, 0.5, 2.0, 10.0, 2), (60_000, 2.0, 2.5, 1.5, 2.25, 8.0, 66)]


def each_column(window: Candles) -> list[np.ndarray[Any, Any]]:
    return [getattr(window, name) for name in COLUMNS]


@given(st.lists(rows, max_size=8))
def test_a_window_holds_the_candles_that_it_was_made_of_oldest_first(given_rows: list[Row]) -> None:
    window = Candles.pack(given_rows)
    assert len(window) == len(given_rows)
    assert list(zip(*(column.tolist() for column in each_column(window)), strict=True)) == given_rows
    assert list(window) == [Candle(*row) for row in given_rows]


def test_a_candle_has_its_fields_in_the_order_of_a_row() -> None:
    assert Candle._fields == COLUMNS
    assert (TS, OPEN, HIGH, LOW, CLOSE, VOLUME, FLAGS) == tuple(range(7))
    assert Candle(0, 1.0, 3.0, 0.5, 2.0, 10.0).flags == 0


def test_the_columns_have_the_types_that_are_promised() -> None:
    types = [column.dtype.name for column in each_column(Candles.pack(TWO))]
    assert types == ["int64", *["float64"] * 5, "int64"]


def test_the_newest_candle_is_the_last_one() -> None:
    window = Candles.pack(TWO)
    assert window[-1] == Candle(*TWO[1])
    assert CandleFlag(window[-1].flags) == CandleFlag.FILE | CandleFlag.INCOMPLETE
    with pytest.raises(IndexError):
        window[2]


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize(
    "attempt",
    [
        lambda column: column.__setitem__(0, 7),
        lambda column: column.setflags(write=True),
        lambda column: setattr(column.flags, "writeable", True),
        lambda column: column.sort(),
        lambda column: column.fill(1),
        lambda column: np.add(column, 1, out=column),
        lambda column: memoryview(column).__setitem__(0, 7),
        lambda column: memoryview(column.base).__setitem__(0, 7),
        lambda column: setattr(column.dtype, "names", ("price",)),
        lambda column: column.view().setflags(write=True),
        lambda column: column[:1].setflags(write=True),
    ],
)
def test_no_column_can_be_written_or_made_writable(name: str, attempt: Callable[[Any], object]) -> None:
    window = Candles.pack(TWO)
    with pytest.raises((ValueError, TypeError)):
        attempt(getattr(window, name))
    assert list(window) == [Candle(*row) for row in TWO]


@pytest.mark.parametrize("name", COLUMNS)
def test_behind_every_column_is_one_immutable_bytes_object(name: str) -> None:
    column = getattr(Candles.pack(TWO), name)
    while isinstance(column, np.ndarray):
        assert not column.flags.writeable and not column.flags.owndata
        column = column.base
    assert type(column) is bytes


@pytest.mark.parametrize("name", COLUMNS)
def test_the_buffer_of_a_column_is_read_only(name: str) -> None:
    view = memoryview(getattr(Candles.pack(TWO), name))
    assert view.readonly
    with pytest.raises(TypeError):
        view[0] = 7


def test_a_window_takes_no_new_attributes_and_no_new_columns() -> None:
    window = Candles.pack(TWO)
    with pytest.raises(AttributeError):
        window.close = np.zeros(2)  # type: ignore[misc]
    with pytest.raises(AttributeError):
        window.extra = 1  # type: ignore[attr-defined]


def test_an_empty_window_has_empty_columns() -> None:
    window = Candles(b"")
    assert len(window) == 0 and all(len(column) == 0 for column in each_column(window))
