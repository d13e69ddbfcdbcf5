"""The work that every engine does, and the one line each driver prints about it.

Long when EMA(12) is above EMA(26), flat when it is below, both seeded with the first close (alpha = 2 / (n + 1)),
decided at a candle's close from the 26th candle on. A market order of a fixed lot meets the next open; a fee on the
notional of each side. The lot is fixed because 17,901 round trips at 20 bps each shrink an all-in account until
engines that trade whole units stop trading, and so stop doing the work.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

FAST, SLOW = 12, 26  # candles
FEE = 0.001  # fraction of notional a side: 10 bps
CASH = 10_000_000.0  # quote currency
LOT = 100.0  # base units an entry


class Stopwatch:
    """Wall seconds of the block it is used around; nothing that happened before or after counts."""

    seconds: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time the block."""
        began = time.perf_counter()
        yield
        self.seconds = time.perf_counter() - began


def report(peer: str, version: str, seconds: float, candles: int, trades: int, equity: float) -> None:
    """Print the result as one JSON line.

    ``seconds``: wall time of the engine's run alone, without imports, loading and conversion to the engine's own form.
    ``trades``: closed round trips. ``equity``: cash and open positions at the last close, quote currency.
    """
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "peer": peer,
                "version": version,
                "seconds": seconds,
                "candles": candles,
                "trades": trades,
                "equity": round(equity, 2),
                "peak_mb": round(peak_mb, 1),
            }
        ),
        flush=True,
    )
