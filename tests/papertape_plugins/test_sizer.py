from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from tests.papertape_plugins.views import NAN, View, given

from papertape import ConfigError, Features, Floats, Instrument, Signal, SizingRequest
from papertape_ml.sizing.inputs import FEATURES, INPUTS, inputs_of
from papertape_plugins.sizer import MlSizer

INSTRUMENT = Instrument("A/USDT", "USDT")


def features(symbol: str, value: float = 0.01) -> Features:
    index = {name: place for place, name in enumerate(FEATURES)}
    return Features(index, np.full(len(FEATURES), value).tobytes())


def request(missing: bool = False, **changes: Any) -> SizingRequest:
    made: dict[str, Any] = {
        "now": 0,
        "signal": Signal.buy("A/USDT", confidence=0.7, stop_loss=98.0, take_profit=104.0),
        "side": "buy",
        "instrument": INSTRUMENT,
        "price": Decimal(100),
        "equity": Decimal(10_000),
        "cash": Decimal(10_000),
        "symbols": 3,
        "period": 60_000,
        "trips": (-0.01, -0.02),
        "window": None,
        "drawdown": 0.03,
        "features": lambda symbol: features(symbol, NAN if missing else 0.01),
    }
    return SizingRequest(**{**made, **changes})


def sized(answer: float, missing: bool = False, **params: Any) -> Decimal:
    asked: list[Floats] = []

    def answers(rows: Floats) -> Floats:
        asked.append(rows)
        return np.full((len(rows), 1), answer)

    view = View("sizer@champion", "sizer", ("size",), inputs=INPUTS, answers=answers)
    size: Decimal = given(MlSizer(**params), view).size(request(missing))
    if asked:  # what training has for the same entry
        np.testing.assert_array_equal(asked[0], inputs_of(request())[None, :])
    return size


@pytest.mark.parametrize(
    ("answer", "params", "units"),
    [
        (0.25, {}, 25),
        (0.99, {}, 95),
        (0.99, {"cap": 2.0}, 99),
        (0.25, {"cap": 0.1}, 10),
        (0.02, {"floor": 0.05}, 5),
        (0.0, {"floor": 0.05}, 0),
        (0.02, {"least": 0.03}, 0),
        (0.03, {"least": 0.03}, 3),
        (NAN, {}, 5),
        (NAN, {"fallback": 0.0}, 0),
    ],
)
def test_the_answer_times_equity_by_price_within_floor_and_cap(answer: float, params: Any, units: int) -> None:
    assert float(sized(answer, **params)) == pytest.approx(units)


def test_a_feature_that_is_missing_means_the_fallback_without_asking() -> None:
    assert float(sized(0.9, missing=True, fallback=0.02)) == pytest.approx(2)


@pytest.mark.parametrize(
    ("answer", "missing", "said"),
    [
        (0.25, False, "answered 0.2500; between 0.1 and 0.95 that is 0.2500 of equity"),
        (0.02, False, "answered 0.0200; between 0.1 and 0.95 that is 0.1000 of equity"),
        (0.01, False, "answered 0.0100, below the least of 0.015: nothing"),
        (0.9, True, "has no answer, since one of its inputs is missing: 0.05 of equity"),
    ],
)
def test_it_says_how_it_came_to_its_size(answer: float, missing: bool, said: str) -> None:
    view = View(
        "sizer@champion", "sizer", ("size",), inputs=INPUTS, answers=lambda rows: np.full((len(rows), 1), answer)
    )
    sizer = given(MlSizer(floor=0.1, least=0.015), view)
    assert sizer.explain(request(missing)).endswith(said)


def test_it_asks_the_host_for_what_its_inputs_are_made_of() -> None:
    assert tuple(MlSizer().features()) == FEATURES and list(MlSizer(model="s@2").models()) == ["s@2"]


def test_a_model_that_is_no_sizer_is_refused_by_name() -> None:
    for view in (View("sizer@champion", "classifier", ("size",)), View("sizer@champion", "sizer", ("size",))):
        with pytest.raises(ConfigError, match="sizer@champion is sizer@3, a model of the kind"):
            given(MlSizer(), view)


def test_a_floor_above_the_cap_is_refused() -> None:
    with pytest.raises(ConfigError, match="floor must be at most cap"):
        MlSizer(floor=0.5, cap=0.2)
