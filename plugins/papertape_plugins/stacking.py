"""An ensemble that has learned what its members' stances together are worth."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from papertape import ConfigError, Council, Fusion, Model, ModelPin, Param, Signal, Stance, hookimpl
from papertape.fusion.absent import left_out


class Stacking(Fusion):
    """Long where the model gives `up` at least `threshold`, short where it gives it to `down`, flat otherwise.

    The model reads of each member side x confidence, and whether it is silent: it has no stance, or one on data that
    are stale, or has left (quarantined, disabled). So who is out is an input, which the model has learned to do
    without; the reason names them. A model with other members than the session is refused by name at the start.
    Without `short`, a vote for short means flat. The stop and target are those of the most confident member on the
    winning side. Where the model has no answer, there is no signal.
    """

    model = Param("stacking@champion", help="a model of the kind stacking")
    threshold = Param(0.5, min=0.01, max=1, help="probability from which a side is taken")
    short = Param(False, help="whether a vote for short opens one, which needs margin")
    keeps = ("heard",)

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self.heard: list[str] = []
        self.members: tuple[str, ...] = ()
        self._order: tuple[ModelPin, tuple[str, ...]] | None = None

    def models(self) -> Iterable[str]:
        return [self.model]

    def on_model(self, model: Model) -> None:
        """Raises `ConfigError` for a model that is none of the kind stacking."""
        if model.kind != "stacking":
            raise ConfigError(
                f"Stacking: {model.reference} is {model.pin}, a model of the kind {model.kind}; "
                "one of the kind stacking would do"
            )
        self._model = model

    def on_start(self, members: tuple[str, ...]) -> None:
        """Raises `ConfigError` for a model that does not know a member, or knows one that is not there."""
        self.members = members
        self._read()

    def _read(self) -> tuple[str, ...]:
        """The members in the order of the model's inputs; looked at again when another version answers."""
        if self._order is not None and self._order[0] == self._model.pin:
            return self._order[1]
        from papertape_ml.models.stacking import members_of

        known = members_of(self._model.inputs)
        for what, names in (
            ("does not know the member", [name for name in self.members if name not in known]),
            ("reads the member", [name for name in known if name not in self.members]),
        ):
            if names:
                there = f"; the session has {', '.join(self.members)}, the model {', '.join(known)}"
                raise ConfigError(f"Stacking: {self._model.reference} ({self._model.pin}) {what} {names[0]}{there}")
        self._order = (self._model.pin, known)
        return known

    def fuse(self, council: Council) -> list[Signal]:
        from papertape_ml.models.stacking import row_of

        order = self._read()
        for symbol in council.symbols:
            if symbol not in self.heard and council.stances.get(symbol):
                self.heard.append(symbol)
        symbols = [symbol for symbol in council.symbols if symbol in self.heard]
        if not symbols:
            return []
        stances = [council.stances.get(symbol, {}) for symbol in symbols]
        rows = [row_of([given.get(member) for member in order]) for given in stances]
        answers = self._model.answer(np.stack(rows)).tolist()
        signals = []
        for symbol, given, (up, down, _) in zip(symbols, stances, answers, strict=True):
            if up == up and down == down:
                absent = left_out(self.members, council, symbol)
                signals.append(self._signal(symbol, given, up, down, f"{absent}; {self._model.pin}"))
        return signals

    def _signal(self, symbol: str, given: Mapping[str, Stance], up: float, down: float, told: str) -> Signal:
        reason = f"up {up:.3f}, down {down:.3f}, threshold {self.threshold:.3f}{told}"
        if up >= self.threshold and up > down:
            side, winning = 1, up
        elif self.short and down >= self.threshold and down > up:
            side, winning = -1, down
        else:
            return Signal.close(symbol, reason=reason)
        agreeing = [stance for stance in given.values() if stance.side == side]
        surest = max(agreeing, key=lambda stance: stance.confidence, default=None)
        return Signal(
            symbol,
            "buy" if side > 0 else "short",
            stop_loss=None if surest is None else surest.stop_loss,
            take_profit=None if surest is None else surest.take_profit,
            confidence=min(winning, 1.0),
            reason=reason,
        )


@hookimpl
def register_fusions(register: Callable[[str, type[Fusion]], None]) -> None:
    register("stacking", Stacking)
