"""The same market orders through an independent engine, backtesting.py: the same trades and the same equity."""

import os
import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.scripted import Bar, Market, Played, Script, play, walk

from papertape import Signal
from papertape.engine.config import Spec

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
CASH, UNITS, FEE = 10_000_000, 7, 0.001
REAL = ("binance_BTCUSDT_1d", "binance_XRPETH_1m", "binanceus_BTCUSDT_1m", "binanceusdm_ETHUSDT_1h")


def stances(seed: int, count: int) -> list[int]:
    """For each candle long, short or flat, and always flat between two sides: the engines reverse differently."""
    chance = np.random.default_rng(seed)
    found = [0, 0]  # the other engine decides nothing at its first candle
    while len(found) < count:
        stay = chance.random() < 0.7
        found.append(found[-1] if stay else 0 if found[-1] else int(chance.choice([1, -1])))
    return found[:count]


def ours(bars: list[Bar], wanted: list[int]) -> Played:
    actions = {1: Signal.buy("A"), -1: Signal.short("A"), 0: Signal.close("A")}
    script: Script = {batch: [actions[stance]] for batch, stance in enumerate(wanted)}
    market: Market = {"A": bars}
    return play(
        market,
        script,
        cash=Decimal(CASH),
        fee_bps=Decimal(10),
        sizer=Spec("fixed-quantity", {"quantity": UNITS}),
        instruments={"A": {"margin": True}},
    )


def libraries() -> tuple[Any, Any]:
    """The other engine and what it takes its candles in, loaded by who asks for them: it takes its time."""
    with warnings.catch_warnings():  # of its own and of what it imports; they are not ours to mend
        warnings.simplefilter("ignore")
        return pytest.importorskip("backtesting"), pytest.importorskip("pandas")


def theirs(bars: list[Bar], wanted: list[int]) -> Any:
    backtesting, pandas = libraries()
    base: Any = backtesting.Strategy

    class Stances(base):  # type: ignore[misc]  # untyped
        """Market orders toward the stance of each candle."""

        def init(self) -> None:
            pass

        def next(self) -> None:
            stance = wanted[len(self.data) - 1]
            held = int(np.sign(self.position.size))
            if held and stance != held:
                self.position.close()
            elif stance and not held:
                (self.buy if stance > 0 else self.sell)(size=UNITS)

    columns = ["Open", "High", "Low", "Close"]
    index = pandas.date_range("2024-01-01", periods=len(bars), freq="min")
    frame = pandas.DataFrame([bar[:4] for bar in bars if bar is not None], columns=columns, index=index)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that trades are open at the end, as they are meant to be
        test = backtesting.Backtest(frame, Stances, cash=CASH, commission=FEE, finalize_trades=False)
        return test.run()


def trips(played: Played) -> list[tuple[int, int, int, float, float]]:
    """(signed units, first candle, last candle, entry, exit) of each closed position."""
    found = []
    fills = played.fills
    for entry, exit in zip(fills[::2], fills[1::2], strict=False):
        units = entry.quantity if entry.side == "buy" else -entry.quantity
        found.append((int(units), entry.batch, exit.batch, float(entry.price), float(exit.price)))
    return found


def compare(bars: list[Bar], seed: int) -> int:
    wanted = stances(seed, len(bars))
    played, stats = ours(bars, wanted), theirs(bars, wanted)
    table = stats["_trades"].sort_values("EntryBar")
    expected = list(
        zip(*(table[name] for name in ("Size", "EntryBar", "ExitBar", "EntryPrice", "ExitPrice")), strict=True)
    )
    assert trips(played) == expected
    equity = np.array(played.built.session.curves[0][0])
    np.testing.assert_allclose(equity, stats["_equity_curve"]["Equity"].to_numpy(), rtol=1e-13, atol=1e-6)
    return len(expected)


@pytest.mark.parametrize("seed", range(4))
def test_on_random_walks_with_gaps_both_engines_agree_to_the_last_candle(seed: int) -> None:
    assert compare(walk(seed, 600, gap=0.01), seed) > 40


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of real candles")
@pytest.mark.parametrize("name", REAL)
def test_on_real_candles_both_engines_agree_to_the_last_candle(name: str) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(Path(str(DATA)) / "candles" / f"{name}.parquet").slice(0, 2_500)
    columns = [table[key].to_pylist() for key in ("open", "high", "low", "close", "volume")]
    assert compare(list(zip(*columns, strict=True)), 11) > 150
