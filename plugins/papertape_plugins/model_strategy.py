"""What the strategies that follow models have in common: brackets, exits, and what their signals carry."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from papertape import ConfigError, Model, Param, Prediction, Signal, Snapshot, Strategy
from papertape_plugins.brackets import Bracket, Brackets, horizon_of

Ahead = tuple[Mapping[str, Prediction], Mapping[str, Prediction]]


class ModelStrategy(Strategy):
    """Asks for a side where its models are sure enough.

    `exit`: what ends a position besides its bracket: the models being sure of the opposite, or their not being sure of
    the side any more (`unsure`), or nothing (`bracket`). A symbol of which a model lacks an input gets no signal.
    """

    stop = Param(0.015, min=0.0001, max=0.99, help="distance of the stop from the close, as a fraction of it")
    target = Param(0.03, min=0.0001, max=100, help="distance of the target from the close, as a fraction of it")
    exit = Param("opposite", choices=("opposite", "unsure", "bracket"), help="what ends a position besides its bracket")
    short = Param(False, help="whether it goes short where it is sure of a fall, which needs margin")
    valid_for = Param(0, min=0, help="ms after which a stance lapses unless it is said again; 0: never")
    range = Param("", help="a model of the kind range, whose high and low are target and stop")
    range_over = Param("", help="which of its horizons, such as 18c; the longest where empty")
    tpsl = Param("", help="a model of the kind tpsl, which may veto a long")
    odds = Param(0.5, min=0, max=1, help="chance of the target before the stop below which a long is vetoed")
    keeps = ()

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self._asked: dict[str, Model] = {}
        self.brackets = Brackets(self.stop, self.target)

    def kinds(self) -> Mapping[str, tuple[str, ...]]:
        """The references that it follows, each with the kinds of model that it can be."""
        raise NotImplementedError(f"{type(self).__name__} needs a kinds method")

    def models(self) -> Iterable[str]:
        return [reference for reference in self._kinds if reference]

    @property
    def _kinds(self) -> Mapping[str, tuple[str, ...]]:
        return {**self.kinds(), self.range: ("range",), self.tpsl: ("tpsl",)}

    def on_model(self, model: Model) -> None:
        """Raises `ConfigError` for a model of a kind that it cannot follow."""
        kinds = self._kinds[model.reference]
        if model.kind not in kinds:
            raise ConfigError(
                f"{type(self).__name__}: {model.reference} is {model.pin}, a model of the kind {model.kind}; "
                f"one of the kind {' or '.join(kinds)} would do"
            )
        self._asked[model.reference] = model
        ranges, odds = self._asked.get(self.range), self._asked.get(self.tpsl)
        over = "" if ranges is None else horizon_of(ranges, self.range_over)
        self.brackets = Brackets(self.stop, self.target, ranges, over, odds, self.odds)

    def asked(self, reference: str) -> Model:
        """The model of a reference that `kinds` names."""
        return self._asked[reference]

    def lookback(self) -> int:
        return 1  # its models' windows are the host's business

    def wish(
        self,
        snapshot: Snapshot,
        symbol: str,
        side: int,
        confidence: float,
        reason: str,
        said: Mapping[str, Any],
        ahead: Ahead,
    ) -> Signal | None:
        """The signal for a symbol where the models are sure of a side: 1 up, -1 down, 0 neither. `said`: what its
        metadata hold; `ahead`: of `Brackets.asked`."""
        lasts = self.valid_for or None
        if side > 0 or (side < 0 and self.short):
            close = snapshot.close(symbol)
            bracket = self.brackets.around(close, side, ahead[0].get(symbol), ahead[1].get(symbol))
            if isinstance(bracket, Bracket):
                return Signal(
                    symbol,
                    "buy" if side > 0 else "short",
                    stop_loss=bracket.stop_loss,
                    take_profit=bracket.take_profit,
                    reason=reason + bracket.reason,
                    confidence=confidence,
                    valid_for=lasts,
                    metadata={**said, **_pins(self.brackets)},
                )
            return None
        if (side < 0 and self.exit != "bracket") or self.exit == "unsure":
            return Signal.close(symbol, reason=reason, confidence=confidence, valid_for=lasts, metadata=said)
        return None


def version_of(model: Model) -> dict[str, Any]:
    """Which bytes answered, as metadata have it."""
    pin = model.pin
    return {"model": pin.name, "version": pin.version, "checksum": pin.checksum}


_PARTS: Final = (("range", "ranges"), ("tpsl", "odds"))


def _pins(brackets: Brackets) -> dict[str, Any]:
    found = {name: getattr(brackets, field) for name, field in _PARTS}
    return {name: version_of(model) for name, model in found.items() if model is not None}
