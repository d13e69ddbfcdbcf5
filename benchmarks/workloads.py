"""Seeded candles that every benchmark runs on: random walks of one-minute candles, written once as Parquet.

``python benchmarks/workloads.py SYMBOLSxCANDLES ...`` writes the files of those workloads that are not there yet, for
example ``1x1000000 20x100000``. numpy and pyarrow are imported only where candles are made, so that a process which
merely wants a path stays small (it is the floor under the peak memory that Linux reports for its children).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DATA = Path(__file__).resolve().parent / ".data"
SEED = 7
FIRST_OPEN = 1_577_836_800_000  # ms UTC: 2020-01-01T00:00Z
MINUTE = 60_000  # ms
START_PRICE = 100.0  # quote currency
SIGMA = 0.0008  # standard deviation of a minute's log return


@dataclass(frozen=True, slots=True)
class Workload:
    """``candles`` one-minute candles of each of ``symbols`` symbols, all starting at the same minute."""

    symbols: int
    candles: int  # of each symbol

    @property
    def total(self) -> int:
        """Candles over all symbols."""
        return self.symbols * self.candles

    @property
    def names(self) -> list[str]:
        """The symbols, ``S00/USDT`` and on."""
        return [f"S{index:02d}/USDT" for index in range(self.symbols)]

    @property
    def folder(self) -> Path:
        """Where the files of this workload lie."""
        return DATA / f"{self.symbols}x{self.candles}"

    @property
    def files(self) -> list[Path]:
        """One Parquet file a symbol, in the order of ``names``."""
        return [self.folder / f"walk_{name.replace('/', '-')}_1m.parquet" for name in self.names]

    def write(self) -> None:
        """Make the files, unless all are there. The same workload always has the same bytes of prices."""
        if all(file.exists() for file in self.files):
            return
        import numpy as np
        import pyarrow as pa
        from pyarrow import parquet

        self.folder.mkdir(parents=True, exist_ok=True)
        generator = np.random.default_rng(SEED)
        ts = FIRST_OPEN + MINUTE * np.arange(self.candles, dtype=np.int64)
        for file in self.files:
            unfinished = file.with_suffix(".part")
            parquet.write_table(pa.table({"ts": ts, **walk(generator, self.candles)}), unfinished)
            unfinished.rename(file)


def walk(generator: np.random.Generator, candles: int) -> dict[str, NDArray[np.float64]]:
    """A geometric random walk as candle columns, in quote currency (``volume``: base units).

    Each candle opens at the close before it, so that an engine which fills at the signal's close and one which fills
    at the next open pay the same price. Prices have 4 decimals and volumes 3, for engines with fixed-point numbers;
    volumes are large enough that no engine's participation limit is reached.
    """
    import numpy as np

    close = np.round(START_PRICE * np.exp(np.cumsum(generator.normal(0.0, SIGMA, candles))), 4)
    open_ = np.concatenate(([START_PRICE], close[:-1]))
    above = np.abs(generator.normal(0.0, SIGMA / 2, candles))
    below = np.abs(generator.normal(0.0, SIGMA / 2, candles))
    top, bottom = np.maximum(open_, close), np.minimum(open_, close)
    return {
        "open": open_,
        "high": np.maximum(np.round(top * (1 + above), 4), top),
        "low": np.minimum(np.round(bottom * (1 - below), 4), bottom),
        "close": close,
        "volume": np.round(generator.lognormal(12.0, 1.0, candles), 3) + 0.001,
    }


def parse(text: str) -> Workload:
    """``20x100000`` as a workload; ValueError for anything else."""
    symbols, _, candles = text.partition("x")
    return Workload(int(symbols), int(candles))


def main() -> None:
    """Write the workloads named on the command line."""
    parser = argparse.ArgumentParser(description="Write seeded one-minute candles as Parquet.")
    parser.add_argument("workloads", nargs="+", type=parse, metavar="SYMBOLSxCANDLES", help="for example 1x1000000")
    for workload in parser.parse_args().workloads:
        workload.write()
        print(workload.folder)


if __name__ == "__main__":
    main()
