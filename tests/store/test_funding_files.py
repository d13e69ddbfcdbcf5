"""Funding files: what they may look like, and what is refused by file and row."""

import os
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from papertape.contract.errors import CandleFileError
from papertape.store.funding_files import FundingRate, funding_symbol, read_funding

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
D = Decimal
T = 1_704_067_200_000


def csv(folder: Path, text: str) -> Path:
    file = folder / "funding.csv"
    file.write_text(text)
    return file


def test_parquet_feather_and_csv_say_the_same(tmp_path: Path) -> None:
    table = pa.table({"ts": [T, T + 1], "rate": [6.818e-05, -6.12e-06], "mark": [90776.5, None]})
    pq.write_table(table, tmp_path / "a.parquet")
    feather.write_feather(table, tmp_path / "a.feather")
    text = f"ts,rate,mark\n2024-01-01T00:00Z,0.00006818,90776.5\n{T + 1},-6.12e-06,\n"
    expected = [FundingRate(T, D("0.00006818"), D("90776.5")), FundingRate(T + 1, D("-0.00000612"), None)]
    for file in (tmp_path / "a.parquet", tmp_path / "a.feather", csv(tmp_path, text)):
        assert read_funding(file) == expected


def test_marks_are_optional_and_rows_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    file = csv(tmp_path, f"ts,rate\n{T + 8},0.0002\n{T},0.0001\n")
    assert read_funding(file) == [FundingRate(T, D("0.0001"), None), FundingRate(T + 8, D("0.0002"), None)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ts,price\n1,2\n", "has the columns ts, price; it needs one called rate"),
        ("", "has the columns none; it needs one called ts"),
        (f"ts,rate\n{T},high\n", "row 1: rate is 'high', not a number"),
        (f"ts,rate\n{T},0.1\n{T},nan\n", "row 2: rate is 'nan', not a number"),
        (f"ts,rate\n{T},1.5\n", "row 1: rate is 1.5, but it is a fraction of notional"),
        (f"ts,rate,mark\n{T},0.1,0\n", "row 1: mark is 0, a price must be above 0"),
        ("ts,rate\nsoon,0.1\n", "row 1: ts is 'soon', not a time"),
    ],
)
def test_what_cannot_be_a_rate_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CandleFileError, match=message):
        read_funding(csv(tmp_path, text))


def test_a_file_that_is_not_there_or_is_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CandleFileError, match="is not there; check the path"):
        read_funding(tmp_path / "none.csv")
    (tmp_path / "a.txt").write_text("ts,rate\n")
    with pytest.raises(CandleFileError, match="it must be one of .parquet, .csv, .feather"):
        read_funding(tmp_path / "a.txt")
    (tmp_path / "a.parquet").write_text("no parquet")
    with pytest.raises(CandleFileError, match="cannot be read"):
        read_funding(tmp_path / "a.parquet")


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of sample data")
def test_a_real_file_reads() -> None:
    file = Path(str(DATA)) / "funding" / "binanceusdm_BTCUSDT_funding.parquet"
    rates = read_funding(file)
    assert (len(rates), rates[0]) == (266, FundingRate(1741276800000, D("0.00006818"), None))
    assert funding_symbol(file) == "BTCUSDT"
