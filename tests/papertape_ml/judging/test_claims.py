"""Outputs by name, classes by number: both must mean the same, whichever kind of model learned whichever label."""

import numpy as np
import pytest

from papertape.contract.errors import InvalidValue
from papertape_ml.judging.claims import UNKNOWN, claims_of, sided, stances
from papertape_ml.labels import parse
from papertape_ml.training.tasks import KINDS, task

SIGNAL = ("buy_probability", "sell_probability", "hold_probability", "predicted_action", "confidence")
GATE = ("hold_probability", "act_probability", "predicted_action", "confidence")
DIRECTION = ("down_probability", "up_probability", "predicted_action", "confidence")
TPSL = ("no_probability", "yes_probability", "predicted_action", "confidence")
OUTPUTS = {"classifier": SIGNAL, "gated": SIGNAL, "gate": GATE, "direction": DIRECTION, "tpsl": TPSL}
LABELS = (
    "direction:6c",
    "triple-barrier:1,1,6h",
    "triple-barrier:1,1,6h,side=short",
    "act:6",
    "act:6,side=long",
    "tp-before-sl:1,2,6h",
    "tp-before-sl:1,2,6h,side=short",
)


@pytest.mark.parametrize("definition", LABELS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_happened_is_the_class_that_training_learned(kind: str, definition: str) -> None:
    label = parse(definition)
    try:
        learned = task(kind, label)
    except ValueError:
        return  # a kind that does not learn this label
    y = np.arange(len(label.classes))
    [claim] = claims_of(label, OUTPUTS[kind])
    happened = claim.happened(label, y)
    for number, value in enumerate(learned.values):
        if value is None:
            assert happened[number] == UNKNOWN
        else:
            assert claim.outputs[happened[number]] == learned.classes.values.index(value)


def test_each_horizon_has_its_own_outputs() -> None:
    label = parse("direction:6c,18c")
    outputs = ("up_18c", "neutral_18c", "down_18c", "q10_6c", "down_6c", "up_6c", "neutral_6c")
    first, second = claims_of(label, outputs)
    assert (first.name, first.outputs, first.values) == ("direction_6c", (4, 5, 6), (-1, 1, 0))
    assert (second.outputs, second.values) == ((0, 1, 2), (1, 0, -1))
    y = np.array([[0, 2], [1, 0]])
    assert first.happened(label, y).tolist() == [0, 2] and second.happened(label, y).tolist() == [0, 2]


def test_a_quantity_is_the_output_of_its_name() -> None:
    label = parse("range:6,18")
    claims = claims_of(label, ("low_6c", "high_6c", "high_18c", "low_18c"))
    assert [claim.outputs for claim in claims] == [(1,), (0,), (2,), (3,)]
    assert claims[2].happened(label, np.array([[0.1, 0.2, 0.3, 0.4]])).tolist() == [0.3]
    with pytest.raises(InvalidValue, match="high_18c"):
        claims_of(label, ("high_6c", "low_6c"))


@pytest.mark.parametrize("outputs", [("up_probability",), ("size",), ("buy_probability", "up_probability")])
def test_outputs_that_say_nothing_of_the_label_are_refused(outputs: tuple[str, ...]) -> None:
    with pytest.raises(InvalidValue, match="say nothing about direction"):
        claims_of(parse("direction:6c"), outputs)


def actions(outputs: tuple[str, ...], *values: float) -> np.ndarray:
    """Answers that differ in `predicted_action` alone."""
    found = np.full((len(values), len(outputs)), 0.5)
    found[:, outputs.index("predicted_action")] = values
    return found


def test_the_predicted_action_is_acted_on() -> None:
    answers = actions(SIGNAL, 1.0, -1.0, 0.0, 1.0)
    answers[3, 0] = np.nan
    assert stances(parse("direction:6c"), SIGNAL, answers).tolist() == [1, -1, 0, 0], "NaN abstains"


def test_a_yes_is_acted_on_on_the_labels_own_side() -> None:
    answers = actions(TPSL, 1.0, 0.0)
    assert stances(parse("tp-before-sl:1,2,6h"), TPSL, answers).tolist() == [1, 0]
    assert stances(parse("tp-before-sl:1,2,6h,side=short"), TPSL, answers).tolist() == [-1, 0]


@pytest.mark.parametrize(
    ("definition", "outputs"), [("act:6", GATE), ("direction:6c", GATE), ("direction:6c", DIRECTION)]
)
def test_answers_that_say_nothing_of_sides_are_not_acted_on(definition: str, outputs: tuple[str, ...]) -> None:
    assert not sided(parse(definition), outputs)
    assert stances(parse(definition), outputs, actions(outputs, 1.0)).tolist() == [0]


def test_without_an_action_the_likeliest_class_of_the_last_horizon_decides() -> None:
    outputs = ("up_6c", "neutral_6c", "down_6c", "up_18c", "neutral_18c", "down_18c")
    answers = np.array([[0.8, 0.1, 0.1, 0.1, 0.2, 0.7], [0.1, 0.1, 0.8, 0.5, 0.3, 0.2], [0.8, 0.1, 0.1, 0.2, 0.6, 0.2]])
    assert stances(parse("direction:6c,18c"), outputs, answers).tolist() == [-1, 1, 0]
