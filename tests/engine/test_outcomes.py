"""What came of predictions, held against the candles themselves: holes, ends, horizons, and models that cannot tell."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.engine.scripted import Market, Played, Rows, started, step_on, walk
from tests.engine.shelf import MINUTE, PARTS, Follower, Shelf, ShelfFile, Weighed

from papertape import (
    Claim,
    ConfigError,
    Floats,
    LoadedModel,
    Model,
    ModelPin,
    PluginError,
    Signal,
    Snapshot,
    StaleSnapshot,
    Strategy,
)
from papertape.engine import checkpoint, codec
from papertape.engine.build import Built
from papertape.engine.config import Spec
from papertape.engine.model_inputs import Tail
from papertape.ledger.series import unpack_series

MARKET: Market = {"A": walk(1, 120, holes=0.1), "B": walk(2, 120)}


@pytest.fixture
def shelf(tmp_path: Path) -> ShelfFile:
    made = ShelfFile(tmp_path / "shelf.json")
    made.publish(1, [40.0, 20.0, 0.0])
    made.promote(1)
    return made


def begun(shelf: ShelfFile, strategy: type[Strategy] = Follower, store: type[Shelf] = Shelf) -> tuple[Built, Rows]:
    feed = Rows(MARKET)
    parts = [("model-store", "this", store), *PARTS[1:]]
    models = Spec("this", {"path": str(shelf.path)})
    return started(feed, {"asking": strategy}, parts, models=models), feed


def played(shelf: ShelfFile, strategy: type[Strategy] = Follower, store: type[Shelf] = Shelf) -> Played:
    built, feed = begun(shelf, strategy, store)
    step_on(built, feed)
    return Played(built, feed, built.session.journal.drain())


def test_what_happened_is_what_the_candles_say(shelf: ShelfFile) -> None:
    made = played(shelf).effects.predictions
    assert len(made) > 150
    known = unknown = 0
    for row in made:
        closes = [bar and bar[3] for bar in MARKET[row.symbol][row.batch : row.batch + 4]]
        if len(closes) < 4:
            assert row.completed is None and row.happened is None
            continue
        assert row.completed == row.batch + 3
        if None in closes:
            unknown += 1
            assert row.happened is None
        else:
            known += 1
            assert row.happened is not None
            rose = closes[3] > closes[0]  # type: ignore[operator]
            assert unpack_series(row.happened).tolist() == [0.0 if rose else 1.0]
    assert known > 100 and unknown > 10


@pytest.mark.parametrize("cut", [13, 60, 118])
def test_what_is_open_is_part_of_a_checkpoint(shelf: ShelfFile, cut: int) -> None:
    shelf.publish(2, [40.0, 20.0, 0.0], window=3)
    shelf.promote(2)
    whole = played(shelf)
    head, feed = begun(shelf)
    kept = checkpoint.save(step_on(head, feed, last=cut))
    rows = {row.number: row for row in head.session.journal.drain().predictions}
    tail, feed = begun(shelf)
    checkpoint.restore(tail, codec.decode(kept))
    step_on(tail, feed)
    rows |= {row.number: row for row in tail.session.journal.drain().predictions}
    assert [rows[number] for number in sorted(rows)] == whole.effects.predictions
    assert checkpoint.save(tail) == checkpoint.save(whole.built)


class Speechless(Weighed):
    """Cannot say what happened."""

    def outcome(self, claim: Claim, candles: Floats, at: int) -> tuple[float, ...] | None:
        raise LookupError("no idea")


class Misshapen(Weighed):
    """Answers with one number too many."""

    def predict(self, rows: Floats) -> Floats:
        return np.zeros((len(rows), 3))


def of(model: type[Weighed]) -> type[Shelf]:
    class Store(Shelf):
        """A shelf of models of one kind."""

        def load(self, pin: ModelPin) -> LoadedModel:
            return model(pin, self.document()["versions"][str(pin)])

    return Store


def test_a_model_that_cannot_tell_is_reported_once_and_its_predictions_end_unknown(shelf: ShelfFile) -> None:
    effects = played(shelf, store=of(Speechless)).effects
    (event,) = effects.plugin_events
    assert (event.plugin, event.kind) == ("m@champion", "error") and "LookupError: no idea" in event.message
    assert all(row.happened is None for row in effects.predictions)
    assert any(row.completed is not None for row in effects.predictions)


def test_answers_of_another_shape_are_the_model_s_mistake(shelf: ShelfFile) -> None:
    effects = played(shelf, store=of(Misshapen)).effects
    assert effects.predictions == []
    assert "gave an array of shape (2, 3)" in effects.plugin_events[0].message


class Wrong(Follower):
    """Does what is not meant, one thing after the other, and notes what it is told."""

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self.told: list[str] = []
        self.first: Snapshot | None = None

    def on_model(self, model: Model) -> None:
        super().on_model(model)
        with pytest.raises(ConfigError, match="from the first snapshot on"):
            model.predict(None)  # type: ignore[arg-type]

    def on_snapshot(self, snapshot: Snapshot) -> Iterable[Signal]:
        self.first = self.first or snapshot
        if self.first is not snapshot:
            with pytest.raises(StaleSnapshot):
                self.asked.predict(self.first)
        with pytest.raises(ConfigError, match=r"takes rows of 3 inputs \(returns_1, .*shape \(1, 2\)"):
            self.asked.answer(np.zeros((1, 2)))
        self.told.append("all refused")
        assert self.asked.answer(np.zeros((5, 3))).shape == (5, 2)
        yield Signal.buy("A")


def test_what_is_asked_wrongly_is_refused_in_words(shelf: ShelfFile) -> None:
    done = played(shelf, Wrong)
    assert done.effects.plugin_events == []
    strategy = done.built.session.strategies[0].strategy
    assert len(strategy.told) == 120  # type: ignore[attr-defined]


def test_two_guests_cannot_change_what_the_other_sees(shelf: ShelfFile) -> None:
    class Rude(Follower):
        """Changes what it was given."""

        def on_snapshot(self, snapshot: Snapshot) -> Iterator[Signal]:
            said = self.asked.predict(snapshot)
            for one in said.values():
                one.values = np.zeros(2)
            said.clear()  # type: ignore[attr-defined]
            again = self.asked.predict(snapshot)
            assert len(again) == len(snapshot.fresh) and not any((one.values == 0.0).all() for one in again.values())
            yield Signal.buy("A")

    assert played(shelf, Rude).effects.plugin_events == []


def test_a_tail_gives_the_last_candles_however_many_came() -> None:
    tail = Tail(1, 4)
    for number in range(23):
        tail.take(0, (number, *(float(number),) * 5, 0))
        assert tail.read(0)[0].tolist() == list(range(max(0, number - 3), number + 1))
    again = Tail(1, 4)
    again.state = tail.state
    assert again.read(0).tolist() == tail.read(0).tolist()


def test_a_claim_that_no_output_makes_is_refused(shelf: ShelfFile) -> None:
    class Boastful(Weighed):
        """Claims what it does not say."""

        def __init__(self, pin: ModelPin, document: dict[str, object]) -> None:
            super().__init__(pin, document)
            self.claims = (Claim("weather", MINUTE, ("rain",), ("rained",)),)

    with pytest.raises(PluginError, match="claim 'weather' must have"):
        played(shelf, store=of(Boastful))
