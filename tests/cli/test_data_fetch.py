"""`papertape data fetch`: the program against an exchange that is a process of its own."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.cli.program import PROGRAM, document, papertape, refusal
from tests.loopback.clock import StoppableClock
from tests.loopback.server import LoopbackThread
from tests.loopback.sources import walk
from tests.loopback.truth import View

from papertape.feeds.exchange.clock import Clock, run_on
from papertape.market.timeframe import iso
from papertape.store.candle_files import read_columns
from papertape.store.local_store import sole_writer

MINUTE = 60_000
BEGAN = 1_700_000_000_000 // 3_600_000 * 3_600_000
HISTORY = 3_000
START = iso(BEGAN - HISTORY * MINUTE)
KLINES = "/api/v3/klines"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "candles"


@pytest.fixture
def market(store: Path) -> Iterator[LoopbackThread]:
    """An exchange whose clock, as the program's, stands still."""
    clock = StoppableClock(BEGAN, 600.0)
    clock.freeze()
    run_on(clock)
    try:
        with LoopbackThread(walk(["BTC/USDT", "ETH/USDT"], BEGAN, 60, HISTORY, seed=5), clock) as running:
            yield running
    finally:
        run_on(Clock())


def session_file(folder: Path, ccxt: dict[str, Any], symbols: tuple[str, ...] = ("BTC/USDT",)) -> Path:
    """A session file that follows the exchange."""
    feed = {"kind": "exchange", "exchange": "binance", "symbols": list(symbols), "ccxt": ccxt}
    file = folder / "live.toml"
    file.write_text(f"feed = {toml(feed)}\n")
    return file


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {toml(inner)}' for key, inner in value.items()) + " }"
    return json.dumps(value)


def closes(store: Path, symbol: str = "BTC-USDT") -> dict[int, float]:
    pieces = read_columns(store / f"binance_{symbol}_1m.parquet")
    return {ts: close for piece in pieces for ts, close in zip(piece.ts.tolist(), piece.close.tolist(), strict=True)}


def test_it_fetches_what_a_session_file_follows_and_says_what_there_is(
    market: LoopbackThread, store: Path, tmp_path: Path
) -> None:
    file = session_file(tmp_path, market.ccxt_options(), ("BTC/USDT", "ETH/USDT"))
    done = document("data", "fetch", file, "--start", START)
    first, last = BEGAN - HISTORY * MINUTE, BEGAN - MINUTE
    each = {
        "exchange": "binance", "timeframe": "1m", "rows": HISTORY, "added": HISTORY, "first_ts": first, "last_ts": last,
        "absent": 0, "gaps": 0, "first_gaps": [], "longest_gap": None, "skipped": 0,
    }  # fmt: skip
    assert done == {
        "store": str(store), "status": "finished", "start_ts": first, "end_ts": BEGAN,
        "files": [
            {"file": str(store / f"binance_{name}-USDT_1m.parquet"), "symbol": f"{name}/USDT", **each}
            for name in ("BTC", "ETH")
        ],
    }  # fmt: skip
    truth = market.truth.closed("BTC/USDT", "1m", first, BEGAN)
    tick = market.truth.markets["BTC/USDT"].tick
    assert closes(store) == {candle.time: float(candle.close * tick) for candle in truth}
    assert document("data", "check")["ok"] is True


def test_options_go_over_the_file_and_a_table_shows_the_gaps(
    market: LoopbackThread, store: Path, tmp_path: Path
) -> None:
    file = session_file(tmp_path, market.ccxt_options())
    started, ended = iso(BEGAN - (HISTORY + 10) * MINUTE), iso(BEGAN - (HISTORY - 5) * MINUTE)
    papertape("data", "fetch", file, "--start", iso(BEGAN - 90 * MINUTE), "--symbol", "ETH/USDT")
    done = papertape("data", "fetch", file, "--symbol", "ETH/USDT", "--start", started, "--end", ended)
    assert done.exit_code == 0, done.stderr
    header, row, blank, gaps = done.stdout.splitlines()
    first, last = iso(BEGAN - HISTORY * MINUTE), iso(BEGAN - MINUTE)
    assert header.split("  ")[0] == "exchange" and blank == ""
    assert row.split() == ["binance", "ETH/USDT", "1m", "5", "95", first, last, "10", "1"]
    assert gaps == f"ETH/USDT: absent are 10 from {started}"
    assert not (store / "binance_BTC-USDT_1m.parquet").exists()


def test_a_bad_request_is_refused_in_a_plain_line(market: LoopbackThread, store: Path, tmp_path: Path) -> None:
    file = session_file(tmp_path, market.ccxt_options())
    assert "did you mean BTC/USDT?" in refusal("data", "fetch", file, "--symbol", "BTC/USTD", "--start", START)
    assert "no exchange 'binanc' in ccxt; did you mean binance" in refusal(
        "data", "fetch", "--exchange", "binanc", "--symbol", "BTC/USDT", "--start", START
    )
    assert "no timeframe '7m'; the nearest is" in refusal("data", "fetch", file, "--timeframe", "7m", "--start", START)
    assert "has no 10s candles" in refusal("data", "fetch", file, "--timeframe", "10s", "--start", START)
    assert "is not before the end" in refusal("data", "fetch", file, "--start", START, "--end", START)
    assert "name the exchange and the symbols" in refusal("data", "fetch", "--start", START)
    other = tmp_path / "sim.toml"
    other.write_text('feed = "sim"\n')
    assert "follows no exchange, its feed is sim" in refusal("data", "fetch", other, "--start", START)
    assert papertape("data", "fetch", file).exit_code == 2, "--start is missing"
    with sole_writer(store / "binance_BTC-USDT_1m.parquet"):
        assert "is being changed by another program" in refusal("data", "fetch", file, "--start", START)
    (tmp_path / "full").write_text("a file, where a folder should be")
    os.environ["PAPERTAPE_HOME"] = str(tmp_path / "full")  # the fixture puts it back
    assert "cannot be written" in refusal("data", "fetch", file, "--start", START)


def test_an_exchange_that_cannot_be_reached_ends_it_with_1_soon(tmp_path: Path, store: Path) -> None:
    nowhere = {"urls": {"api": {"public": "http://127.0.0.1:9/api/v3"}}, "options": {"fetchCurrencies": False}}
    file = session_file(tmp_path, nowhere)
    assert "does not answer" in refusal("data", "fetch", file, "--start", START, code=1)
    assert not store.exists()


class Failing(LoopbackThread):
    """An exchange that is down after two pages of candles."""

    def view(self) -> View:
        if self.requests[KLINES] > 2:
            raise web.HTTPServiceUnavailable
        return super().view()


def test_giving_up_keeps_what_came_and_says_so_in_the_document_too(store: Path, tmp_path: Path) -> None:
    clock = StoppableClock(BEGAN, 5_000.0)
    run_on(clock)
    try:
        with Failing(walk(["BTC/USDT"], BEGAN, 60, HISTORY), clock) as market:
            file = session_file(tmp_path, market.ccxt_options())
            done = papertape("data", "fetch", file, "--start", START, "--end", iso(BEGAN), "--json")
    finally:
        run_on(Clock())
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert (said["status"], said["files"][0]["added"], said["files"][0]["absent"]) == ("failed", 2_000, 1_000)
    assert "the same command goes on from there" in done.stderr and "Traceback" not in done.stderr
    assert len(closes(store)) == 2_000


class Holding(LoopbackThread):
    """An exchange that leaves whoever asks for one page more than `most` without an answer."""

    most = 1 << 30

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        while request.path == KLINES and self.requests[KLINES] > self.most:
            await asyncio.sleep(0.01)
        return await super()._answered(request)


LONG = 20_000
SPARED = 120
"""Newest candles that are not asked for: of the last page no doubt is left, and so it is not asked for twice."""
PAGES = LONG // 1_000


@pytest.fixture
def holding(store: Path) -> Iterator[Holding]:
    """Its clock stands still."""
    clock = StoppableClock(BEGAN, 600.0)
    clock.freeze()
    with Holding(walk(["BTC/USDT"], BEGAN, 60, LONG), clock) as running:
        yield running


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT], ids=lambda end: end.name)
def test_a_fetch_that_ended_in_the_middle_goes_on_and_asks_for_nothing_twice(
    end: signal.Signals, holding: Holding, store: Path, tmp_path: Path
) -> None:
    file = session_file(tmp_path, holding.ccxt_options())
    start, end_ts = BEGAN - LONG * MINUTE, BEGAN - SPARED * MINUTE
    command = [*PROGRAM, "data", "fetch", str(file), "--start", iso(start), "--end", iso(end_ts)]
    holding.most = PAGES // 4
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        while holding.requests[KLINES] <= PAGES // 4:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(end)
        said, complaint = process.communicate(timeout=120)
    assert holding.requests[KLINES] == PAGES // 4 + 1
    holding.most = 1 << 30
    if end is not signal.SIGKILL:
        assert process.returncode == 1
        assert complaint == "Interrupted: what came is kept; the same command goes on from there.\n"
        assert "absent" in said
        assert len(closes(store)) == PAGES // 4 * 1_000

    done = document(*command[len(PROGRAM) :])
    assert holding.requests[KLINES] <= PAGES + 1, "only the page under way is asked for again"
    assert (done["files"][0]["rows"], done["files"][0]["absent"]) == (LONG - SPARED, 0)
    truth = holding.truth
    tick = truth.markets["BTC/USDT"].tick
    candles = truth.closed("BTC/USDT", "1m", truth.began, end_ts)
    assert closes(store) == {candle.time: float(candle.close * tick) for candle in candles}
    leftovers = [file.name for file in store.iterdir() if "pages" in file.name or "draft" in file.name]
    assert leftovers == []
