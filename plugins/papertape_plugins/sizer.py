"""How much of a book an entry is worth, as a trained position sizer has it."""

from collections.abc import Callable, Iterable
from decimal import Decimal

import numpy as np

from papertape import ConfigError, Model, Param, Sizer, SizingRequest, hookimpl
from papertape.risk.arithmetic import DOWN, units


class MlSizer(Sizer):
    """Trades for equity x the size that the model answers (0 to 1), between `floor` and `cap`.

    The model's inputs come from the very function that its training used. Where one of them is NaN (a feature that is
    still warming up, say) the model has no answer, and the size is `fallback`. An answer below `least` is no trade: a
    size of nothing, which the host refuses and records.
    """

    model = Param("sizer@champion", help="a model of the kind sizer")
    cap = Param(0.95, min=0, max=100, help="largest notional per unit of equity")
    floor = Param(0.0, min=0, max=1, help="smallest notional per unit of equity of what is traded at all")
    least = Param(0.0, min=0, max=1, help="answer below which nothing is traded")
    fallback = Param(0.05, min=0, max=1, help="notional per unit of equity where the model has no answer")
    keeps = ()

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        if not self.floor <= self.cap:
            raise ConfigError(f"MlSizer: floor must be at most cap, was floor={self.floor} with cap={self.cap}")

    def models(self) -> Iterable[str]:
        return [self.model]

    def on_model(self, model: Model) -> None:
        """Raises `ConfigError` for a model that is no sizer, or that reads other inputs than this papertape has."""
        from papertape_ml.sizing.inputs import INPUTS, inputs_of

        if model.kind != "sizer" or model.inputs != INPUTS:
            raise ConfigError(
                f"MlSizer: {model.reference} is {model.pin}, a model of the kind {model.kind} with {len(model.inputs)} "
                f"inputs; one of the kind sizer that reads {', '.join(INPUTS)} would do"
            )
        self._model = model
        self._inputs_of = inputs_of

    def features(self) -> Iterable[str]:
        from papertape_ml.sizing.inputs import FEATURES

        return FEATURES

    def size(self, request: SizingRequest) -> Decimal:
        answer = self._answer(request)
        if answer != answer:
            part = self.fallback
        elif answer <= 0.0 or answer < self.least:
            return Decimal(0)
        else:
            part = min(max(answer, self.floor), self.cap)
        return units(DOWN.multiply(request.equity, Decimal(part)), request.price)

    def explain(self, request: SizingRequest) -> str:
        answer = self._answer(request)
        if answer != answer:
            return f"{self._model.pin} has no answer, since one of its inputs is missing: {self.fallback:g} of equity"
        said = f"{self._model.pin} answered {answer:.4f}"
        if answer <= 0.0 or answer < self.least:
            return f"{said}, below the least of {self.least:g}: nothing"
        part = min(max(answer, self.floor), self.cap)
        return f"{said}; between {self.floor:g} and {self.cap:g} that is {part:.4f} of equity"

    def _answer(self, request: SizingRequest) -> float:
        """What the model says, NaN where it has no answer."""
        inputs = self._inputs_of(request)
        return float("nan") if np.isnan(inputs).any() else float(self._model.answer(inputs[None, :])[0, 0])


@hookimpl
def register_sizers(register: Callable[[str, type[Sizer]], None]) -> None:
    register("ml-sizer", MlSizer)
