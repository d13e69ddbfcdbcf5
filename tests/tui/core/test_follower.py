"""The follower: what it shows of a session is what the ledger says, however the reading was cut into looks."""

import dataclasses
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.tui.sessions import SMALL, play, running

from papertape.contract.errors import LedgerError, UnknownSession
from papertape.engine.config import read_config
from papertape.feeds.sim import SimFeed
from papertape.ledger.records import FillRow, SignalRow
from papertape.ledger.store import Ledger
from papertape.reports.summary import summarise
from papertape.tui.core import commands, follower, history
from papertape.tui.core.follower import Follower
from papertape.tui.core.views import SessionView


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger's URL with a session `first` that has ended, with everything on it that a rule and a vote can do."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
    rules = [{"kind": "cool-down", "losses": 100}, {"kind": "max-drawdown", "limit": 0.01}]
    fusions = [SMALL["fusion"], "bayesian"]
    play(url, "first", risk=rules, fusion=fusions)
    return url


def looked(url: str, session: str = "first") -> SessionView:
    reader = Follower(url, session)
    view = reader.look()
    while reader.behind:
        view = reader.look()
    reader.close()
    return view


def until(look: Callable[[], SessionView], met: Callable[[SessionView], bool]) -> SessionView:
    for _ in range(200):
        if met(view := look()):
            return view
        time.sleep(0.02)
    raise AssertionError("it never came to that")


def test_the_figures_of_each_book_are_those_of_the_summary(ended: str) -> None:
    with Ledger.open(ended) as ledger:
        document = summarise(ledger, ledger.find("first"))
    view = looked(ended)
    assert [book.name for book in view.books] == ["ema-cross", "rsi-reversion", "hold", "weighted-vote", "bayesian"]
    assert [book.fusion for book in view.books] == [False, False, False, True, True]
    assert sum(book.trades for book in view.books) > 5
    for book, said in zip(view.books, document["books"], strict=True):
        assert book.equity == pytest.approx(float(said["equity"]), abs=1e-6)
        assert book.change == pytest.approx(said["return"], abs=1e-9)
        assert (book.max_drawdown, book.sharpe, book.trades) == (said["max_drawdown"], said["sharpe"], said["trades"])
        assert (str(book.cash.normalize()), f"{book.fees.normalize():f}") == (said["cash"], said["fees"])
        assert len(book.line.times) == view.batches == 400
        assert {one.symbol for one in view.positions if one.book == book.name} == {
            symbol for symbol, quantity in said["positions"].items() if quantity != "0"
        }
    assert (view.batches, view.candles, view.digest, view.status) == (400, 800, document["digest"], "finished")


def test_a_past_that_comes_in_pieces_comes_to_the_same(ended: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = looked(ended)
    monkeypatch.setattr(follower, "FILLS_AT_ONCE", 3)
    monkeypatch.setattr(follower, "BLOCKS_AT_ONCE", 1)
    reader = Follower(ended, "first")
    first = reader.look()
    assert reader.behind and first.books[0].trades < at_once.books[0].trades
    while reader.behind:
        view = reader.look()
    for one, other in zip(view.books, at_once.books, strict=True):
        assert dataclasses.replace(one, line=other.line) == other
        assert np.array_equal(one.line.values, other.line.values)
    assert view.fills == at_once.fills


def test_the_newest_records_are_kept_oldest_first(ended: str) -> None:
    view = looked(ended)
    with Ledger.open(ended) as ledger:
        assert list(view.fills) == list(ledger.rows("first", FillRow))
        assert list(view.signals) == list(ledger.rows("first", SignalRow))[-follower.NEWEST :]
    times = [line.at for line in view.happenings]
    assert times == sorted(times) and any("max-drawdown" in line.who for line in view.happenings)
    said = {sentence for book in view.books for sentence in book.standing}
    assert said and all(one.startswith(("block: max-drawdown: ", "flatten: max-drawdown: ")) for one in said)


def test_votes_add_up_to_what_the_fusion_said(ended: str) -> None:
    verdicts = [one for one in looked(ended).verdicts if one.fusion == "weighted-vote"]
    assert {(one.fusion, one.symbol) for one in verdicts} == {("weighted-vote", s) for s in ("BTC/USDT", "ETH/USDT")}
    for verdict in verdicts:
        assert [vote.member for vote in verdict.votes] == ["ema-cross", "rsi-reversion", "hold"]
        assert [vote.weight for vote in verdict.votes] == [1.0, 1.0, 2.0]
        long = sum((vote.weight or 0.0) * vote.confidence for vote in verdict.votes if vote.side == 1) / 4.0
        assert verdict.reason.startswith(f"long {long:.3f},")


def test_weights_that_a_fusion_finds_by_itself_are_not_made_up(ended: str) -> None:
    votes = [vote for one in looked(ended).verdicts if one.fusion == "bayesian" for vote in one.votes]
    assert len(votes) == 6 and {vote.weight for vote in votes} == {None}


def test_a_charts_past_is_that_of_the_feed(ended: str) -> None:
    reader = Follower(ended, "first")
    few = reader.look()
    assert reader.wants_past and len(few.candles_by_symbol["BTC/USDT"]) < 400
    reader.recall()
    candles = reader.look().candles_by_symbol["ETH/USDT"]
    config = read_config(dict(SMALL))
    feed = SimFeed(**{**config.feed.params, "batches": 400, "seed": config.seed})
    fed = [row for block in feed.blocks() for _, row in block.rows if row is not None]
    assert [tuple(candle) for candle in candles] == fed and not reader.wants_past


def test_a_chart_of_a_replay_of_a_replay_shows_the_candles_of_the_first(ended: str) -> None:
    for name, of in (("second", "first"), ("third", "second")):
        play(ended, name, feed={"kind": "recorded", "session": of}, bars=None)
    first, third = (Follower(ended, name) for name in ("first", "third"))
    for reader in (first, third):
        reader.look()
        reader.recall()
    seen, again = (reader.look().candles_by_symbol for reader in (first, third))
    assert len(again["BTC/USDT"]) == 400
    assert {symbol: list(each) for symbol, each in again.items()} == {s: list(each) for s, each in seen.items()}


def test_a_look_at_what_has_not_changed_is_the_same_view(ended: str) -> None:
    reader = Follower(ended, "first")
    reader.look()
    assert reader.look() is reader.look()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_running_session_is_followed_steered_and_seen_to_obey(kind: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    with running(url, "live"), Ledger.open(url) as ledger:
        reader = Follower(url, "live")
        view = until(reader.look, lambda view: view.batches > 5)
        assert (view.status, view.paused, view.limit) == ("running", False, None)
        assert (view.pace, view.held, view.delay) == ("480x", False, None)
        health = until(reader.look, lambda view: bool(view.plugins[0].calls)).plugins[0]
        assert health.calls and health.p50_us and health.p99_us and health.p99_us >= health.p50_us
        commands.post(ledger, "live", [commands.PAUSE, commands.flatten(), commands.switch("ema-cross", on=False)], 5)
        commands.post(ledger, "live", [commands.flatten("nobody")], 6)
        view = until(reader.look, lambda view: all(one.state != "waiting" for one in view.commands) and view.paused)
        assert [(one.words, one.state) for one in view.commands] == [
            ("pause", "done"),
            ("flatten every book", "done"),
            ("disable ema-cross", "done"),
            ("flatten nobody", "refused"),
        ]
        assert next(book.status for book in view.books if book.name == "ema-cross") == "disabled"
        flat = until(reader.look, lambda later: later.batch > view.batch + 2)
        assert not flat.positions
        commands.post(ledger, "live", [commands.STOP], 7)
        stopped = until(reader.look, lambda view: view.status == "stopped" or view.status == "interrupted")
        assert stopped.commands[-1].state == "done"
        stamps = flat.candles_by_symbol["BTC/USDT"].ts
        assert np.all(np.diff(stamps) == 60_000) and stamps[-1] == flat.data[0].last_ts
    assert until(reader.look, lambda view: view.status == "stopped").batches >= flat.batches
    with Ledger.open(url) as ledger, pytest.raises(LedgerError, match="nobody would obey"):
        commands.post(ledger, "live", [commands.RESUME], 8)
    reader.close()


def test_it_survives_a_ledger_that_goes_away_and_comes_back(ended: str, tmp_path: Path) -> None:
    file = Path(ended.removeprefix("sqlite:///"))
    copy = tmp_path / "copy.db"
    copy.write_bytes(file.read_bytes())
    reader = Follower(f"sqlite:///{copy}", "first")
    before = reader.look()
    os.rename(copy, tmp_path / "away.db")
    for _ in range(2):
        with pytest.raises(LedgerError, match="ledger"):
            reader.look()
    os.rename(tmp_path / "away.db", copy)
    assert reader.look().books[0].equity == before.books[0].equity
    reader.close()


def test_a_session_that_is_not_there_is_named_with_those_that_are(ended: str) -> None:
    with pytest.raises(UnknownSession, match="it has first"):
        Follower(ended, "zzz").look()


def test_a_long_curve_thins_out_evenly_and_keeps_its_newest_point(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "POINTS", 64)
    curve = history.Thinned()
    for first in range(0, 1_000, 7):
        times = np.arange(first, min(first + 7, 1_000), dtype=np.int64)
        curve.take(times, np.array(times * 2.0))
        line = curve.line()
        assert len(line.times) <= 65 and line.times[-1] == times[-1] and line.times[0] == 0
        assert np.array_equal(line.values, line.times * 2.0)
    assert len(set(np.diff(line.times[:-1]).tolist())) == 1


def test_commands_are_left_as_the_command_line_leaves_them(ended: str) -> None:
    assert json.dumps(commands.flatten("a")) == '{"command": "flatten", "book": "a"}'
    assert commands.switch("x", on=True) == {"command": "enable", "plugin": "x"}
