"""Goes where a trained classifier is sure enough of the next move."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from papertape import ConfigError, Model, Param, Signal, Snapshot, Strategy, hookimpl
from papertape_plugins.model_strategy import ModelStrategy, version_of

SAID = ("buy", "sell", "hold")
"""Of what a classifier gives the probabilities, first of all; so do a gate and a direction together."""


class Answer(NamedTuple):
    """What was said of a symbol. `action`: 1 buy, -1 sell, 0 hold; `confidence`: of that; `values`: all of it."""

    action: int
    confidence: float
    values: Sequence[float]


class Classifier(ModelStrategy):
    """Buys where the predicted action is buy with at least `confidence`, and leaves where it is sell.

    With `gate` and `direction`, two models, asked one after the other, stand in for `model`: where the gate is open,
    the likelier direction counts. The signal's confidence is that of the predicted action; its metadata say which
    version answered, with all probabilities.
    """

    model = Param("signal@champion", help="the classifier: a model of the kind classifier or gated")
    gate = Param("", help="with direction: a model of the kind gate, which says whether to act at all")
    direction = Param("", help="with gate: a model of the kind direction, which says which way")
    confidence = Param(0.6, min=0, max=1, help="least probability of the predicted action")

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        if bool(self.gate) != bool(self.direction):
            lacking = "direction" if self.gate else "gate"
            raise ConfigError(f"Classifier: gate and direction go together; {lacking} is missing")

    def kinds(self) -> Mapping[str, tuple[str, ...]]:
        if self.gate:
            return {self.gate: ("gate",), self.direction: ("direction",)}
        return {self.model: ("classifier", "gated")}

    def on_snapshot(self, snapshot: Snapshot) -> Iterable[Signal]:
        answers = self._paired(snapshot) if self.gate else self._single(snapshot)
        unsure = self.exit == "unsure"
        decided = {symbol: answer for symbol, answer in answers.items() if unsure or self._side(answer)}
        if not decided:
            return []
        ahead = self.brackets.asked(snapshot) if any(self._side(each) for each in decided.values()) else ({}, {})
        version, pins = self._versions()
        signals = []
        for symbol, answer in decided.items():
            probabilities = dict(zip(SAID, answer.values, strict=False))
            told = ", ".join(f"{name} {value:.2f}" for name, value in probabilities.items())
            said = {**pins, "probability": answer.confidence, "probabilities": probabilities}
            side = self._side(answer)
            signal = self.wish(snapshot, symbol, side, min(answer.confidence, 1.0), f"{told} by {version}", said, ahead)
            if signal is not None:
                signals.append(signal)
        return signals

    def _side(self, answer: Answer) -> int:
        return answer.action if answer.confidence >= self.confidence else 0

    def _single(self, snapshot: Snapshot) -> dict[str, Answer]:
        said = self.asked(self.model).predict(snapshot)
        answers = {symbol: _answer(each.values.tolist()) for symbol, each in said.items()}
        return {symbol: answer for symbol, answer in answers.items() if answer is not None}

    def _paired(self, snapshot: Snapshot) -> dict[str, Answer]:
        from papertape_ml.models.gated import GatedDirection

        gates = self.asked(self.gate).predict(snapshot)
        ways = self.asked(self.direction).predict(snapshot)
        symbols = [symbol for symbol in gates if not (gates[symbol].abstains or ways[symbol].abstains)]
        if not symbols:
            return {}
        rows = [np.stack([said[symbol].values for symbol in symbols]) for said in (gates, ways)]
        paired = map(_answer, GatedDirection.paired(rows[0], rows[1]).tolist())
        return {symbol: answer for symbol, answer in zip(symbols, paired, strict=True) if answer is not None}

    def _versions(self) -> tuple[str, dict[str, Any]]:
        """Who answers now: in words, and as metadata."""
        if not self.gate:
            model: Model = self.asked(self.model)
            return str(model.pin), version_of(model)
        gate, direction = self.asked(self.gate), self.asked(self.direction)
        return f"{gate.pin} and {direction.pin}", {**version_of(direction), "gate": version_of(gate)}


def _answer(values: Sequence[float]) -> Answer | None:
    """The outputs of a classifier in their order; None where it abstains."""
    *_, action, confidence = values
    return None if confidence != confidence else Answer(int(action), confidence, values)


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("classifier", Classifier)
