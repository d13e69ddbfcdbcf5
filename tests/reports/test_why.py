"""Why: the chain behind a candle is the decision that was taken, wherever it is looked for, and its words are plain."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text
from tests.engine.hosted import NAME, STORMY, kept, plugins, run
from tests.engine.live import Host, Killed, recording
from tests.engine.shelf import PARTS, ShelfFile
from tests.reports.recomputing import Kept, Seen, fees_agree, recompute

from papertape.contract.errors import RequestError
from papertape.engine import anchoring, keeper
from papertape.engine.config import SessionConfig, Spec, read_config
from papertape.engine.recorded import RECORDED
from papertape.engine.retelling import retelling
from papertape.ledger.store import Ledger, SessionRow
from papertape.reports.why import Chain, explain, sentences
from papertape.reports.why.document import document

MINUTE = 60_000
SYMBOLS = ("BTC/USDT", "SOL/USDT")
BARS, WARM = 34, 6
STORM = STORMY.parent
COMMANDS = {
    10: {"command": "pause"},
    13: {"command": "resume"},
    18: {"command": "flatten"},
    22: {"command": "disable", "plugin": "ema-cross"},
    25: {"command": "enable", "plugin": "ema-cross"},
    28: {"command": "flatten", "book": "brackets"},
}


def stormy(*more: str) -> SessionConfig:
    """Brackets, partial fills, requests, margin, a fusion, and rules that shrink and refuse."""
    strategies = [str(STORM / f"{name}.py") for name in ("brackets", "counting", *more)]
    return read_config(
        {
            "feed": {"kind": "sim", "symbols": list(SYMBOLS), "volatility": 3, "warmup": WARM},
            "strategies": [*strategies, "ema-cross:fast=2,slow=5"],
            "fusion": ["weighted-vote:threshold=0.4,short=true"],
            "risk": ["cool-down:losses=1,minutes=3", "max-position:limit=0.2", "max-drawdown:limit=0.01,action=block"],
            "slippage": {"kind": "fixed-bps", "bps": 2},
            "participation": 0.002,
            "instruments": {"SOL/USDT": {"margin": True, "leverage": 3, "tick": 0.001, "lot": 0.001}},
            "bars": BARS,
        }
    )


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, SessionRow, Kept]]:
    """A session that an operator pauses, flattens and disables plugins of; every checkpoint is an anchor."""
    url = f"sqlite:///{tmp_path_factory.mktemp('why')}/ledger.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper, "ANCHOR_EVERY", 0.0)
        run(url, stormy(), tell=COMMANDS, every=4)
    with Ledger.open(url) as ledger:
        whole = kept(url)
        yield ledger, ledger.find(NAME), Kept.of(whole.orders, whole.fills, whole.signals)


def close_of(row: SessionRow, batch: int, warmed: int = WARM) -> int:
    assert row.first_ts is not None
    return row.first_ts + (batch - warmed + 1) * MINUTE


def asked(storm: tuple[Ledger, SessionRow, Kept], batch: int, symbol: str = SYMBOLS[0], **more: Any) -> Chain:
    ledger, row, _ = storm
    return explain(ledger, row, plugins(), symbol, close_of(row, batch), **more)


# The property


def test_every_order_refusal_and_quiet_candle_recomputes_to_what_was_decided(
    storm: tuple[Ledger, SessionRow, Kept],
) -> None:
    rows, seen = storm[2], Seen()
    chains = [asked(storm, batch, symbol) for batch in range(BARS + WARM) for symbol in SYMBOLS]
    for chain in chains:
        recompute(chain, rows, seen, Decimal(2))
        assert all(line for paragraph in sentences(chain) for line in paragraph.lines)
        json.dumps(document(chain), allow_nan=False)
    assert [(chain.batch, chain.symbol) for chain in chains] == [(b, s) for b in range(BARS + WARM) for s in SYMBOLS]
    assert seen.lacks(rows, range(BARS + WARM)) == []
    fees_agree(rows, Decimal("0.001"))
    books = [book for chain in chains for book in chain.books]
    verdicts = {verdict.verdict for book in books for one in book.attempts for verdict in one.verdicts}
    assert verdicts == {"passed", "shrunk", "refused"}
    outcomes = {wish.outcome for book in books if book.word for wish in book.word.wishes}
    assert outcomes >= {"ordered", "closing", "refused", "muted", "held", "flat", "leaving", "cancelled"}
    rules = {meeting.rule.name for book in books for meeting in book.before}
    assert rules >= {"market-open", "stop-inside", "stop-waits", "limit-waits", "both-legs"}
    assert {book.muted for book in books} == {None, "the session only warms up", "an operator has paused it"}
    assert any(book.quiet for book in books) and any(book.later for book in books)


@pytest.mark.parametrize("replayed", [False, True], ids=["live", "replayed"])
def test_a_live_session_with_stale_late_and_absent_candles_recomputes_too(tmp_path: Path, replayed: bool) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    host = Host(url, recording(seed=9))
    traders = ("restless", "ema-cross:fast=3,slow=9")
    more: dict[str, Any] = {"fusion": ["weighted-vote"], "risk": ["max-position:limit=0.3"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper, "ANCHOR_EVERY", 0.0)
        host.begin(host.config(*traders, **more))
        if replayed:
            again = host.config(*traders, feed={"kind": RECORDED, "session": NAME}, **more)
            host.begin(again, "again")
    name = "again" if replayed else NAME
    tape, whole = kept(url).tape, kept(url, name)
    rows, seen = Kept.of(whole.orders, whole.fills, whole.signals), Seen()
    closes = {row.batch: row.at for row in tape if row.kind == "batch"}
    turns = {row.batch for row in tape if row.kind == "feed" and "history" not in row.payload}
    batches = sorted({near for batch in turns for near in (batch - 1, batch)})
    with Ledger.open(url) as ledger:
        row = ledger.find(name)
        chains = [
            explain(ledger, row, host.plugins, symbol, closes[batch]) for batch in batches for symbol in ("A", "B")
        ]
    for chain in chains:
        recompute(chain, rows, seen, Decimal(0))
    assert seen.lacks(rows, batches) == []
    candles = [chain.candle for chain in chains if chain.candle is not None]
    assert all((candle.arrived is None) == replayed for candle in candles)
    assert any(not candle.present and candle.age for candle in candles)
    assert any(candle.stale for candle in candles)
    assert any("came late" in words for candle in candles for words in candle.events)
    assert any(meeting.fills for chain in chains for book in chain.books for meeting in book.late)
    words = {line for chain in chains for line in (*chain.events, *chain.later)}
    assert any(line.startswith("muted: ") for line in words) and "not muted any more" in words
    assert {"its feed has muted it"} < {book.muted for chain in chains for book in chain.books}
    absent = {member.absent for chain in chains for book in chain.books if book.vote for member in book.vote.members}
    assert "stale" in absent


# From where it is told


def test_the_chain_is_the_same_from_an_anchor_and_from_the_start(storm: tuple[Ledger, SessionRow, Kept]) -> None:
    ledger, row, _ = storm
    for batch in (9, 17, 30, BARS + WARM - 1):
        with retelling(ledger, row.id, plugins(), close_of(row, batch)) as told:
            assert told.begun.batch > 0
        assert asked(storm, batch) == asked(storm, batch, whole=True)


PLAIN = """
from papertape import Signal, Strategy

class Plain(Strategy):
    def on_snapshot(self, snapshot):
        for symbol in snapshot.fresh:
            closes = snapshot.candles(symbol).close
            yield Signal.buy(symbol) if closes[-1] > closes.mean() else Signal.close(symbol)
"""


def test_what_keeps_no_state_is_called_from_the_start_where_that_is_soon_done_and_else_afresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, plain = f"sqlite:///{tmp_path}/ledger.db", tmp_path / "plain.py"
    plain.write_text(PLAIN)
    monkeypatch.setattr(keeper, "ANCHOR_EVERY", 0.0)
    run(url, replace(stormy(), strategies=(Spec(str(plain)), Spec("ema-cross"))), every=4)
    with Ledger.open(url) as ledger:
        row = ledger.find(NAME)
        at = close_of(row, 21)
        exact = explain(ledger, row, plugins(), SYMBOLS[0], at)
        assert exact.warnings == ()
        monkeypatch.setattr(anchoring, "SOON", 0)
        afresh = explain(ledger, row, plugins(), SYMBOLS[0], at)
    assert "plain: keeps no state" in afresh.warnings[0]
    assert replace(afresh, warnings=()) == exact


def test_where_that_gives_something_else_it_is_the_start_after_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    monkeypatch.setattr(keeper, "ANCHOR_EVERY", 0.0)
    monkeypatch.setattr(anchoring, "SOON", 0)
    run(url, stormy("forgetful"), every=4)  # it counts its calls, and speaks at every seventh
    with Ledger.open(url) as ledger:
        row = ledger.find(NAME)
        spoken = next(signal for signal in kept(url).signals if signal.source == "forgetful" and signal.batch > 20)
        chain = explain(ledger, row, plugins(), spoken.symbol, spoken.at, "forgetful")
    assert chain.warnings == ()
    [book] = chain.books
    assert book.word is not None and [wish.record for wish in book.word.wishes] == [spoken.seq]


def test_a_session_that_cannot_be_folded_again_is_told_from_its_records(
    storm: tuple[Ledger, SessionRow, Kept],
) -> None:
    ledger, row, rows = storm
    order = next(one for one in rows.orders.values() if one.role == "entry" and one.status == "filled")
    bare = replace(plugins(), components=tuple(one for one in plugins().components if one.name != "ema-cross"))
    chain = explain(ledger, row, bare, order.symbol, order.at, order.book)
    assert chain.told == "ledger" and "'ema-cross'" in chain.warnings[0]
    [book] = chain.books
    assert order.seq in {fate.order.number for fate in book.orders}
    [fate] = [fate for fate in book.orders if fate.order.number == order.seq]
    assert [fill.number for fill in fate.fills] == [fill.seq for fill in rows.fills.values() if fill.order == order.seq]
    assert book.state is None and not book.attempts and sentences(chain)


def test_a_ledger_that_was_altered_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    run(url, stormy(), every=40)
    with Ledger.open(url) as ledger:
        fill = kept(url).fills[5]
        with ledger.database.write() as connection:
            connection.execute(text("UPDATE fills SET price = '42012' WHERE seq = :seq"), {"seq": fill.seq})
        row = ledger.find(NAME)
        found = explain(ledger, row, plugins(), fill.symbol, close_of(row, fill.batch + 1))
    assert f"price of fill {fill.seq}" in found.warnings[0] and "42012" in found.warnings[0]


def test_a_killed_session_tells_up_to_its_last_commit(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    host = Host(url, recording(seed=9))
    with pytest.raises(Killed):
        host.begin(host.config("restless"), kill=12)
    with Ledger.open(url) as ledger:
        row = ledger.find(NAME)
        assert row.status == "running" and row.last_ts is not None
        chain = explain(ledger, row, host.plugins, "A", row.last_ts + MINUTE)
        assert (chain.closed, chain.warnings) == (row.last_ts + MINUTE, ())
        with pytest.raises(RequestError, match="the last one closes at"):
            explain(ledger, row, host.plugins, "A", row.last_ts + MINUTE + 1)


@pytest.mark.parametrize("every", [0.0, 100.0])
def test_a_ledger_on_either_database_tells_the_same(
    ledger_url: str, every: float, monkeypatch: pytest.MonkeyPatch, storm: tuple[Ledger, SessionRow, Kept]
) -> None:
    monkeypatch.setattr(keeper, "ANCHOR_EVERY", every)
    run(ledger_url, replace(stormy(), bars=12), every=3)
    with Ledger.open(ledger_url) as ledger:
        row = ledger.find(NAME)
        mine = explain(ledger, row, plugins(), SYMBOLS[1], close_of(row, 14))
    ours = asked(storm, 14, SYMBOLS[1])
    assert mine.candle == ours.candle
    assert [book.attempts for book in mine.books if book.muted is None] in ([], [one.attempts for one in ours.books])


def test_it_says_which_bytes_of_a_model_answered(tmp_path: Path) -> None:
    shelf = ShelfFile(tmp_path / "shelf.json", ("A", "B"))
    shelf.publish(1, [40.0, 20.0, 0.0])
    shelf.promote(1)
    url = f"sqlite:///{tmp_path}/ledger.db"
    host = Host(url, recording(seed=9), PARTS)
    host.begin(host.config("follower", models=shelf.spec), stop=20)
    with Ledger.open(url) as ledger:
        row = ledger.find(NAME)
        assert row.last_ts is not None
        chain = explain(ledger, row, host.plugins, "A", row.last_ts + MINUTE)
    [model] = chain.models
    assert (model.reference, model.name, model.version, model.recorded) == ("m@champion", "m", 1, "m@1")
    assert set(model.features) == {"returns_1", "returns_5", "momentum_10"} and model.by == ("follower",)
    assert set(model.said) == {"up", "down"} and model.checksum.startswith("sha256:")
    assert chain.books[0].word is not None and chain.books[0].word.models == ("m@champion",)


# Which moment


def test_any_time_in_a_candle_and_its_close_mean_that_candle(storm: tuple[Ledger, SessionRow, Kept]) -> None:
    ledger, row, _ = storm
    close = close_of(row, 20)
    for at in (close - MINUTE + 1, close - 30_000, close):
        chain = explain(ledger, row, plugins(), "btc/usdt", at)
        assert (chain.batch, chain.opened, chain.closed, chain.asked) == (20, close - MINUTE, close, at)
        assert chain.warnings == ()


def test_what_is_not_there_is_named_with_what_is(storm: tuple[Ledger, SessionRow, Kept]) -> None:
    ledger, row, _ = storm
    close = close_of(row, 20)
    with pytest.raises(RequestError, match="no symbol 'BTC-USDT' in session a; did you mean BTC/USDT"):
        explain(ledger, row, plugins(), "BTC-USDT", close)
    with pytest.raises(RequestError, match="no book 'ema' in session a; it has brackets, counting"):
        explain(ledger, row, plugins(), SYMBOLS[0], close, "ema")
    for outside in (0, close_of(row, 0) - MINUTE, close_of(row, BARS + WARM)):
        with pytest.raises(RequestError, match="has no candle at .*: its candles open from 2024"):
            explain(ledger, row, plugins(), SYMBOLS[0], outside)


# In words


def test_it_reads_like_an_account_of_what_happened(storm: tuple[Ledger, SessionRow, Kept]) -> None:
    rows = storm[2]
    order = next(
        one
        for one in rows.orders.values()
        if (one.book, one.role) == ("ema-cross", "entry")
        and one.status == "filled"
        and rows.signals[one.signal or 0].batch == one.batch
    )
    chain = asked(storm, order.batch, order.symbol, book="ema-cross")
    said = {paragraph.heading: "\n".join(paragraph.lines) for paragraph in sentences(chain)}
    assert f"{order.symbol}, the 1m candle that closed at 2024-01-01T" in next(iter(said))
    assert "It came from the simulation; nothing is known against it." in said["candle"]
    told = said["strategy ema-cross"]
    assert "It said buy (confidence 1): fast average above slow." in told
    assert "The sizer fixed-fraction wants " in told and "0.95 of equity, split between 2 symbols" in told
    assert "The rule cool-down let it pass." in told and "The rule max-position shrank it from " in told
    assert f"Order {order.seq}, the entry to buy " in told
    after = asked(storm, order.batch + 1, order.symbol, book="ema-cross")
    words = "\n".join(sentences(after)[2].lines)
    assert "a market order fills at the open of the next candle (Inside a candle)" in words
    assert "slippage and the tick took" in words


def test_what_a_strategy_looked_at_stands_there_with_its_values(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    run(url, replace(stormy("features"), bars=14), every=50)
    with Ledger.open(url) as ledger:
        row = ledger.find(NAME)
        early, later = (
            explain(ledger, row, plugins(), SYMBOLS[0], close_of(row, batch), "features") for batch in (3, 19)
        )
    [word], [before] = ([book.word for book in chain.books] for chain in (later, early))
    assert word is not None and before is not None
    names = ["bb_position_8_2", "rsi_2", "psar_direction", "volume_ratio_10", "correlation_REF_10", "bb_width_4_2@5m"]
    assert list(word.features) == list(before.features) == names
    assert before.features["bb_position_8_2"] is None and "missing: bb_position_8_2" in _words(early)
    known = {name: value for name, value in word.features.items() if value is not None}
    [wish] = word.wishes
    # What the strategy says: its confidence is the fraction of their sum, its side where the close lies in its band.
    assert wish.confidence == abs(float(np.array(list(known.values())).sum())) % 1.0
    assert wish.action == ("buy" if known["bb_position_8_2"] < 0.4 else "close")
    assert f"It looks at bb_position_8_2 {known['bb_position_8_2']:,.8g}" in _words(later)


def _words(chain: Chain) -> str:
    return "\n".join(line for paragraph in sentences(chain) for line in paragraph.lines)
