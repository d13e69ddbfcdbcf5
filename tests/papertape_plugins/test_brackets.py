"""Stops and targets from models of the kind range, vetoes from those of the kind tpsl."""

from typing import Any

import pytest
from tests.papertape_plugins.views import NAN, View, classifier, given, snapshot

from papertape import ConfigError, Signal
from papertape_plugins.classifier import Classifier

OUTPUTS = ("high_6c", "low_6c", "high_18c", "low_18c", "high_6c_q90")
CHANCE = ("no_probability", "yes_probability", "predicted_action", "confidence")


def entered(
    ahead: tuple[float, ...] | None = None, yes: float | None = None, up: bool = True, **params: Any
) -> list[Signal]:
    """What comes of a sure entry at 100 with a range model, a tpsl model, or both."""
    views = [classifier(A=(0.8, 0.1, 0.1) if up else (0.1, 0.8, 0.1))]
    if ahead is not None:
        views.append(View("range@1", "range", OUTPUTS, {"A": (*ahead, 0.5)}))
        params["range"] = "range@1"
    if yes is not None:
        views.append(View("tpsl@1", "tpsl", CHANCE, {"A": (1 - yes, yes, float(yes > 0.5), max(yes, 1 - yes))}))
        params["tpsl"] = "tpsl@1"
    return list(given(Classifier(short=True, exit="bracket", **params), *views).on_snapshot(snapshot(A=100.0)))


def test_the_longest_horizon_gives_both_legs() -> None:
    (signal,) = entered((0.01, -0.005, 0.02, -0.0125))
    assert (signal.stop_loss, signal.take_profit) == (98.75, 102.0)
    assert "-1.25% to +2.00% in 18c by range@3" in signal.reason
    assert signal.metadata["range"] == {"model": "range", "version": 3, "checksum": "sha256:3"}


def test_a_horizon_can_be_named() -> None:
    (signal,) = entered((0.01, -0.005, 0.02, -0.0125), range_over="6c")
    assert (signal.stop_loss, signal.take_profit) == (99.5, 101.0)


def test_a_short_has_its_target_below() -> None:
    (signal,) = entered((0.01, -0.005, 0.02, -0.0125), up=False)
    assert (signal.action, signal.stop_loss, signal.take_profit) == ("short", 102.0, 98.75)


@pytest.mark.parametrize("ahead", [(0, 0, 0.02, 0.001), (0, 0, -0.001, -0.02), (0, 0, 0.01, -1.0), (NAN,) * 4], ids=str)
def test_without_room_on_both_sides_nothing_is_entered(ahead: tuple[float, ...]) -> None:
    assert entered(ahead) == []


@pytest.mark.parametrize(("yes", "odds", "entries"), [(0.5, 0.5, 1), (0.49, 0.5, 0), (0.2, 0.1, 1), (NAN, 0.1, 0)])
def test_poor_odds_of_the_target_before_the_stop_are_a_veto(yes: float, odds: float, entries: int) -> None:
    found = entered(yes=yes, odds=odds)
    assert len(found) == entries
    if found:
        assert f"target before stop {yes:.2f} by tpsl@3" in found[0].reason
        assert found[0].metadata["tpsl"]["version"] == 3


def test_a_short_is_none_of_the_business_of_a_model_of_longs() -> None:
    assert [signal.action for signal in entered(yes=0.0, up=False)] == ["short"]


def test_both_together() -> None:
    (signal,) = entered((0.01, -0.005, 0.02, -0.0125), 0.7)
    assert (signal.stop_loss, signal.take_profit) == (98.75, 102.0)
    assert signal.reason.endswith("; target before stop 0.70 by tpsl@3; -1.25% to +2.00% in 18c by range@3")
    assert entered((0.01, -0.005, 0.02, -0.0125), 0.3) == []


def test_a_horizon_that_the_range_model_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="no horizon 7c; it has 6c, 18c"):
        entered((0.01, -0.005, 0.02, -0.0125), range_over="7c")
