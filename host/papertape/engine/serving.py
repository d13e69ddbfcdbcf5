"""Models inside the step: what components see of them, which version answers, and what was said."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from papertape.contract.candle import Floats, Row
from papertape.contract.errors import ConfigError, StaleSnapshot
from papertape.contract.feed import Event
from papertape.contract.model import Claim, LoadedModel, ModelPin, Prediction
from papertape.contract.snapshot import Snapshot
from papertape.engine.answers import Said, answered, said_of
from papertape.engine.demotion import Duel
from papertape.engine.journal import Journal
from papertape.engine.model_inputs import Inputs, Tail, kept_inputs
from papertape.engine.outcomes import Line, Open, Outcomes, candles_needed
from papertape.engine.versions import read_pin

if TYPE_CHECKING:
    from papertape.features.engine import FeatureEngine, Places

PREVIOUS: Final = "~previous"
"""What follows a reference in the predictions of the version before it, which answers beside it."""

Library = Callable[[ModelPin], LoadedModel]
"""Gives a version by its pin: always the same one, since a pin never means another."""


class Served:
    """A reference and the version that answers to it. `before`: the version before, which answers beside it unseen.

    `index`: places of the outputs by name. `batch`, `said`: the newest batch in which it was asked, and the answers by
    slot. `asked`: in how many batches it was asked so far. `serving`: the session's, once there is one.
    """

    def __init__(self, reference: str, loaded: LoadedModel, before: LoadedModel | None = None) -> None:
        self.reference = reference
        self.serving: Serving | None = None
        self.inputs: Inputs | None = None
        self.asked = 0
        self.put(loaded, before)

    def put(self, loaded: LoadedModel, before: LoadedModel | None) -> None:
        """Has a version answer from now on."""
        self.loaded = loaded
        self.before = before
        self.index = MappingProxyType({name: place for place, name in enumerate(loaded.outputs)})
        self.batch = -1
        self.said: dict[int, Said] = {}
        self.lines: list[Line] = []
        self.lines_before: list[Line] = []
        self.duel: Duel | None = None

    def features(self) -> tuple[str, ...]:
        """Names of the features that it reads."""
        return tuple(self.loaded.features)


class View:
    """A model as a component sees it; each has one of its own."""

    __slots__ = ("_served",)

    def __init__(self, served: Served) -> None:
        self._served = served

    def follow(self, served: Served) -> None:
        """Answers for the same reference in another session: its component has moved there."""
        self._served = served

    @property
    def reference(self) -> str:
        return self._served.reference

    @property
    def pin(self) -> ModelPin:
        return self._served.loaded.pin

    @property
    def kind(self) -> str:
        return self._served.loaded.kind

    @property
    def inputs(self) -> tuple[str, ...]:
        return self._served.loaded.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        return self._served.loaded.outputs

    @property
    def claims(self) -> tuple[Claim, ...]:
        return self._served.loaded.claims

    def predict(self, snapshot: Snapshot) -> Mapping[str, Prediction]:
        served = self._served
        serving = served.serving
        if serving is None:
            raise ConfigError(f"model {served.reference} can be asked from the first snapshot on, not before")
        said, index, symbols = serving.predict(served, snapshot.batch), served.index, serving.symbols
        return {symbols[slot]: Prediction(index, packed) for slot, (packed, _) in said.items()}

    def answer(self, rows: Floats) -> Floats:
        loaded = self._served.loaded
        given = np.array(rows, np.float64)
        if given.ndim != 2 or given.shape[1] != len(loaded.inputs):
            raise ConfigError(
                f"model {self._served.reference} takes rows of {len(loaded.inputs)} inputs "
                f"({', '.join(loaded.inputs)}), was given an array of shape {given.shape}"
            )
        return answered(loaded, given)


class Serving:
    """All models of a session. `take` is told of every batch after the features; `predict` is what views ask.

    `foreseen`: answers by the checksum of a version and what it reads, computed ahead: whoever fills it can only make
    answers come sooner, since a row's answer has the same bits whenever it is asked. `library`: where versions that the
    tape names come from. `warmed`: batches of which no prediction is recorded.
    """

    def __init__(
        self,
        served: Mapping[str, Served],
        journal: Journal,
        symbols: Sequence[str],
        period: int,
        library: Library,
        warmed: int = 0,
    ) -> None:
        self.served = dict(served)
        self.journal = journal
        self.symbols = tuple(symbols)
        self.period = period
        self.library = library
        self.warmed = warmed
        self.inputs: dict[str, Inputs] = {}
        self.windowed: list[Inputs] = []
        self.fresh: list[int] = []
        self.duels: list[Duel] = []
        self.refused: dict[str, str] = {}  # by reference: the checksum of a version that could not be taken
        self.foreseen: dict[str, dict[bytes, Said]] = {}
        versions = [each for one in served.values() for each in (one.loaded, one.before) if each is not None]
        length = max((candles_needed(loaded, period) for loaded in versions), default=0)
        self.tail = Tail(len(self.symbols), max(1, length))
        self.outcomes = Outcomes(journal, self.tail, self.symbols, period, self._heard)
        for one in self.served.values():
            one.serving = self
            self._line_up(one)

    def read(self, reference: str, engine: "FeatureEngine", places: "Places") -> None:
        """Says where the features of a model stand; models that read the same share what is held of it."""
        one = self.served[reference]
        key = f"{one.loaded.window} {' '.join(one.loaded.features)}"
        if key not in self.inputs:
            self.inputs[key] = made = Inputs(engine, places, one.loaded.window, len(self.symbols))
            if made.window > 1:
                self.windowed.append(made)
        one.inputs = self.inputs[key]

    # Batches

    def take(self, now: int, rows: Sequence[Row | None]) -> None:
        """Takes in the batch that closes at `now` (ms UTC), and completes what is due."""
        self.fresh = [slot for slot, row in enumerate(rows) if row is not None]
        self._hold(rows)
        self.outcomes.complete(now)
        for duel in self.duels:
            duel.settle()

    def take_late(self, rows: Sequence[Row | None]) -> None:
        """Takes in candles of a batch that has gone."""
        self._hold(rows)

    def _hold(self, rows: Sequence[Row | None]) -> None:
        take = self.tail.take
        for slot, row in enumerate(rows):
            if row is not None:
                take(slot, row)
                for inputs in self.windowed:
                    inputs.take(slot)

    def predict(self, served: Served, batch: int) -> dict[int, Said]:
        """What a model says of every symbol that has a candle in the batch, by slot; asked once, however often.

        Raises what the model raises, and `PluginError` for answers that are none.
        """
        if batch != self.journal.batch:
            raise StaleSnapshot(f"the snapshot of batch {batch} is over: keep its predictions, not the snapshot")
        if served.batch == batch:
            return served.said
        inputs = served.inputs
        if inputs is None:
            raise ConfigError(
                f"model {served.reference} ({served.loaded.pin}, {served.loaded.kind}) reads no features of the "
                "session: bring its inputs, model.answer(rows)"
            )
        rows = [inputs.row(slot) for slot in self.fresh]
        said = self._said(served.loaded, inputs, rows)
        if served.before is not None:
            before = self._said(served.before, inputs, rows)
            self._record(served.lines_before, before)
        self._record(served.lines, said)
        served.said = dict(zip(self.fresh, said, strict=True))
        served.batch = batch
        served.asked += 1
        return served.said

    def _said(self, loaded: LoadedModel, inputs: Inputs, rows: list[bytes]) -> list[Said]:
        known = self.foreseen.get(loaded.pin.checksum)
        if known:
            found = [each for row in rows if (each := known.get(row)) is not None]
            if len(found) == len(rows):
                return found
        return said_of(loaded, inputs.array(rows)) if rows else []

    def _record(self, lines: Iterable[Line], said: Sequence[Said]) -> None:
        if self.journal.batch < self.warmed:
            return  # of a time before the session: the model may have been trained on it
        for line in lines:
            for slot, (packed, abstains) in zip(self.fresh, said, strict=True):
                if not abstains:
                    self.outcomes.record(line, slot, packed)

    # What came of it

    def _line_up(self, served: Served) -> None:
        served.lines = self.outcomes.lines_of(served.reference, served.loaded)
        if served.before is not None:
            served.lines_before = self.outcomes.lines_of(served.reference + PREVIOUS, served.before)
            served.duel = Duel.over(served.loaded, served.before)
        self.duels = [one.duel for one in self.served.values() if one.duel is not None]

    def _heard(self, line: Line, made: Open, happened: tuple[float, ...]) -> None:
        one = self.served.get(line.reference.removesuffix(PREVIOUS))
        if one is None or one.duel is None or one.duel.claim.name != line.claim.name:
            return
        first = line.reference == one.reference
        if line.loaded is (one.loaded if first else one.before):
            found = one.duel.hear(first, made.row.at, made.slot, np.frombuffer(made.row.said), happened)
            if found is not None:
                self.journal.plugin_event(one.reference, "demotion", found, "")

    # Changes

    def too_long(self, loaded: LoadedModel) -> str | None:
        """Why what comes of a version's predictions cannot be told here; None where it can."""
        needed = candles_needed(loaded, self.period)
        if needed <= self.tail.length:
            return None
        return f"what comes of {loaded.pin} takes {needed} candles to know, and the session holds {self.tail.length}"

    def change(self, event: Event) -> None:
        """Has another version answer from the next batch on, or keeps in mind that one could not be taken."""
        one = self.served.get(event["reference"])
        if one is None:
            return  # of another session, whose tape this one replays under other strategies
        if "failed" in event:
            self.refused[one.reference] = str(event.get("checksum"))
            return
        self.refused.pop(one.reference, None)  # should it come back, it is tried again
        before = event.get("previous")
        one.put(self.library(read_pin(event)), None if before is None else self.library(read_pin(before)))
        self._line_up(one)
        self.outcomes.forget([line for each in self.served.values() for line in (*each.lines, *each.lines_before)])

    @property
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "served": {
                name: {
                    "pin": list(one.loaded.pin),
                    "before": None if one.before is None else list(one.before.pin),
                    "duel": None if one.duel is None else one.duel.state,
                }
                for name, one in self.served.items()
            },
            "refused": dict(self.refused),
            "inputs": kept_inputs(self.inputs),
            "outcomes": self.outcomes.state,
        }

    @state.setter
    def state(self, kept: Mapping[str, Any]) -> None:
        versions: dict[str, LoadedModel] = {}
        for line in kept["outcomes"]["lines"]:
            pin = ModelPin(*line["pin"])
            versions.setdefault(pin.checksum, self.library(pin))
        self.outcomes.restore(kept["outcomes"], versions)
        self.refused = dict(kept["refused"])
        for name, state in kept["inputs"].items():
            self.inputs[name].state = state
        for name, each in kept["served"].items():
            one = self.served[name]
            before = None if each["before"] is None else self.library(ModelPin(*each["before"]))
            one.put(self.library(ModelPin(*each["pin"])), before)
            self._line_up(one)
            if one.duel is not None and each["duel"] is not None:
                one.duel.state = each["duel"]
