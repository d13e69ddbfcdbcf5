"""Why: from where a chain is told, and that it is the same from everywhere."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.engine.hosted import NAME, kept, plugins, run
from tests.engine.live import Host, Killed, recording
from tests.engine.shelf import PARTS, ShelfFile
from tests.reports.storm import BARS, MINUTE, SYMBOLS, WARM, Storm, asked, close_of, stormy

from papertape.contract.errors import RequestError
from papertape.engine import anchoring, keeper
from papertape.engine.config import Spec
from papertape.engine.retelling import retelling
from papertape.ledger.store import Ledger
from papertape.reports.why import explain, sentences


def test_the_chain_is_the_same_from_an_anchor_and_from_the_start(storm: Storm) -> None:
    ledger, row, _ = storm
    for batch in (9, 17, BARS + WARM - 1):
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
        spoken = next(signal for signal in kept(url).signals if signal.source == "forgetful" and signal.batch > 12)
        chain = explain(ledger, row, plugins(), spoken.symbol, spoken.at, "forgetful")
    assert chain.warnings == ()
    [book] = chain.books
    assert book.word is not None and [wish.record for wish in book.word.wishes] == [spoken.seq]


def test_a_session_that_cannot_be_folded_again_is_told_from_its_records(
    storm: Storm,
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
    ledger_url: str, every: float, monkeypatch: pytest.MonkeyPatch, storm: Storm
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
