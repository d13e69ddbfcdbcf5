"""Models and snapshots made by hand, for tests of plugins: what a host gives them, without one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from papertape import Claim, Floats, ModelPin, Prediction, Snapshot

NAN = float("nan")
CLASSIFIER = ("buy_probability", "sell_probability", "hold_probability", "predicted_action", "confidence")


@dataclass
class View:
    """A model that answers as the test says. `said`: outputs by symbol; `calls`: how often it was asked."""

    reference: str
    kind: str
    outputs: tuple[str, ...]
    said: Mapping[str, Sequence[float]] = field(default_factory=dict)
    inputs: tuple[str, ...] = ("rsi_14",)
    answers: Callable[[Floats], Floats] | None = None
    version: int = 3
    claims: tuple[Claim, ...] = ()
    calls: int = 0

    @property
    def pin(self) -> ModelPin:
        return ModelPin(self.reference.partition("@")[0], self.version, f"sha256:{self.version}")

    def predict(self, snapshot: Snapshot) -> Mapping[str, Prediction]:
        self.calls += 1
        index = {name: place for place, name in enumerate(self.outputs)}
        return {
            symbol: Prediction(index, np.array(self.said[symbol], np.float64).tobytes()) for symbol in snapshot.fresh
        }

    def answer(self, rows: Floats) -> Floats:
        self.calls += 1
        assert self.answers is not None
        return self.answers(rows)


def classifier(reference: str = "signal@champion", kind: str = "classifier", **said: Sequence[float]) -> View:
    """A classifier; `said`: P(buy), P(sell), P(hold) by symbol."""
    return View(reference, kind, CLASSIFIER, {symbol: whole(*three) for symbol, three in said.items()})


def whole(buy: float, sell: float, hold: float) -> tuple[float, ...]:
    """A classifier's outputs out of its probabilities."""
    best = max(buy, sell, hold)
    action = NAN if best != best else {buy: 1.0, sell: -1.0, hold: 0.0}[best]
    return buy, sell, hold, action, best


def snapshot(**closes: float) -> Snapshot:
    """Every symbol has a candle with that close, quote currency."""
    symbols = tuple(closes)
    last = tuple((0, close, close, close, close, 1.0, 0) for close in closes.values())
    index = {symbol: place for place, symbol in enumerate(symbols)}
    return Snapshot(60_000, 0, symbols, symbols, last, index, cast(Any, None))


def given(component: Any, *models: View) -> Any:
    """The component with its models, as a host gives them: those that it asks for, each once."""
    known = {model.reference: model for model in models}
    for reference in dict.fromkeys(component.models()):
        component.on_model(known[reference])
    return component
