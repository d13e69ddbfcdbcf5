"""Sessions over a ledger, run as a host runs them: started, told things, stopped at a batch, resumed, looked at."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from papertape.cli.session_file import read_file
from papertape.engine.config import SessionConfig, read_config
from papertape.engine.discovery import Plugins, load_plugins
from papertape.engine.pacing import Pace
from papertape.engine.resume import resume
from papertape.engine.runner import Ended, Runner
from papertape.engine.start import start
from papertape.engine.verify import Verified, verify
from papertape.ledger.records import (
    CheckpointRow,
    EquityRow,
    FillRow,
    NoteRow,
    OrderRow,
    PluginEventRow,
    SignalRow,
    TapeRow,
)
from papertape.ledger.series import unpack_series, unpack_times
from papertape.ledger.store import Ledger, SessionRow

STORMY = Path(__file__).parents[2] / "benchmarks" / "stormy" / "session.toml"
"""A session with brackets, partial fills, margin, rules, a fusion, and a strategy whose state is not kept."""
NAME = "a"
SIM = {"kind": "sim", "symbols": ["BTC/USDT", "ETH/USDT"]}


def stormy(bars: int = 150) -> SessionConfig:
    return read_config({**read_file(str(STORMY)), "bars": bars})


def of_files(*strategies: Path, bars: int = 60, **keys: Any) -> SessionConfig:
    """A session of strategy files on two simulated symbols."""
    return read_config({"feed": SIM, "strategies": [str(file) for file in strategies], "bars": bars, **keys})


@cache
def plugins() -> Plugins:
    return load_plugins()


def run(
    url: str,
    config: SessionConfig | None = None,
    *,
    until: int | None = None,
    tell: Mapping[int, Mapping[str, str]] | None = None,
    every: int | None = 10,
    speed: float | None = None,
    name: str = NAME,
) -> Ended:
    """A new session, or without `config` on with the old one. Stopped soon after `until` batches; what an operator says
    is posted when as many batches are done as `tell` says; committed every `every` batches."""
    to_tell = dict(tell or {})
    with Ledger.open(url, create=True) as ledger:
        runner = _starting(ledger, name, config) if config is not None else _resuming(ledger, name)
        runner.pace = Pace(speed, every)

        def progress(done: int) -> None:
            for batch in [batch for batch in to_tell if batch <= done]:
                ledger.post(name, json.dumps(to_tell.pop(batch)), 0)
            if until is not None and done >= until:
                runner.stop()

        runner.progress = progress
        with runner.writer:
            return runner.run()


def _starting(ledger: Ledger, name: str, config: SessionConfig) -> Runner:
    started = start(ledger, name, config, plugins(), 0)
    return Runner(config, started.built, started.feed, ledger, started.writer)


def _resuming(ledger: Ledger, name: str) -> Runner:
    writer = ledger.own(name)
    try:
        back = resume(ledger, name, plugins())
    except BaseException:
        writer.close()
        raise
    return Runner(back.header.config, back.built, back.feed, ledger, writer, tape=back.tape)


@dataclass(frozen=True)
class Kept:
    """What a ledger holds of a session. `curves`: every candle's (time, equity, exposure) of each book."""

    session: SessionRow
    signals: list[SignalRow]
    orders: list[OrderRow]
    fills: list[FillRow]
    events: list[PluginEventRow]
    notes: list[NoteRow]
    tape: list[TapeRow]
    curves: dict[str, list[tuple[float, ...]]]

    def same_as(self, other: "Kept") -> bool:
        """Whether both did the same; when and how often they were committed and stopped is no part of it."""
        ours, theirs = ((k.session.digest, k.signals, k.orders, k.fills, k.notes, k.curves) for k in (self, other))
        return ours == theirs and self.said == other.said

    @property
    def said(self) -> list[tuple[int, str, str, str]]:
        return [(event.seq, event.plugin, event.kind, event.message) for event in self.events]

    def commands(self) -> list[dict[str, str]]:
        return [json.loads(row.payload) for row in self.tape if row.kind == "command"]

    def of(self, source: str) -> list[tuple[int, str, str, bool]]:
        """(batch, symbol, action, muted) of a source's signals."""
        return [(row.batch, row.symbol, row.action, row.muted) for row in self.signals if row.source == source]


def kept(url: str, name: str = NAME) -> Kept:
    with Ledger.open(url) as ledger:
        return Kept(
            ledger.find(name),
            list(ledger.rows(name, SignalRow)),
            list(ledger.rows(name, OrderRow)),
            list(ledger.rows(name, FillRow)),
            list(ledger.rows(name, PluginEventRow)),
            list(ledger.rows(name, NoteRow)),
            list(ledger.rows(name, TapeRow)),
            _curves(ledger.rows(name, EquityRow)),
        )


def _curves(blocks: Iterable[EquityRow]) -> dict[str, list[tuple[float, ...]]]:
    curves: dict[str, list[tuple[float, ...]]] = {}
    for block in blocks:
        columns = unpack_times(block.times), unpack_series(block.equity), unpack_series(block.exposure)
        curves.setdefault(block.book, []).extend(zip(*(column.tolist() for column in columns), strict=True))
    return curves


def checkpoints(url: str, name: str = NAME) -> list[CheckpointRow]:
    with Ledger.open(url) as ledger:
        return list(ledger.rows(name, CheckpointRow))


def verified(url: str, name: str = NAME) -> Verified:
    with Ledger.open(url) as ledger:
        return verify(ledger, ledger.find(name), plugins(), lambda done: None)
