"""What two tapes say differently of settings, sources of candles, and code."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.engine.hosted import NAME, kept, run

from papertape.engine.config import Spec, read_config
from papertape.engine.recorded import RECORDED
from papertape.engine.tape import Header, read_header
from papertape.reports.circumstances import ABSENT, Held, held, other_settings, other_sources


def header(url: str, name: str = NAME, **keys: Any) -> Header:
    run(url, read_config({"bars": 2, **keys}), name=name)
    return read_header(kept(url, name).tape)


def candles(folder: Path, close: float) -> str:
    folder.mkdir()
    file = folder / "x_BTC-USDT_1m.csv"
    rows = (f"{minute * 60_000},{close},{close},{close},{close},1\n" for minute in range(5))
    file.write_text("ts,open,high,low,close,volume\n" + "".join(rows))
    return str(file)


def test_strategies_are_told_apart_by_their_books_not_by_their_place(sqlite_url: str) -> None:
    a = header(sqlite_url, strategies=["macd", "ema-cross:fast=5"])
    b = header(sqlite_url, "b", strategies=["ema-cross:fast=6", "macd"], risk=["cool-down"])
    assert other_settings(a, b) == [
        ("strategies.ema-cross.fast", "5", "6"),
        ("risk.cool-down.kind", ABSENT, "cool-down"),
    ]


def test_replayed_files_are_told_by_their_hashes(sqlite_url: str, tmp_path: Path) -> None:
    feeds: list[dict[str, Any]] = [
        {"kind": "replay", "sources": [candles(tmp_path / name, close)]} for name, close in (("a", 5), ("b", 6))
    ]
    a, b = (header(sqlite_url, str(n), feed=feed, strategies=["macd"]) for n, feed in enumerate(feeds))
    told = other_sources(a, b)
    assert [(setting.a == ABSENT, setting.b == ABSENT) for setting in told] == [(False, True), (True, False)]
    assert all(setting.key.startswith("files.") for setting in told)
    assert other_sources(a, a) == []
    Path(feeds[0]["sources"][0]).write_text(Path(feeds[1]["sources"][0]).read_text())
    (one,) = other_sources(a, header(sqlite_url, "again", feed=feeds[0], strategies=["macd"]))
    assert len(one.a) == len(one.b) == 64 and one.a != one.b


def test_where_candles_are_on_a_tape(sqlite_url: str) -> None:
    simulated = header(sqlite_url, strategies=["macd"])
    assert held("a", simulated) is None
    assert held("a", replace(simulated, live=True)) == Held("a", None)
    config = replace(simulated.config, feed=Spec(RECORDED, {"session": "live"}))
    feed = {"params": {"session": "live", "batches": 7, "sha256": "0"}}
    assert held("a", replace(simulated, config=config, feed=feed)) == Held("live", 7)
