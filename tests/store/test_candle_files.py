import hashlib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from papertape.contract.errors import CandleFileError
from papertape.store.candle_files import CHUNK, Columns, count_rows, read_columns, sha256

DAY = 86_400_000
FIRST = 1_704_067_200_000  # 2024-01-01
HEADER = "ts,open,high,low,close,volume\n"


def table(rows: int, **columns: object) -> pa.Table:
    steps = np.arange(rows)
    usual = {"ts": FIRST + steps * DAY, "open": steps + 2.0, "high": steps + 3.0, "low": steps + 1.0}
    return pa.table(usual | {"close": steps + 2.5, "volume": steps + 10.0} | columns)


def whole(path: Path) -> Columns:
    return Columns(*map(np.concatenate, zip(*read_columns(path), strict=True)))


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_parquet_feather_and_csv_give_the_same_columns(tmp_path: Path) -> None:
    rows = CHUNK * 2 + 10
    pq.write_table(table(rows), tmp_path / "a.parquet")
    feather.write_feather(table(rows), str(tmp_path / "a.feather"))
    lines = "".join(f"{FIRST + k * DAY},{k + 2.0},{k + 3.0},{k + 1.0},{k + 2.5},{k + 10.0}\n" for k in range(rows))
    written(tmp_path / "a.csv", HEADER + lines)
    expected = whole(tmp_path / "a.parquet")
    assert len(expected.ts) == rows
    assert expected.close[-1] == rows - 1 + 2.5
    for name in ("a.feather", "a.csv"):
        for column, same in zip(whole(tmp_path / name), expected, strict=True):
            np.testing.assert_array_equal(column, same)
    assert max(len(piece.ts) for piece in read_columns(tmp_path / "a.feather")) <= CHUNK
    assert count_rows(tmp_path / "a.parquet") == rows


@pytest.mark.parametrize(
    "header",
    [
        "Timestamp,Open,HIGH,low,Close,Volume",
        "date;o;h;l;c;vol",
        " time ,open , high,low,close,Volume",
        "open_time\to\th\tl\tc\tv",
    ],
)
def test_columns_are_found_by_their_usual_spellings(tmp_path: Path, header: str) -> None:
    delimiter = next(mark for mark in ",;\t" if mark in header)
    row = delimiter.join(["2024-01-01", "2", "3", "1", "2.5", "10"])
    path = written(tmp_path / "a.csv", f"{header}\n{row}\n")
    assert [column.tolist() for column in whole(path)] == [[FIRST], [2.0], [3.0], [1.0], [2.5], [10.0]]


def test_other_columns_and_their_order_do_not_matter(tmp_path: Path) -> None:
    header = "\ufeffsymbol,close,low,high,open,volume,date,unix"
    path = written(tmp_path / "a.csv", f"{header}\nBTC,2.5,1,3,2,10,never,1704067200\n")
    assert [column.tolist() for column in whole(path)] == [[FIRST], [2.0], [3.0], [1.0], [2.5], [10.0]]


@pytest.mark.parametrize(
    "time",
    [
        "2024-01-01", "2024-01-01 00:00", "2024-01-01T00:00:00Z", "2024-01-01 01:00:00+01:00",
        "2024-01-01T00:00:00.000",
        "2024-01-01 00:00:00.000000", "20240101T000000", "1704067200", "1704067200000", "1704067200000000",
        "1704067200000000000",
    ],
)  # fmt: skip
def test_a_csv_time_is_iso_or_a_number_whose_size_says_the_unit(tmp_path: Path, time: str) -> None:
    assert whole(written(tmp_path / "a.csv", HEADER + f"{time},2,3,1,2.5,10\n")).ts.tolist() == [FIRST]


@pytest.mark.parametrize(
    "time",
    [
        pa.array([FIRST]),
        pa.array([FIRST // 1000]),
        pa.array([float(FIRST)]),
        pa.array([FIRST], pa.timestamp("ms")),
        pa.array([FIRST * 1_000_000], pa.timestamp("ns", "America/New_York")),
        pa.array([date(2024, 1, 1)]),
        pa.array([datetime(2024, 1, 1, tzinfo=UTC)]),
        pa.array(["2024-01-01T00:00:00"], pa.large_string()),
    ],
    ids=lambda column: str(column.type),
)
def test_a_parquet_time_may_have_any_type_that_is_one(tmp_path: Path, time: "pa.Array[Any]") -> None:
    pq.write_table(table(1, ts=time), tmp_path / "a.parquet")
    assert whole(tmp_path / "a.parquet").ts.tolist() == [FIRST]


def test_small_numbers_are_ms(tmp_path: Path) -> None:
    assert whole(written(tmp_path / "a.csv", HEADER + "0,2,3,1,2,1\n60000,2,3,1,2,1\n")).ts.tolist() == [0, 60_000]


def test_cells_without_a_value_are_nan(tmp_path: Path) -> None:
    columns = whole(written(tmp_path / "a.csv", HEADER + "2024-01-01,2,3,,nan,null\n"))
    assert [np.isnan(column[0]) for column in columns[1:]] == [False, False, True, True, True]
    pq.write_table(table(2, volume=pa.array([1.0, None])), tmp_path / "a.parquet")
    assert np.isnan(whole(tmp_path / "a.parquet").volume).tolist() == [False, True]


ROW = "2024-01-01,2,3,1,2.5,10\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"has the columns \(none\)"),
        (HEADER, "holds no rows"),
        ("open,high,low,close,volume\n2,3,1,2,1\n", "needs one with the candles' open times, called ts"),
        ("ts,open,high,low,close\n1,2,3,1,2\n", "columns ts, open, high, low, close; it needs one called volume"),
        ("date,time,open,high,low,close,volume\n1,2,2,3,1,2,1\n", "date and time must be one column"),
        (HEADER + ROW + "2024-01-02,2,x3,1,2,1\n", "row 2: high is 'x3', not a number"),
        (HEADER + ROW + "soon,2,3,1,2,1\n", "row 2: ts is 'soon', not a time"),
        (HEADER + ROW + ",2,3,1,2,1\n", "row 2 has no time in column ts"),
        (HEADER + "1704067200000,2,3,1,2,1\nx,2,3,1,2,1\n", "row 2: ts is 'x', not a time"),
        (HEADER + "20240101,2,3,1,2,1\n", "begins with 20240101, which could be a date or ms"),
        (HEADER + ROW + "2024-01-02,2\n", "cannot be read after row 0: .*Expected 6 columns, got 2"),
    ],
)
def test_a_csv_that_cannot_be_used_is_named_with_place_and_cure(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path / "bad.csv", text)
    with pytest.raises(CandleFileError, match=f"bad.csv.*{message}"):
        list(read_columns(path))


@pytest.mark.parametrize("name", ["bad.parquet", "bad.feather", "bad.csv"])
def test_a_file_of_another_format_is_unreadable(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe")
    with pytest.raises(CandleFileError, match=name):
        list(read_columns(tmp_path / name))


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
def test_a_cut_file_is_unreadable(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cut{suffix}"
    (pq.write_table if suffix == ".parquet" else feather.write_feather)(table(100), str(path))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CandleFileError, match="cut.* cannot be read after row 0: .*; export the file again"):
        list(read_columns(path))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"open": pa.array(["a"])}, "row 1: open is 'a', not a number"),
        ({"open": pa.array([True])}, "column open holds bool, not numbers"),
        ({"open": pa.array([date(2024, 1, 1)])}, "column open holds date32"),
        ({"ts": pa.array([[1]])}, "column ts holds list.*, not times"),
        ({"ts": pa.array([None], pa.int64())}, "row 1 has no time"),
    ],
)
def test_a_mistyped_parquet_column_is_named(tmp_path: Path, columns: dict[str, object], message: str) -> None:
    pq.write_table(table(1, **columns), tmp_path / "bad.parquet")
    with pytest.raises(CandleFileError, match=message):
        list(read_columns(tmp_path / "bad.parquet"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CandleFileError, match="none.parquet is not there"):
        list(read_columns(tmp_path / "none.parquet"))


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"candles")
    assert sha256(tmp_path / "a") == hashlib.sha256(b"candles").hexdigest()
