from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.contract.errors import CandleFileError, InvalidValue
from papertape.store.candle_names import CandleName, candle_files


@pytest.mark.parametrize(
    ("file", "exchange", "symbol", "timeframe"),
    [
        ("binance_BTC-USDT_1m.parquet", "binance", "BTC/USDT", "1m"),
        ("binance_BTCUSDT_1d.parquet", "binance", "BTCUSDT", "1d"),
        ("fxcm_USDJPY-ask_1m.csv", "fxcm", "USDJPY-ask", "1m"),
        ("kraken_1INCH-USD_1h.feather", "kraken", "1INCH/USD", "1h"),
        ("cme_6E_H4_1m.csv", "cme", "6E_H4", "1m"),
        ("bybit_BTC-240628_1h.csv", "bybit", "BTC-240628", "1h"),
        ("x_A-B-C_1w.csv", "x", "A-B-C", "1w"),
        ("bybit_BTC-USDT:USDT_1h.csv", "bybit", "BTC/USDT:USDT", "1h"),
        ("okx_BTC-USDT:USDT-241227_1h.csv", "okx", "BTC/USDT:USDT-241227", "1h"),
    ],
)
def test_a_file_name_says_exchange_symbol_and_timeframe(file: str, exchange: str, symbol: str, timeframe: str) -> None:
    assert CandleName.parse(Path("/some/folder") / file) == (exchange, symbol, timeframe)


@pytest.mark.parametrize(
    "file", ["prices.csv", "BTC-USDT_1m.csv", "binance_BTCUSDT_funding.parquet", "_A_1m.csv", "a__1m.csv"]
)
def test_a_name_of_another_form_says_nothing(file: str) -> None:
    assert CandleName.parse(Path(file)) is None


@given(st.from_regex("[A-Z]{2,6}(/[A-Z]{2,6}(:[A-Z]{2,6})?)?", fullmatch=True), st.sampled_from(["1m", "4h", "1w"]))
def test_a_file_name_that_was_made_says_what_it_was_made_from(symbol: str, timeframe: str) -> None:
    name = CandleName("binance", symbol, timeframe)
    assert CandleName.parse(Path(name.file_name())) == name


@pytest.mark.parametrize("symbol", ["BTC-USDT", "BTC-USDT:USDT", "../BTC", ""])
def test_a_symbol_that_would_read_back_as_another_gets_no_file_name(symbol: str) -> None:
    with pytest.raises(InvalidValue, match="no file name can say"):
        CandleName("binance", symbol, "1m").file_name()


def test_a_folder_stands_for_its_candle_files_by_name(tmp_path: Path) -> None:
    for name in ("b.csv", "a.parquet", "README.md", "c.Feather"):
        (tmp_path / name).touch()
    assert [file.name for file in candle_files(tmp_path)] == ["a.parquet", "b.csv", "c.Feather"]


def test_a_source_that_cannot_be_used_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(CandleFileError, match="holds no candle files; put files of"):
        candle_files(tmp_path)
    with pytest.raises(CandleFileError, match="nowhere.csv is not there; check the path"):
        candle_files(tmp_path / "nowhere.csv")
    (tmp_path / "candles.xlsx").touch()
    with pytest.raises(CandleFileError, match="candles.xlsx is no candle file; it must be"):
        candle_files(tmp_path / "candles.xlsx")
