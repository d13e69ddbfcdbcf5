"""Holds what a policy wants to hold that was trained by reinforcement learning."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from papertape import ConfigError, Context, Floats, Model, Param, Signal, Snapshot, Strategy, hookimpl
from papertape.market.timeframe import period
from papertape_ml.rl.watching import Watch
from papertape_plugins.model_strategy import version_of


class RlAgent(Strategy):
    """Says a target where the policy wants another position than its book has; silent, and its position kept, where it
    does not, or where it abstains because a feature has no value.

    The policy sees the features that it was trained on and the plugin's own book, by the code of its training. With
    several symbols each has the same share of the book. The signal's confidence is the policy's own; its metadata say
    which version answered, and the probability of each action where the policy has discrete ones. A policy that goes
    short needs instruments with margin: elsewhere its short targets are refused, and recorded. A position that is
    larger than in its training (`leverage`) is cut by what the book can pay.
    """

    model = Param("agent@champion", help="the policy: a model of the kind rl")

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self._memory: dict[str, list[float]] = {}
        self._watch = Watch(1)

    def lookback(self) -> int:
        return 1  # its features' windows are the host's business

    def models(self) -> Iterable[str]:
        return [self.model]

    def on_model(self, model: Model) -> None:
        """Raises `ConfigError` for a model that is no policy, or that reads other inputs than this papertape has."""
        from papertape_ml.errors import WrongInputs
        from papertape_ml.rl.policy import policy_names

        if model.kind != "rl":
            raise ConfigError(
                f"RlAgent: {model.reference} is {model.pin}, a model of the kind {model.kind}; "
                "one of the kind rl would do"
            )
        try:
            self._names = policy_names(model.inputs, model.outputs)
        except WrongInputs as error:
            raise ConfigError(f"RlAgent: {model.reference} ({model.pin}): {error}") from None
        self._model = model

    def features(self) -> Iterable[str]:
        return self._names.features

    def on_start(self, context: Context) -> None:
        self._watch = Watch(period(context.timeframe), len(context.symbols))

    def on_snapshot(self, snapshot: Snapshot) -> Iterable[Signal]:
        book = self._watch.look(snapshot)
        if not snapshot.fresh:
            return []
        nothing = [0.0] * len(self._names.memory)
        rows = [
            np.concatenate(
                (
                    snapshot.features(symbol).values,
                    self._watch.inputs(snapshot, book, symbol),
                    self._memory.get(symbol, nothing),
                )
            )
            for symbol in snapshot.fresh
        ]
        answers = self._model.answer(np.stack(rows)).tolist()
        signals = []
        for symbol, row, answer in zip(snapshot.fresh, rows, answers, strict=True):
            if self._names.memory:
                self._remember(symbol, row, answer[-len(self._names.memory) :])
            fraction, confidence = answer[:2]
            if fraction == fraction:
                signals.append(self._signal(symbol, fraction / len(snapshot.symbols), confidence, answer))
        return signals

    def _remember(self, symbol: str, row: Floats, values: list[float]) -> None:
        """A memory begins, as an episode does, where all features have a value. A policy that has no answer at all,
        since its book has nothing left, keeps what it remembered."""
        begun = symbol in self._memory or not np.isnan(row[: len(self._names.features)]).any()
        if begun and all(value == value for value in values):
            self._memory[symbol] = values

    def _signal(self, symbol: str, fraction: float, confidence: float, answer: list[float]) -> Signal:
        said: dict[str, Any] = {**version_of(self._model), "probability": confidence}
        if actions := self._names.actions:
            said["probabilities"] = dict(zip(actions, answer[3 : 3 + len(actions)], strict=True))
        reason = f"{fraction:.4f} of equity, sure to {confidence:.2f}, by {self._model.pin}"
        sure = min(max(confidence, 0.0), 1.0)
        return Signal.target(symbol, fraction=fraction, confidence=sure, reason=reason, metadata=said)

    @property
    def state(self) -> Mapping[str, Any] | None:
        return {"watch": self._watch.state, "memory": dict(self._memory)}

    @state.setter
    def state(self, kept: Mapping[str, Any]) -> None:
        self._watch.state = kept["watch"]
        self._memory = {symbol: list(values) for symbol, values in kept["memory"].items()}


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("rl-agent", RlAgent)
