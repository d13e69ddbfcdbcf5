from typing import Any

import pytest
from tests.papertape_plugins.views import NAN, View, given, snapshot

from papertape import ConfigError, Signal
from papertape_plugins.predictor import Predictor

HORIZONS = ("6c", "18c", "36c", "72c")
OUTPUTS = tuple(f"{way}_{horizon}" for horizon in HORIZONS for way in ("up", "neutral", "down"))


def price(*ups_and_downs: tuple[float, float]) -> View:
    """A predictor of symbol A; P(up) and P(down) by horizon, the last pair for those that are left."""
    pairs = [*ups_and_downs, *[ups_and_downs[-1]] * (len(HORIZONS) - len(ups_and_downs))]
    said = [value for up, down in pairs for value in (up, 1.0 - up - down, down)]
    return View("price@champion", "predictor", OUTPUTS, {"A": said})


def signals(view: View, **params: Any) -> list[Signal]:
    return list(given(Predictor(**params), view).on_snapshot(snapshot(A=100.0)))


def test_enough_horizons_that_agree_are_a_buy_whose_reason_says_the_figures() -> None:
    (signal,) = signals(price((0.7, 0.1), (0.6, 0.2), (0.3, 0.3)))
    assert signal.action == "buy" and signal.confidence == pytest.approx(0.65)
    assert (signal.stop_loss, signal.take_profit) == (98.5, 103.0)
    assert signal.reason == (
        "6c up 0.70 down 0.10, 18c up 0.60 down 0.20, 36c up 0.30 down 0.30, 72c up 0.30 down 0.30; "
        "2 of 4 agree by price@3"
    )
    assert signal.metadata["checksum"] == "sha256:3" and signal.metadata["probabilities"]["up_18c"] == 0.6


@pytest.mark.parametrize(
    ("said", "params", "expected"),
    [
        (((0.7, 0.1), (0.3, 0.3)), {}, []),  # one of four
        (((0.7, 0.1), (0.3, 0.3)), {"agreement": 0.25}, ["buy"]),
        (((0.7, 0.1), (0.3, 0.3)), {"horizons": "6c"}, ["buy"]),
        (((0.7, 0.1), (0.3, 0.3)), {"horizons": "6c+18c", "agreement": 1.0}, []),
        (((0.7, 0.1), (0.6, 0.2), (0.1, 0.8)), {}, []),  # they contradict each other
        (((0.1, 0.8),), {}, ["close"]),
        (((0.1, 0.8),), {"short": True}, ["short"]),
        (((0.1, 0.8),), {"exit": "bracket"}, []),
        (((0.3, 0.3),), {"exit": "unsure"}, ["close"]),
        (((0.5, 0.2),), {}, ["buy"]),
        (((0.499, 0.2),), {}, []),
        (((NAN, NAN),), {"exit": "unsure"}, []),
    ],
)
def test_what_it_makes_of_the_horizons(
    said: tuple[tuple[float, float], ...], params: dict[str, Any], expected: list[str]
) -> None:
    assert [signal.action for signal in signals(price(*said), **params)] == expected


def test_a_range_model_sets_its_bracket_too() -> None:
    ranges = View("range@1", "range", ("high_6c", "low_6c"), {"A": (0.02, -0.01)})
    (signal,) = given(Predictor(range="range@1"), price((0.7, 0.1)), ranges).on_snapshot(snapshot(A=100.0))
    assert (signal.stop_loss, signal.take_profit) == (99.0, 102.0)


def test_a_horizon_that_is_not_there_is_refused_by_name_at_the_start() -> None:
    with pytest.raises(ConfigError, match="has no horizon 7c; it has 6c, 18c, 36c, 72c"):
        given(Predictor(horizons="6c+7c"), price((0.5, 0.5)))


def test_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="one of the kind predictor would do"):
        given(Predictor(), View("price@champion", "range", ("high_6c", "low_6c")))
