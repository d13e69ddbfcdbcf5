"""Funding rates out of files, as events between the batches of a replay."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from papertape.contract.errors import ConfigError
from papertape.store.candle_files import sha256
from papertape.store.funding_files import funding_symbol, read_funding


class Rates:
    """The rates of all files in the order of their times. `symbols`: those that have some, in the session's order.
    `hashes`: SHA-256 by path. Raises `ConfigError` for a file that is of no symbol of the session."""

    def __init__(self, paths: Sequence[str], symbols: Sequence[str]) -> None:
        files = [Path(path).expanduser().absolute() for path in paths]
        found = [(file, _symbol_of(file, symbols)) for file in files]
        self.symbols = tuple(symbol for symbol in symbols if symbol in {of for _, of in found})
        events = [
            {"funding": symbol, "ts": row.ts, "rate": str(row.rate), "mark": row.mark and str(row.mark)}
            for file, symbol in found
            for row in read_funding(file)
        ]
        self._events: list[dict[str, Any]] = sorted(events, key=lambda event: (event["ts"], event["funding"]))
        self._times = [event["ts"] for event in self._events]
        self.hashes = {str(file): sha256(file) for file in files}

    def between(self, closed: int, closes: Sequence[int]) -> tuple[tuple[int, Mapping[str, Any]], ...]:
        """The events from `closed`, the close before the batches that close at `closes`, each with the number of the
        batch before which it stands: the first one that closes later."""
        those = range(bisect_left(self._times, closed), bisect_left(self._times, closes[-1]))
        return tuple((bisect_right(closes, self._times[number]), self._events[number]) for number in those)


def _symbol_of(file: Path, symbols: Sequence[str]) -> str:
    said = funding_symbol(file)
    if said is None and len(symbols) == 1:
        return symbols[0]
    matching = [symbol for symbol in symbols if said is not None and _bare(symbol) == said.upper()]
    if len(matching) != 1:
        raise ConfigError(
            f"{file}: whose funding this is does not show; call it EXCHANGE_SYMBOL_funding with a symbol of the "
            f"session ({', '.join(symbols)}), such as binanceusdm_{_bare(symbols[0])}_funding{file.suffix}"
        )
    return matching[0]


def _bare(symbol: str) -> str:
    """BTCUSDT of BTC/USDT:USDT, of BTC-USDT, and of binance:BTC/USDT."""
    base, slash, rest = symbol.partition("/")
    pair = base.rpartition(":")[2] + rest.partition(":")[0] if slash else symbol.rpartition(":")[2]
    return pair.replace("-", "").upper()
