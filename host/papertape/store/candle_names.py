"""What candle files are called: EXCHANGE_SYMBOL_TIMEFRAME, such as `binance_BTC-USDT_1m.parquet`."""

import re
from pathlib import Path
from typing import NamedTuple

from papertape.contract.errors import CandleFileError, InvalidValue
from papertape.market.timeframe import TIMEFRAMES

SUFFIXES = (".parquet", ".csv", ".feather")
"""Kinds of candle files, by the end of their names."""

_CODE = r"(?=[A-Z0-9]*[A-Z])[A-Z0-9]+"  # such as BTC or 1INCH
_PAIR = re.compile(f"({_CODE})-({_CODE}(?::{_CODE}[A-Z0-9-]*)?)")


class CandleName(NamedTuple):
    """What the name of a candle file says."""

    exchange: str
    symbol: str
    timeframe: str

    @classmethod
    def parse(cls, path: Path) -> "CandleName | None":
        """From a path; None for a name of another form. A dash is the slash only between two all-capital codes, the
        second of which may name what a contract is settled in.

        >>> CandleName.parse(Path("binance_BTC-USDT_1m.parquet"))
        CandleName(exchange='binance', symbol='BTC/USDT', timeframe='1m')
        >>> CandleName.parse(Path("binanceusdm_BTC-USDT:USDT_1m.parquet")).symbol
        'BTC/USDT:USDT'
        >>> CandleName.parse(Path("fxcm_USDJPY-ask_1m.csv")).symbol
        'USDJPY-ask'
        """
        exchange, _, rest = path.stem.partition("_")
        symbol, _, timeframe = rest.rpartition("_")
        if not exchange or not symbol or timeframe not in TIMEFRAMES:
            return None
        pair = _PAIR.fullmatch(symbol)
        return cls(exchange, f"{pair[1]}/{pair[2]}" if pair else symbol, timeframe)

    def file_name(self, suffix: str = ".parquet") -> str:
        """The file name that says this; raises `InvalidValue` when none can.

        >>> CandleName("binance", "BTC/USDT", "1m").file_name()
        'binance_BTC-USDT_1m.parquet'
        """
        name = f"{self.exchange}_{self.symbol.replace('/', '-')}_{self.timeframe}{suffix}"
        if Path(name).name != name or CandleName.parse(Path(name)) != self:
            raise InvalidValue(
                f"no file name can say exchange {self.exchange!r}, symbol {self.symbol!r} and timeframe "
                f"{self.timeframe!r}; write the symbol as BTC/USDT or BTCUSDT, and the exchange without an underscore"
            )
        return name


def candle_files(source: Path) -> list[Path]:
    """The candle files that a source names, as absolute paths: the file, or those of a folder, by name.

    Raises `CandleFileError` for a source that is not there, is of another kind, or is a folder without candle files.
    """
    path = source.expanduser().absolute()
    kinds = "Parquet, CSV or Feather (" + ", ".join(SUFFIXES) + ")"
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
        if not files:
            raise CandleFileError(f"{source} holds no candle files; put files of {kinds} there, or name another folder")
        return files
    if not path.exists():
        raise CandleFileError(f"{source} is not there; check the path")
    if path.suffix.lower() not in SUFFIXES:
        raise CandleFileError(f"{source} is no candle file; it must be {kinds}")
    return [path]
