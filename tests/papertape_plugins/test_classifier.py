import json
from typing import Any

import numpy as np
import pytest
from tests.papertape_ml.models.planted import pair, rows
from tests.papertape_plugins.views import NAN, View, classifier, given, snapshot

from papertape import ConfigError, Signal
from papertape_plugins.classifier import SAID, Classifier


def signals(view: View, **params: Any) -> list[Signal]:
    return list(given(Classifier(**params), view).on_snapshot(snapshot(A=100.0)))


def test_it_buys_where_it_is_sure_enough_and_brackets_the_entry() -> None:
    (signal,) = signals(classifier(A=(0.7, 0.1, 0.2)))
    assert (signal.symbol, signal.action, signal.confidence) == ("A", "buy", 0.7)
    assert (signal.stop_loss, signal.take_profit) == (98.5, 103.0)
    assert signal.reason == "buy 0.70, sell 0.10, hold 0.20 by signal@3"
    assert dict(signal.metadata) == {
        "model": "signal",
        "version": 3,
        "checksum": "sha256:3",
        "probability": 0.7,
        "probabilities": {"buy": 0.7, "sell": 0.1, "hold": 0.2},
    }
    json.dumps(dict(signal.metadata))


def test_the_confidence_that_is_asked_for_is_included() -> None:
    assert signals(classifier(A=(0.6, 0.2, 0.2)))[0].action == "buy"
    assert signals(classifier(A=(0.59, 0.21, 0.2))) == []
    assert signals(classifier(A=(0.59, 0.21, 0.2)), confidence=0.5)[0].action == "buy"


@pytest.mark.parametrize(
    ("said", "exit", "expected"),
    [
        ((0.1, 0.7, 0.2), "opposite", ["close"]),
        ((0.1, 0.7, 0.2), "unsure", ["close"]),
        ((0.1, 0.7, 0.2), "bracket", []),
        ((0.1, 0.2, 0.7), "opposite", []),
        ((0.1, 0.2, 0.7), "unsure", ["close"]),
        ((0.4, 0.3, 0.3), "opposite", []),
        ((0.4, 0.3, 0.3), "unsure", ["close"]),
        ((0.7, 0.1, 0.2), "unsure", ["buy"]),
    ],
)
def test_what_ends_a_position(said: tuple[float, ...], exit: str, expected: list[str]) -> None:
    assert [signal.action for signal in signals(classifier(A=said), exit=exit)] == expected


def test_with_short_it_goes_short_with_the_bracket_turned() -> None:
    (signal,) = signals(classifier(A=(0.1, 0.7, 0.2)), short=True, stop=0.01, target=0.02, exit="bracket")
    assert (signal.action, signal.stop_loss, signal.take_profit) == ("short", 101.0, 98.0)


def test_it_abstains_where_the_model_does() -> None:
    view = classifier(A=(NAN, NAN, NAN), B=(0.9, 0.05, 0.05))
    found = given(Classifier(exit="unsure"), view).on_snapshot(snapshot(A=1.0, B=1.0))
    assert [signal.symbol for signal in found] == ["B"]
    assert signals(classifier(A=(NAN, NAN, NAN)), exit="unsure", confidence=0.0) == []


def test_a_stance_lapses_where_that_is_asked_for() -> None:
    assert signals(classifier(A=(0.7, 0.1, 0.2)))[0].valid_for is None
    assert signals(classifier(A=(0.7, 0.1, 0.2)), valid_for=60_000)[0].valid_for == 60_000


def test_a_new_version_behind_the_view_is_named_from_then_on() -> None:
    view = classifier(A=(0.7, 0.1, 0.2))
    strategy = given(Classifier(), view)
    assert list(strategy.on_snapshot(snapshot(A=100.0)))[0].metadata["version"] == 3
    view.version = 4
    (signal,) = strategy.on_snapshot(snapshot(A=100.0))
    assert signal.metadata["version"] == 4 and signal.reason.endswith("by signal@4")


def test_a_gate_and_a_direction_decide_as_the_model_that_holds_both() -> None:
    model = pair()
    inputs = rows(30, 3)
    names = [f"S{number}" for number in range(30)]
    gate, direction = model.gate.predict(inputs), model.direction.predict(inputs)
    outputs = model.gate.contract.outputs, model.direction.contract.outputs
    views = (
        View("gate@1", "gate", outputs[0], dict(zip(names, gate.tolist(), strict=True))),
        View("way@1", "direction", outputs[1], dict(zip(names, direction.tolist(), strict=True)), version=5),
        View("both@1", "gated", model.contract.outputs, dict(zip(names, model.predict(inputs).tolist(), strict=True))),
    )
    shot = snapshot(**dict.fromkeys(names, 10.0))
    split = list(given(Classifier(gate="gate@1", direction="way@1", confidence=0.5), *views).on_snapshot(shot))
    whole = list(given(Classifier(model="both@1", confidence=0.5), *views).on_snapshot(shot))
    assert [signal.action for signal in split].count("buy") > 0 and len(split) < 30
    assert split == whole  # symbols, actions, confidences, brackets
    said = split[0].metadata
    assert (said["model"], said["version"], said["gate"]) == (
        "way",
        5,
        {"model": "gate", "version": 3, "checksum": "sha256:3"},
    )
    assert said["probabilities"] == whole[0].metadata["probabilities"] and set(said["probabilities"]) == set(SAID)
    assert split[0].reason.endswith("by gate@3 and way@5")


def test_a_pair_abstains_where_one_of_them_does() -> None:
    gate = View("g@1", "gate", ("hold_probability", "act_probability", "predicted_action", "confidence"))
    way = View("d@1", "direction", ("down_probability", "up_probability", "predicted_action", "confidence"))
    sure, silent = (0.1, 0.9, 1.0, 0.9), (NAN, NAN, NAN, NAN)
    strategy = given(Classifier(gate="g@1", direction="d@1", exit="unsure"), gate, way)
    for gate.said, way.said, expected in (
        ({"A": sure}, {"A": silent}, []),
        ({"A": silent}, {"A": sure}, []),
        ({"A": sure}, {"A": sure}, ["buy"]),
    ):
        assert [each.action for each in strategy.on_snapshot(snapshot(A=1.0))] == expected


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"gate": "g@1"}, "direction is missing"),
        ({"direction": "d@1"}, "gate is missing"),
        ({"exit": "never"}, "one of"),
    ],
)
def test_parameters_that_do_not_go_together_are_refused(params: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Classifier(**params)


def test_a_model_of_another_kind_is_refused_by_name() -> None:
    with pytest.raises(
        ConfigError, match=r"signal@champion is signal@3, a model of the kind gate; .*classifier or gated"
    ):
        given(Classifier(), classifier(kind="gate"))
    with pytest.raises(ConfigError, match="kind range would do"):
        given(Classifier(range="r@1"), classifier(), classifier("r@1"))


def test_it_asks_each_model_once_a_batch_and_others_only_where_they_matter() -> None:
    view = classifier(A=(0.7, 0.1, 0.2), B=(0.8, 0.1, 0.1))
    ranges = View("r@1", "range", ("high_6c", "low_6c"), {"A": (0.02, -0.01), "B": (0.02, -0.01)})
    strategy = given(Classifier(range="r@1"), view, ranges)
    assert len(list(strategy.on_snapshot(snapshot(A=1.0, B=2.0)))) == 2
    assert (view.calls, ranges.calls) == (1, 1)
    view.said = classifier(A=(0.1, 0.1, 0.8), B=(0.1, 0.1, 0.8)).said
    assert list(strategy.on_snapshot(snapshot(A=1.0, B=2.0))) == []
    assert (view.calls, ranges.calls) == (2, 1)


def test_confidence_just_above_one_by_rounding_is_one() -> None:
    above = np.nextafter(1.0, 2.0)
    (signal,) = signals(
        View("signal@champion", "classifier", classifier().outputs, {"A": (above, 0.0, 0.0, 1.0, above)})
    )
    assert signal.confidence == 1.0


def test_it_has_no_state_to_lose() -> None:
    assert Classifier().state == {}
