"""What features cost: over a long history, for one live candle, at a start; beside TA-Lib and pandas.

    python benchmarks/features.py                 # some minutes
    python benchmarks/features.py --quick         # a tenth of the candles: does it run?
    python benchmarks/features.py --cold          # also compiles everything into an empty cache, one process

The candles are a seeded walk. All ratios come from one run on one machine: figures of two runs are not to be compared.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import talib
from table import table

from papertape.contract.candle import Floats
from papertape.engine.discovery import load_plugins
from papertape.features.catalogue import Catalogue
from papertape.features.plan import plan
from papertape.features.request import Feature
from papertape.features.stream import Stream

MINUTE = 60_000
CHUNK = 20_000
COUNTED = 350
"""Features that the live figures are for, besides those for the whole catalogue."""

Compute = Callable[[Any], Any]
COMPARED: dict[str, tuple[Compute, Compute | None]] = {
    # feature: (TA-Lib on arrays, pandas on a frame as most people write it)
    "ema_12": (lambda c: talib.EMA(c.close, 12), lambda d: d.close.ewm(span=12, adjust=False).mean()),
    "ema_200": (lambda c: talib.EMA(c.close, 200), lambda d: d.close.ewm(span=200, adjust=False).mean()),
    "sma_20": (lambda c: talib.SMA(c.close, 20), lambda d: d.close.rolling(20).mean()),
    "wma_20": (
        lambda c: talib.WMA(c.close, 20),
        lambda d: d.close.rolling(20).apply(lambda x: x @ np.arange(1.0, 21) / 210, raw=True),
    ),
    "dema_20": (lambda c: talib.DEMA(c.close, 20), lambda d: _dema(d.close, 20)),
    "tema_20": (lambda c: talib.TEMA(c.close, 20), lambda d: _tema(d.close, 20)),
    "rsi_14": (lambda c: talib.RSI(c.close, 14), lambda d: _rsi(d.close, 14)),
    "macd_12_26_9": (lambda c: talib.MACD(c.close)[0], lambda d: _macd(d.close)[0]),
    "adx_14": (lambda c: talib.ADX(c.high, c.low, c.close, 14), None),
    "aroon_osc_14": (lambda c: talib.AROONOSC(c.high, c.low, 14), None),
    "linreg_slope_14": (lambda c: talib.LINEARREG_SLOPE(c.close, 14), None),
    "roc_10": (lambda c: talib.ROC(c.close, 10), lambda d: 100 * d.close.pct_change(10)),
    "momentum_10": (lambda c: talib.MOM(c.close, 10), lambda d: d.close.diff(10)),
    "cci_20": (lambda c: talib.CCI(c.high, c.low, c.close, 20), lambda d: _cci(d, 20)),
    "willr_14": (lambda c: talib.WILLR(c.high, c.low, c.close, 14), lambda d: _willr(d, 14)),
    "stoch_k_14_3_3": (
        lambda c: talib.STOCH(c.high, c.low, c.close, 14, 3, 0, 3, 0)[0],
        lambda d: (100 + _willr(d, 14)).rolling(3).mean(),
    ),
    "mfi_14": (lambda c: talib.MFI(c.high, c.low, c.close, c.volume, 14), None),
    "ultosc_7_14_28": (lambda c: talib.ULTOSC(c.high, c.low, c.close), None),
    "cmo_14": (lambda c: talib.CMO(c.close, 14), None),
    "atr_14": (lambda c: talib.ATR(c.high, c.low, c.close, 14), lambda d: _atr(d, 14)),
    "bb_upper_20_2": (
        lambda c: talib.BBANDS(c.close, 20, 2, 2)[0],
        lambda d: d.close.rolling(20).mean() + 2 * d.close.rolling(20).std(ddof=0),
    ),
    "stddev_20": (lambda c: talib.STDDEV(c.close, 20, 1), lambda d: d.close.rolling(20).std(ddof=0)),
    "donchian_upper_20": (lambda c: talib.MAX(c.high, 20), lambda d: d.high.rolling(20).max()),
}


def _dema(close: pd.Series, n: int) -> pd.Series:
    once = close.ewm(span=n, adjust=False).mean()
    return 2 * once - once.ewm(span=n, adjust=False).mean()


def _tema(close: pd.Series, n: int) -> pd.Series:
    once = close.ewm(span=n, adjust=False).mean()
    twice = once.ewm(span=n, adjust=False).mean()
    return 3 * once - 3 * twice + twice.ewm(span=n, adjust=False).mean()


def _rsi(close: pd.Series, n: int) -> pd.Series:
    change = close.diff()
    up = change.clip(lower=0).ewm(alpha=1 / n, adjust=False).mean()
    down = (-change.clip(upper=0)).ewm(alpha=1 / n, adjust=False).mean()
    return 100 * up / (up + down)


def _macd(close: pd.Series) -> tuple[pd.Series, pd.Series]:
    line = close.ewm(span=12, adjust=False).mean() - close.ewm(span=26, adjust=False).mean()
    return line, line.ewm(span=9, adjust=False).mean()


def _cci(frame: pd.DataFrame, n: int) -> pd.Series:
    typical = (frame.high + frame.low + frame.close) / 3
    mean = typical.rolling(n).mean()
    off = typical.rolling(n).apply(lambda x: np.abs(x - x.mean()).mean(), raw=True)
    return (typical - mean) / (0.015 * off)


def _willr(frame: pd.DataFrame, n: int) -> pd.Series:
    highest, lowest = frame.high.rolling(n).max(), frame.low.rolling(n).min()
    return -100 * (highest - frame.close) / (highest - lowest)


def _atr(frame: pd.DataFrame, n: int) -> pd.Series:
    before = frame.close.shift()
    ranges = [frame.high - frame.low, (frame.high - before).abs(), (frame.low - before).abs()]
    return pd.concat(ranges, axis=1).max(axis=1).ewm(alpha=1 / n, adjust=False).mean()


def walk(count: int, seed: int = 7) -> Floats:
    """Candles (6, count) of a random walk with quiet and loud hours and volume to match."""
    chance = np.random.default_rng(seed)
    loud = np.exp(np.repeat(chance.normal(0, 0.7, -(-count // 60)), 60)[:count])
    close = 100 * np.exp(np.cumsum(chance.normal(0, 0.0006, count) * loud))
    opens = np.concatenate([[100.0], close[:-1]])
    high = np.maximum(opens, close) * (1 + 0.0004 * loud * chance.random(count))
    low = np.minimum(opens, close) * (1 - 0.0004 * loud * chance.random(count))
    ts = 1_600_000_000_000 // MINUTE * MINUTE + MINUTE * np.arange(count, dtype=np.float64)
    return np.array([ts, opens, high, low, close, loud * chance.gamma(2.0, 5.0, count)])


def spread(features: Sequence[Feature], count: int) -> list[Feature]:
    """`count` features spread evenly over a longer list."""
    return [features[int(place)] for place in np.linspace(0, len(features) - 1, min(count, len(features)))]


def seconds_of(work: Callable[[], object], least: float = 0.2) -> float:
    """Seconds of one call: the fastest of a few."""
    taken: list[float] = []
    while not taken or (len(taken) < 3 and sum(taken) < 10 * least):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def over(features: Sequence[Feature], candles: Floats) -> float:
    """Seconds for a whole history of one symbol, in chunks as a table is built."""
    layout = plan(features, ["BTC/USDT"])
    stream = Stream(layout, MINUTE, CHUNK)

    def work() -> None:
        for begin in range(0, candles.shape[1], CHUNK):
            stream.run([candles[:, begin : begin + CHUNK]])

    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def stepped(features: Sequence[Feature], symbols: int, steps: int) -> list[float]:
    """Microseconds of each live step, all symbols in one batch."""
    names = [f"S{number}/USDT" for number in range(symbols)]
    stream = Stream(plan(features, names), MINUTE)
    stream.run([walk(800, seed) for seed in range(symbols)])
    batches = list(zip(*(map(tuple, walk(steps, 10_000 + seed).T.tolist()) for seed in range(symbols)), strict=True))
    taken = []
    for rows in batches:
        began = time.perf_counter_ns()
        stream.step(rows)
        taken.append((time.perf_counter_ns() - began) / 1000)
    return taken[steps // 10 :]


def history(features: Sequence[Feature], candles: Floats) -> list[list[str]]:
    count = candles.shape[1]
    rows = []
    for name, some in ((f"{COUNTED} features", spread(features, COUNTED)), ("the whole catalogue", list(features))):
        taken = over(some, candles)
        rows.append([
            name, f"{len(some)}", f"{taken:.2f}", f"{count / taken:,.0f}", f"{taken / count / len(some) * 1e9:.1f}",
        ])  # fmt: skip
    return rows


def beside(catalogue: Catalogue, candles: Floats) -> list[list[str]]:
    """The same indicators by TA-Lib and by pandas."""
    frame = pd.DataFrame(dict(zip(("ts", "open", "high", "low", "close", "volume"), candles, strict=True)))
    columns = type("Arrays", (), {name: frame[name].to_numpy() for name in frame})
    known = {name: pair for name, pair in COMPARED.items() if _known(catalogue, name)}
    ours = over(catalogue.select(list(known)), candles)
    theirs = sum(seconds_of(lambda compute=compute: compute(columns)) for compute, _ in known.values())
    common = {name: compute for name, (_, compute) in known.items() if compute is not None}
    ours_common = over(catalogue.select(list(common)), candles)
    pandas = 0.0
    for compute in common.values():
        began = time.perf_counter()
        compute(frame)
        pandas += time.perf_counter() - began
    return [
        [f"TA-Lib, {len(known)} indicators", f"{ours:.2f}", f"{theirs:.2f}", f"{theirs / ours:.2f}"],
        [f"pandas, {len(common)} indicators", f"{ours_common:.2f}", f"{pandas:.2f}", f"{pandas / ours_common:.2f}"],
    ]


def _known(catalogue: Catalogue, name: str) -> bool:
    try:
        catalogue.find(name)
    except Exception as error:  # noqa: BLE001  # said, and left out
        print(f"left out: {error}", file=sys.stderr)
        return False
    return True


def live(features: Sequence[Feature], quick: bool) -> list[list[str]]:
    rows = []
    for some in (spread(features, COUNTED), list(features)):
        for symbols in (1, 20, 500):
            taken = stepped(some, symbols, 100 if quick or symbols == 500 else 1000)
            p50, p99 = np.percentile(taken, [50, 99])
            rows.append([
                f"{len(some)} features", f"{symbols}", f"{p50:,.1f}", f"{p99:,.1f}",
                f"{p50 / symbols:.2f}", f"{p50 / symbols / len(some) * 1000:.1f}",
            ])  # fmt: skip
    return rows


def growth(features: Sequence[Feature], candles: Floats) -> list[list[str]]:
    """Cost of a value as the work grows: it should stay what it is."""
    some, rows = spread(features, COUNTED), []
    for part in (0.25, 0.5, 1.0):
        count = int(candles.shape[1] * part)
        rows.append([f"{count:,} candles", f"{over(some, candles[:, :count]) / count / len(some) * 1e9:.1f}"])
    for symbols in (125, 250, 500):
        taken = float(np.median(stepped(some, symbols, 60)))
        rows.append([f"{symbols} symbols", f"{taken / symbols / len(some) * 1000:.1f}"])
    for count in (COUNTED // 4, COUNTED // 2, COUNTED):
        few = spread(features, count)
        rows.append([f"{count} features", f"{over(few, candles) / candles.shape[1] / count * 1e9:.1f}"])
    return rows


def families(features: Sequence[Feature], candles: Floats) -> list[list[str]]:
    by_family: dict[str, list[Feature]] = {}
    for feature in features:
        by_family.setdefault(feature.family.name, []).append(feature)
    found = []
    for name, some in by_family.items():
        width = plan(some, ["BTC/USDT"]).width
        found.append((over(some, candles) / candles.shape[1] / width * 1e9, name, len(some), some[0].family.memory))
    return [[name, memory, f"{count}", f"{cost:.1f}"] for cost, name, count, memory in sorted(found, reverse=True)]


START = """
import time; began = time.perf_counter()
from papertape.engine.discovery import load_plugins
from papertape.features.plan import plan
from papertape.features.stream import Stream
catalogue = load_plugins(only=lambda point: point.name == "host").catalogue()
features = [f for f in catalogue.listed() if not f.family.panel and not f.output.level]
Stream(plan(features[:COUNT], ["BTC/USDT"]), 60_000)
import sys; print(time.perf_counter() - began, "numba" in sys.modules)
"""


def start(count: int, cache: str | None = None) -> tuple[float, bool]:
    """Seconds until a fresh process can compute `count` features, and whether it imported numba."""
    env = os.environ | ({} if cache is None else {"XDG_CACHE_HOME": cache})
    code = START.replace("COUNT", str(count))
    out = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    taken, numba = out.split()
    return float(taken), numba == "True"


def starts(count: int, cold: bool) -> list[list[str]]:
    rows = []
    for some in (COUNTED, count):
        taken, numba = min(start(some) for _ in range(3))
        rows.append([f"{some} features, warm cache", f"{taken:.2f}", "yes" if numba else "no"])
    if cold:
        with tempfile.TemporaryDirectory() as folder:
            taken, numba = start(count, folder)
            rows.append([f"{count} features, empty cache, one process", f"{taken:.1f}", "yes" if numba else "no"])
            size = sum(file.stat().st_size for file in Path(folder).rglob("*.o"))
            rows.append(["object code, MiB", f"{size / 2**20:.1f}", ""])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candles", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the candles")
    parser.add_argument("--cold", action="store_true", help="compile everything once more, into an empty cache")
    options = parser.parse_args()
    candles = walk(options.candles // (10 if options.quick else 1))
    catalogue = load_plugins().catalogue()
    features = [feature for feature in catalogue.listed() if not feature.family.panel and not feature.output.level]
    print(f"{candles.shape[1]:,} candles of one symbol\n")
    Stream(plan(features, ["BTC/USDT"]), MINUTE)  # compiles what is not in the cache
    print(table(["history", "features", "s", "candles/s", "ns a value"], history(features, candles)), "\n")
    print(table(["beside", "ours s", "theirs s", "theirs / ours"], beside(catalogue, candles)), "\n")
    print(
        table(
            ["one live step", "symbols", "p50 us", "p99 us", "us a symbol", "ns a value"], live(features, options.quick)
        ),
        "\n",
    )
    print(table(["growth", "ns a value"], growth(features, candles)), "\n")
    print(table(["start", "s", "imports numba"], starts(len(features), options.cold)), "\n")
    print(
        table(["family", "memory", "features", "ns a value"], families(features, candles[:, : len(candles[0]) // 10]))
    )


if __name__ == "__main__":
    main()
