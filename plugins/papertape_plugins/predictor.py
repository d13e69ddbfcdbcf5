"""Goes where a trained predictor sees the price at several times ahead."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from papertape import ConfigError, Model, Param, Prediction, Signal, Snapshot, Strategy, hookimpl
from papertape_plugins.model_strategy import ModelStrategy, version_of


class View(NamedTuple):
    """What was said of a symbol. `side`: 1 up, -1 down, 0 neither; `confidence`: mean probability of that side over the
    horizons that agree; `reason`: the figures."""

    side: int
    confidence: float
    reason: str


class Predictor(ModelStrategy):
    """Long where enough horizons give `up` at least `threshold`, and none gives it to `down`.

    The mirror image ends a position, or with `short` opens a short. Enough is the share `agreement` of the horizons.
    The signal's confidence is the mean probability of its side over the horizons that agree.
    """

    model = Param("price@champion", help="the predictor: a model of the kind predictor")
    horizons = Param("", help="which of its horizons count, such as 6c+18c; all of them where empty")
    threshold = Param(0.5, min=0.01, max=1, help="probability from which a horizon speaks for a side")
    agreement = Param(0.5, min=0.01, max=1, help="share of the horizons that must speak for a side")

    def kinds(self) -> Mapping[str, tuple[str, ...]]:
        return {self.model: ("predictor",)}

    def on_model(self, model: Model) -> None:
        """Raises `ConfigError` also for a horizon that the model does not have."""
        super().on_model(model)
        if model.reference == self.model:
            _chosen(model, self.horizons)

    def on_snapshot(self, snapshot: Snapshot) -> Iterable[Signal]:
        model = self.asked(self.model)
        horizons = _chosen(model, self.horizons)
        views = {
            symbol: (self._view(said, horizons), said)
            for symbol, said in model.predict(snapshot).items()
            if not said.abstains
        }
        decided = {symbol: pair for symbol, pair in views.items() if pair[0].side or self.exit == "unsure"}
        if not decided:
            return []
        ahead = self.brackets.asked(snapshot) if any(view.side for view, _ in decided.values()) else ({}, {})
        signals = []
        for symbol, (view, said) in decided.items():
            metadata = {
                **version_of(model),
                "probability": view.confidence,
                "probabilities": dict(zip(model.outputs, said.values.tolist(), strict=True)),
            }
            reason = f"{view.reason} by {model.pin}"
            signal = self.wish(snapshot, symbol, view.side, min(view.confidence, 1.0), reason, metadata, ahead)
            if signal is not None:
                signals.append(signal)
        return signals

    def _view(self, said: Prediction, horizons: tuple[str, ...]) -> View:
        ways = {way: [said[f"{way}_{horizon}"] for horizon in horizons] for way in ("up", "down")}
        sure = {way: [each for each in chances if each >= self.threshold] for way, chances in ways.items()}
        enough = self.agreement * len(horizons)
        side = 0
        for way, other, sign in (("up", "down", 1), ("down", "up", -1)):
            if len(sure[way]) >= enough and not sure[other]:
                side = sign
        told = ", ".join(
            f"{horizon} up {up:.2f} down {down:.2f}"
            for horizon, up, down in zip(horizons, ways["up"], ways["down"], strict=True)
        )
        agreeing = sure["up"] if side > 0 else sure["down"] if side < 0 else [max(map(max, ways.values()))]
        return View(
            side, sum(agreeing) / len(agreeing), f"{told}; {len(agreeing) if side else 0} of {len(horizons)} agree"
        )


def _chosen(model: Model, asked: str) -> tuple[str, ...]:
    """The horizons that count, of those that a model has. Raises `ConfigError`."""
    known = tuple(name.removeprefix("up_") for name in model.outputs if name.startswith("up_"))
    wanted = tuple(filter(None, asked.replace("+", " ").split())) or known
    if unknown := [each for each in wanted if each not in known]:
        raise ConfigError(
            f"Predictor: {model.reference} has no horizon {', '.join(unknown)}; it has {', '.join(known) or 'none'}"
        )
    return wanted


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("predictor", Predictor)
