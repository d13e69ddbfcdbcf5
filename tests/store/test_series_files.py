"""Series files: what they may look like, and what is refused by file and row."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from papertape.contract.errors import CandleFileError
from papertape.contract.series import SeriesRecord
from papertape.feeds.series_file import FileSeries
from papertape.store.series_files import read_series

T = 1_704_067_200_000
MINUTE = 60_000


def csv(folder: Path, text: str) -> Path:
    file = folder / "fear.csv"
    file.write_text(text, "utf-8")
    return file


def test_parquet_feather_and_csv_say_the_same(tmp_path: Path) -> None:
    table = pa.table({"ts": [T, T + 1], "available": [T + 5, T + 9], "value": [24.0, -0.5]})
    pq.write_table(table, tmp_path / "a.parquet")
    feather.write_feather(table, tmp_path / "a.feather")
    text = f"ts,available,value\n2024-01-01T00:00Z,{T + 5},24\n{T + 1},{T + 9},-5e-1\n\n\n"
    expected = [SeriesRecord(T, T + 5, 24.0), SeriesRecord(T + 1, T + 9, -0.5)]
    for file in (tmp_path / "a.parquet", tmp_path / "a.feather", csv(tmp_path, text)):
        assert read_series(file, None) == expected


def test_a_lag_stands_for_when_it_became_known(tmp_path: Path) -> None:
    assert read_series(csv(tmp_path, f"ts,value\n{T},24\n"), 60) == [SeriesRecord(T, T + 60, 24.0)]


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        (f"{T},{T},5\n{T},17\n", "fear.csv: row 2 has 2 cells, the first line 3"),
        (f"{T},{T},5\n\n{T},{T},5\n", "fear.csv: row 2 has 0 cells"),
        (f"{T},{T},5,6\n", "fear.csv: row 1 has 4 cells"),
        (f"{T},{T},5\n{T},{T},inf\n", "fear.csv: row 2: value is 'inf', not a number"),
        (f"{T},{T},nan\n", "fear.csv: row 1: value is 'nan', not a number"),
        (f"{T},{T},1e400\n", "fear.csv: row 1: value is '1e400', too large a number"),
        (f"{T},{T},\n", "fear.csv: row 1: value is '', not a number"),
        (f"{T},{T - 1},5\n", "fear.csv: row 1: available lies before ts"),
    ],
)
def test_a_bad_row_is_refused_by_file_and_row(tmp_path: Path, rows: str, match: str) -> None:
    with pytest.raises(CandleFileError, match=match):
        read_series(csv(tmp_path, "ts,available,value\n" + rows), None)


def test_a_missing_file_is_refused_when_it_is_asked_for_and_not_before(tmp_path: Path) -> None:
    series = FileSeries(path=str(tmp_path / "gone.csv"))
    with pytest.raises(CandleFileError, match="gone.csv is not there"):
        series.records()
    with pytest.raises(CandleFileError, match="gone.csv is not there"):
        series.hashes()


def test_a_last_line_without_an_end_is_read_once_it_stands_still(tmp_path: Path) -> None:
    file = csv(tmp_path, f"ts,available,value\n{T},{T},5\n")
    series = FileSeries(path=str(file))

    def values(more: str, at: int) -> list[float]:
        with file.open("a", encoding="utf-8") as opened:
            opened.write(more)
        os.utime(file, ns=(at, at))
        return [record.value for record in series.records()]

    assert values("", 1) == [5.0]
    assert values(f"{T},{T},2", 2) == [5.0], "of 25, perhaps"
    assert values("5", 3) == [5.0]
    assert values("", 3) == [5.0, 25.0], "nobody writes to it any more"
    assert values(f"\n{T},{T},6\n", 4) == [5.0, 25.0, 6.0]


def test_where_the_file_lies_is_no_part_of_its_meaning(tmp_path: Path) -> None:
    assert FileSeries(path="a.csv", lag="1h").meaning() == FileSeries(path="b.csv", lag="1h").meaning()
    others = [FileSeries(path="a.csv", **more).meaning() for more in ({}, {"lag": "1h"}, {"max_age": "2d"})]
    assert all(one != other for at, one in enumerate(others) for other in others[:at])
