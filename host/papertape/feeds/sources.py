"""Which files a replay reads: what each holds, and what its symbols are called in the session."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from papertape.contract.errors import CandleFileError, ConfigError, RequestError
from papertape.market.timeframe import period
from papertape.store.candle_names import CandleName, candle_files


@dataclass(frozen=True, slots=True)
class Source:
    """One candle file of a session. `symbol`: what the session calls its instrument."""

    path: Path
    symbol: str
    timeframe: str


def resolve(paths: Sequence[str], symbols: Sequence[str], timeframe: str | None) -> list[Source]:
    """The files to read, those of one symbol together, symbols in the session's order.

    `symbols` picks from what the files' names say, in any spelling of the slash, and names the instruments as written
    there; for files whose names say nothing it names them in order. Two exchanges' files of one symbol are told apart
    as `exchange:SYMBOL`. Raises `RequestError` (`CandleFileError`, `ConfigError`) where that leaves a question.
    """
    if timeframe is not None:
        period(timeframe)
    if not paths:
        raise ConfigError("replay: sources is empty; name a candle file or a folder of them with --source")
    files = list(dict.fromkeys(file for path in paths for file in candle_files(Path(path))))
    names = [CandleName.parse(file) for file in files]
    if any(name is None for name in names):
        found = _named_in_order(files, names, symbols, timeframe)
    else:
        found = _named_by_files(files, [name for name in names if name], symbols, timeframe)
    order = list(dict.fromkeys(source.symbol for source in found))
    return sorted(found, key=lambda source: order.index(source.symbol))


def _named_in_order(
    files: Sequence[Path], names: Sequence[CandleName | None], symbols: Sequence[str], timeframe: str | None
) -> list[Source]:
    unnamed = next(file for file, name in zip(files, names, strict=True) if name is None)
    if len(symbols) != len(files):
        raise CandleFileError(
            f"{unnamed}: the name does not say what it holds; call it EXCHANGE_SYMBOL_TIMEFRAME, such as "
            f"binance_BTC-USDT_1m{unnamed.suffix}, or give each of the {len(files)} files a --symbol, in order"
        )
    sources = []
    for file, name, symbol in zip(files, names, symbols, strict=True):
        said = timeframe or (name.timeframe if name else None)
        if said is None:
            raise CandleFileError(f"{file}: the name does not say the timeframe; give it as --timeframe 1m")
        sources.append(Source(file, symbol, said))
    return sources


def _named_by_files(
    files: Sequence[Path], names: Sequence[CandleName], symbols: Sequence[str], timeframe: str | None
) -> list[Source]:
    pairs = list(zip(files, names, strict=True))
    there = [(file, name) for file, name in pairs if timeframe in (None, name.timeframe)]
    if not there:
        spans = ", ".join(sorted({name.timeframe for name in names}, key=period))
        raise RequestError(f"no file has the timeframe {timeframe}; there is {spans}")
    exchanges: dict[str, set[str]] = {}
    for _, name in there:
        exchanges.setdefault(name.symbol, set()).add(name.exchange)

    def full(name: CandleName) -> str:
        return name.symbol if len(exchanges[name.symbol]) == 1 else f"{name.exchange}:{name.symbol}"

    if not symbols:
        return [Source(file, full(name), name.timeframe) for file, name in there]
    sources = []
    for symbol in dict.fromkeys(symbols):
        picked = [
            (file, name) for file, name in there if symbol in (name.symbol, f"{name.exchange}:{name.symbol}")
        ] or [(file, name) for file, name in there if _bare(symbol) == _bare(name.symbol)]
        if not picked:
            known = ", ".join(dict.fromkeys(full(name) for _, name in there))
            raise RequestError(f"no symbol {symbol!r} in the sources; there is {known}")
        one = len({name.exchange for _, name in picked}) == 1
        sources += [Source(file, symbol if one else full(name), name.timeframe) for file, name in picked]
    return sources


def _bare(symbol: str) -> str:
    return re.sub(r"[/\-]", "", symbol).upper()


def one_timeframe(sources: Sequence[Source]) -> str:
    """The timeframe that all sources have; raises `RequestError` if there are several."""
    first = sources[0]
    other = next((source for source in sources if source.timeframe != first.timeframe), None)
    if other is not None:
        raise RequestError(
            f"the sources have several timeframes: {first.path.name} is {first.timeframe}, {other.path.name} is "
            f"{other.timeframe}; choose one with --timeframe"
        )
    return first.timeframe
