"""Models in a session: who is asked what, what is recorded, what came of it, and what is refused before it begins."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from tests.engine.hosted import NAME
from tests.engine.scripted import plugins_with
from tests.engine.shelf import MINUTE, PARTS, Shelf, ShelfFile

from papertape import PapertapeError, RequestError
from papertape.engine.config import SessionConfig, read_config
from papertape.engine.pacing import Pace
from papertape.engine.runner import Runner
from papertape.engine.start import start
from papertape.engine.verify import Verified, verify
from papertape.ledger import tables
from papertape.ledger.records import PluginEventRow, PredictionRow, SignalRow
from papertape.ledger.series import pack_series, unpack_series
from papertape.ledger.store import Ledger
from papertape.reports.models import predictions, signals

SIM = {"kind": "sim", "symbols": ["A/USDT", "B/USDT"], "batches": 120}
SYMBOLS = ("A/USDT", "B/USDT")
PLUGINS = plugins_with(PARTS)


@pytest.fixture
def shelf(tmp_path: Path) -> ShelfFile:
    """One version, which is the champion."""
    made = ShelfFile(tmp_path / "shelf.json", SYMBOLS)
    made.publish(1, [40.0, 20.0, 0.0])
    made.promote(1)
    return made


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


def config(shelf: ShelfFile, *strategies: Any, **keys: Any) -> SessionConfig:
    said = {"feed": SIM, "models": shelf.spec, "strategies": list(strategies or ["follower"]), **keys}
    return read_config(said)


def ran(url: str, said: SessionConfig, name: str = NAME, every: int | None = 10) -> Runner:
    with Ledger.open(url, create=True) as ledger:
        started = start(ledger, name, said, PLUGINS, 0)
        with started.writer, started.built.asked.models:
            runner = Runner(said, started.built, started.feed, ledger, started.writer, pace=Pace(None, every))
            assert runner.run().status == "finished"
    return runner


def rows(url: str, kind: type[Any], name: str = NAME) -> list[Any]:
    with Ledger.open(url) as ledger:
        return list(ledger.rows(name, kind))


def verified(url: str, name: str = NAME) -> Verified:
    with Ledger.open(url) as ledger:
        return verify(ledger, ledger.find(name), PLUGINS, lambda done: None)


def test_a_strategy_trades_what_its_model_says_and_the_fold_is_equal(url: str, shelf: ShelfFile) -> None:
    ran(url, config(shelf))
    signals = rows(url, SignalRow)
    assert {row.action for row in signals} == {"buy", "close"}
    made = {(row.at, row.symbol): unpack_series(row.said)[0] for row in rows(url, PredictionRow)}
    assert all(made[row.at, row.symbol] == row.confidence for row in signals)
    assert verified(url).equal


def test_predictions_are_completed_when_their_time_is_over(url: str, shelf: ShelfFile) -> None:
    ran(url, config(shelf))
    found: list[PredictionRow] = rows(url, PredictionRow)
    assert [row.number for row in found] == list(range(1, len(found) + 1))
    last = max(row.batch for row in found)
    for row in found:
        assert (row.reference, row.name, row.version, row.claim) == ("m@champion", "m", 1, "direction")
        assert row.until == row.at + 3 * MINUTE
        assert row.completed == (row.batch + 3 if row.batch + 3 <= last else None)
        assert (row.happened is None) == (row.completed is None)
    assert len(found) == 2 * (last + 1 - min(row.batch for row in found))


def test_a_fold_that_predicts_otherwise_is_told_by_its_first_prediction(url: str, shelf: ShelfFile) -> None:
    ran(url, config(shelf))
    with Ledger.open(url) as ledger, ledger.database.write() as connection:
        altered = update(tables.predictions).where(tables.predictions.c.number == 40)
        connection.execute(altered.values(happened=pack_series([5.0])))
    assert "prediction 40 of m@champion" in str(verified(url).difference)


def test_on_another_machine_figures_need_only_be_close(url: str, shelf: ShelfFile) -> None:
    ran(url, config(shelf))
    shelf.set(fingerprint={"cpu": "another"})
    with Ledger.open(url) as ledger, ledger.database.write() as connection:
        for row in list(ledger.rows(NAME, SignalRow))[:3]:
            one = (tables.signals.c.session == NAME) & (tables.signals.c.seq == row.seq)
            connection.execute(update(tables.signals).where(one).values(confidence=row.confidence * (1 + 1e-8)))
    found = verified(url)
    assert found.equal and found.elsewhere == "cpu was this, here it is another"
    shelf.set(fingerprint={"cpu": "this"})
    assert "confidence" in str(verified(url).difference)
    shelf.set(fingerprint={"cpu": "another"})
    with Ledger.open(url) as ledger, ledger.database.write() as connection:
        connection.execute(update(tables.signals).values(confidence=0.123))
    assert "confidence" in str(verified(url).difference)


@pytest.mark.parametrize(
    "said, why",
    [
        ({"strategies": [{"kind": "follower", "model": "m@nobody"}]}, "follower: no alias 'm@nobody'"),
        ({"models": {"kind": "nothing"}}, "models: no model store is called 'nothing'"),
        ({"allow_demote": True}, "is for live sessions"),
        ({"feed": {**SIM, "timeframe": "5m"}}, "trained on another feature set"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name_before_the_first_candle(
    url: str, shelf: ShelfFile, said: dict[str, Any], why: str
) -> None:
    with pytest.raises(RequestError) as refused:
        ran(url, read_config(said, config(shelf)))
    assert why in str(refused.value)
    with Ledger.open(url) as ledger:
        assert ledger.sessions() == []


def test_a_damaged_model_is_refused_at_the_start(url: str, shelf: ShelfFile) -> None:
    shelf.publish(2, [1.0], damaged=True)
    shelf.promote(2)
    with pytest.raises(PapertapeError, match="m@2 is damaged"):
        ran(url, config(shelf))


def test_a_model_that_fails_is_the_error_of_the_strategy_that_asked(url: str, shelf: ShelfFile) -> None:
    shelf.publish(2, [1.0], fails_at=-1.0)
    shelf.promote(2)
    ran(url, config(shelf, "follower", "buy-and-hold", max_errors=3))
    events: list[PluginEventRow] = rows(url, PluginEventRow)
    assert {event.plugin for event in events} == {"follower"}
    assert [event.kind for event in events] == ["error", "error", "error", "quarantined"]
    assert any(row.source == "buy-and-hold" for row in rows(url, SignalRow))
    assert verified(url).equal


def test_strategies_that_share_a_model_share_its_calls_and_its_records(url: str, shelf: ShelfFile) -> None:
    one = ran(url, config(shelf, "follower"), "one")
    two = ran(url, config(shelf, {"kind": "follower", "name": "x"}, {"kind": "follower", "name": "y"}), "two")
    assert rows(url, PredictionRow, "one") == rows(url, PredictionRow, "two")
    calls = [runner.built.asked.served["m@champion"].loaded.calls for runner in (one, two)]  # type: ignore[attr-defined]
    assert calls[0] == calls[1]


@pytest.mark.parametrize("window", [1, 4])
@pytest.mark.parametrize("every", [60, 1])
def test_looking_ahead_changes_nothing_but_the_number_of_calls(
    url: str, shelf: ShelfFile, window: int, every: int
) -> None:
    shelf.publish(2, [40.0, -20.0, 5.0, 11.0], window=window)
    shelf.promote(2)
    feed = {**SIM, "batches": 600}
    before = ran(url, config(shelf, feed=feed), "live", every=1)  # chunks of one batch: nothing is foreseen
    after = ran(url, config(shelf, feed=feed), "ahead", every=every)
    assert before.session.digest == after.session.digest
    assert rows(url, PredictionRow, "live") == rows(url, PredictionRow, "ahead")
    live, ahead = (runner.built.asked.served["m@champion"].loaded.calls for runner in (before, after))  # type: ignore[attr-defined]
    assert live == 600
    assert ahead == 600 if every == 1 else 60 <= ahead < 60 + 600 // every * 3


def test_what_made_a_signal_is_in_its_export(url: str, shelf: ShelfFile) -> None:
    ran(url, config(shelf, "follower", "buy-and-hold"))
    with Ledger.open(url) as ledger:
        found = list(signals(ledger, NAME))
        said = list(predictions(ledger, NAME))
    made = {row.source: json.loads(models) if models else None for row, models in found}
    checksum = Shelf(path=str(shelf.path)).pin("m@champion").checksum
    assert made["buy-and-hold"] is None
    assert made["follower"] == {"m@champion": {"version": "m@1", "checksum": checksum}}
    assert json.loads(said[0].said).keys() == {"up", "down"} and json.loads(said[0].happened).keys() == {"class"}
