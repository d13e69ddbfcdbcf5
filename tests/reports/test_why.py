"""Why: the chain behind a candle is the decision that was taken, wherever it is looked for, and its words are plain."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.hosted import NAME, kept, plugins, run
from tests.engine.live import Host, recording
from tests.reports.recomputing import Kept, Seen, fees_agree, recompute
from tests.reports.storm import BARS, MINUTE, SYMBOLS, WARM, Storm, asked, close_of, stormy

from papertape.contract.errors import RequestError
from papertape.engine import keeper
from papertape.engine.recorded import RECORDED
from papertape.ledger.store import Ledger
from papertape.reports.why import Chain, explain, sentences
from papertape.reports.why.document import document

# The property


def test_every_order_refusal_and_quiet_candle_recomputes_to_what_was_decided(
    storm: Storm,
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


# Which moment


def test_any_time_in_a_candle_and_its_close_mean_that_candle(storm: Storm) -> None:
    ledger, row, _ = storm
    close = close_of(row, 20)
    for at in (close - MINUTE + 1, close - 30_000, close):
        chain = explain(ledger, row, plugins(), "btc/usdt", at)
        assert (chain.batch, chain.opened, chain.closed, chain.asked) == (20, close - MINUTE, close, at)
        assert chain.warnings == ()


def test_what_is_not_there_is_named_with_what_is(storm: Storm) -> None:
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


def test_it_reads_like_an_account_of_what_happened(storm: Storm) -> None:
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
            explain(ledger, row, plugins(), SYMBOLS[0], close_of(row, batch), "features") for batch in (3, 17)
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
