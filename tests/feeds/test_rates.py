"""A replay with funding: rates stand before the first batch that closes later, whatever the blocks."""

import json
import os
import shutil
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.engine.hosted import kept, run, verified

from papertape.contract.errors import ConfigError, TapeSourceChanged
from papertape.engine.config import read_config
from papertape.feeds.replay import ReplayFeed
from papertape.ledger.records import FundingRow
from papertape.ledger.store import Ledger

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
MINUTE = 60_000
T = 1_704_067_200_000
SYMBOL = "BTC/USDT"


def candles(folder: Path, count: int = 20, symbol: str = "BTC-USDT") -> Path:
    file = folder / f"x_{symbol}_1m.csv"
    rows = (f"{T + k * MINUTE},100,101,99,100,5\n" for k in range(count))
    file.write_text("ts,open,high,low,close,volume\n" + "".join(rows))
    return file


def funding(folder: Path, *times: int, name: str = "x_BTC-USDT_funding.csv") -> Path:
    file = folder / name
    file.write_text("ts,rate,mark\n" + "".join(f"{ts},0.001,100\n" for ts in times))
    return file


def placed(feed: ReplayFeed, start: int = 0) -> list[tuple[int, int]]:
    """(close of the batch before which it stands, time), of every event."""
    return [(block.times[k], event["ts"]) for block in feed.blocks(start) for k, event in block.events]


def test_a_rate_stands_before_the_first_batch_that_closes_after_it(tmp_path: Path) -> None:
    times = (T - 1, T + 2 * MINUTE, T + 5 * MINUTE + 3, T + 7 * MINUTE - 1, T + 20 * MINUTE)
    feed = ReplayFeed(sources=(str(candles(tmp_path)),), funding=(str(funding(tmp_path, *times)),))
    assert feed.funded == (SYMBOL,)
    assert placed(feed) == [
        (T + 3 * MINUTE, times[1]), (T + 6 * MINUTE, times[2]), (T + 7 * MINUTE, times[3]),
    ]  # fmt: skip  # one before the first candle, one at the last close: nobody is there


@pytest.mark.parametrize("start", [1, 2, 3, 5, 6, 19])
def test_from_any_batch_on_the_rates_that_are_left_stand_where_they_did(tmp_path: Path, start: int) -> None:
    times = [T + k * MINUTE + k % 3 for k in range(20)]
    feed = ReplayFeed(sources=(str(candles(tmp_path)),), funding=(str(funding(tmp_path, *times)),))
    assert placed(feed, start) == [pair for pair in placed(feed) if pair[0] > T + start * MINUTE]


def test_blocks_do_not_matter(tmp_path: Path) -> None:
    times = [T + k * 97 * MINUTE for k in range(90)]
    feed = ReplayFeed(sources=(str(candles(tmp_path, 9_000)),), funding=(str(funding(tmp_path, *times)),))
    assert len(list(feed.blocks())) > 1
    assert placed(feed) == [(ts + MINUTE, ts) for ts in times]


def test_a_file_of_no_symbol_of_the_session_is_refused(tmp_path: Path) -> None:
    paths = str(candles(tmp_path)), str(candles(tmp_path, symbol="ETH-USDT"))
    for name in ("x_SOL-USDT_funding.csv", "rates.csv"):
        with pytest.raises(ConfigError, match="whose funding this is does not show; call it EXCHANGE_SYMBOL_funding"):
            ReplayFeed(sources=paths, funding=(str(funding(tmp_path, T, name=name)),))
    assert ReplayFeed(sources=paths[:1], funding=(str(funding(tmp_path, T, name="rates.csv")),)).funded == (SYMBOL,)


def session(folder: Path, **rules: Any) -> Any:
    return read_config(
        {
            "feed": {
                "kind": "replay",
                "sources": [str(candles(folder))],
                "funding": [str(funding(folder, *(T + k * 5 * MINUTE for k in range(4))))],
            },
            "strategies": ["buy-and-hold"],
            "sizer": "fixed-quantity:quantity=10",
            "instruments": {SYMBOL: rules},
        }
    )


def payments(url: str) -> list[FundingRow]:
    with Ledger.open(url) as ledger:
        return list(ledger.rows("a", FundingRow))


def test_a_backtest_of_a_perpetual_pays_verifies_and_resumes(sqlite_url: str, tmp_path: Path) -> None:
    config = session(tmp_path, kind="perpetual", leverage="3")
    run(sqlite_url, config, name="whole")
    assert run(sqlite_url, config, until=7, every=1).status == "stopped"
    run(sqlite_url, every=3)
    rows = payments(sqlite_url)
    assert [(row.at, row.amount) for row in rows] == [(T + k * 5 * MINUTE, Decimal(-1)) for k in (1, 2, 3)]
    assert kept(sqlite_url).same_as(kept(sqlite_url, "whole"))
    assert verified(sqlite_url).equal
    header = json.loads(kept(sqlite_url).tape[0].payload)
    assert list(header["feed"]["params"]["hashes"]) == [*config.feed.params["sources"], *config.feed.params["funding"]]


def test_verify_names_a_payment_that_was_altered(sqlite_url: str, tmp_path: Path) -> None:
    from sqlalchemy import text

    run(sqlite_url, session(tmp_path, kind="perpetual"))
    with Ledger.open(sqlite_url) as ledger, ledger.database.write() as connection:
        connection.execute(text("UPDATE funding SET amount = '-2' WHERE seq = (SELECT min(seq) FROM funding)"))
    assert "amount is -2 in the ledger, -1" in str(verified(sqlite_url).difference)


def test_a_funding_file_that_changed_is_noticed(sqlite_url: str, tmp_path: Path) -> None:
    run(sqlite_url, session(tmp_path, kind="perpetual"))
    funding(tmp_path, T)
    with pytest.raises(TapeSourceChanged, match="x_BTC-USDT_funding.csv has the SHA-256"):
        verified(sqlite_url)


def test_funding_of_what_is_no_perpetual_is_refused_before_the_first_candle(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='which is spot here: set instruments."BTC/USDT" = { kind = "perpetual" }'):
        run(sqlite_url, session(tmp_path))


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of sample data")
def test_a_quarter_of_real_funding(sqlite_url: str, tmp_path: Path) -> None:
    """Three months of one BTC held, over mark candles of 8 hours, against a sum of our own; stamps jitter by ms."""
    import pyarrow.parquet as pq

    rates = Path(str(DATA)) / "funding" / "binanceusdm_BTCUSDT_funding.parquet"
    marks = tmp_path / "binanceusdm_BTCUSDT_8h.parquet"
    shutil.copy(rates.with_name("binanceusdm_BTCUSDT_mark_8h.parquet"), marks)
    step = 8 * 3_600_000
    rows = pq.read_table(marks).to_pylist()
    closes = {row["ts"] + step: Decimal(repr(row["close"])) for row in rows}
    first, last = min(closes), max(closes)
    expected = []
    for row in pq.read_table(rates).to_pylist():
        ts, rate = row["ts"], Decimal(repr(row["rate"]))
        if first + step <= ts < last:  # bought at the open after the first close, seen by the second
            expected.append((ts, -(rate * closes[ts // step * step]).quantize(Decimal("1e-8"), ROUND_HALF_EVEN)))
    config = read_config(
        {
            "feed": {"kind": "replay", "sources": [str(marks)], "funding": [str(rates)]},
            "strategies": ["buy-and-hold"],
            "sizer": "fixed-quantity:quantity=1",
            "cash": 1_000_000,
            "instruments": {"BTCUSDT": {"kind": "perpetual"}},
        }
    )
    run(sqlite_url, config)
    assert len(expected) > 250
    assert [(row.at, row.amount) for row in payments(sqlite_url)] == expected
