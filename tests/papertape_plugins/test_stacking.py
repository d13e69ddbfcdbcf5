from typing import Any

import numpy as np
import pytest
from tests.fusion.test_weighted_vote import council, stance
from tests.papertape_plugins.views import NAN, View, given

from papertape import ConfigError, Council, Floats, Signal
from papertape_ml.models.stacking import OUTPUTS, inputs_of
from papertape_plugins.stacking import Stacking

MEMBERS = ("one", "two", "three")


class Model(View):
    """Says up as much as the first member in its order, down as much as the second; keeps what it was asked."""

    def __init__(self, members: tuple[str, ...] = MEMBERS) -> None:
        super().__init__("stacking@champion", "stacking", OUTPUTS, inputs=inputs_of(members))
        self.rows: list[list[float]] = []

    def answer(self, rows: Floats) -> Floats:
        self.rows += rows.tolist()
        up, down = np.abs(rows[:, 0]), np.abs(rows[:, 2])
        return np.stack([up, down, 1 - up - down], axis=1)


def started(model: View, members: tuple[str, ...] = MEMBERS, **params: Any) -> Stacking:
    fusion: Stacking = given(Stacking(**params), model)
    fusion.on_start(members)
    return fusion


def fused(model: Model, given_council: Council, **params: Any) -> list[Signal]:
    return started(model, **params).fuse(given_council)


def test_the_model_reads_the_members_in_its_own_order() -> None:
    model = Model(("three", "one", "two"))
    fused(model, council(stance("one", -1, 0.5), stance("three", 1, 0.9)))
    assert model.rows == [[0.9, 0.0, -0.5, 0.0, 0.0, 1.0]]


def test_the_likelier_side_is_taken_from_the_threshold_on() -> None:
    stances = stance("one", 1, 0.6, 95.0), stance("two", -1, 0.2), stance("three", 1, 0.3, 90.0)
    (signal,) = fused(Model(), council(*stances))
    assert (signal.action, signal.confidence, signal.stop_loss) == ("buy", 0.6, 95.0)
    assert signal.reason == "up 0.600, down 0.200, threshold 0.500; stacking@3"
    assert fused(Model(), council(stance("one", 1, 0.6)), threshold=0.61)[0].action == "close"
    assert fused(Model(), council(stance("two", -1, 0.7)))[0].action == "close"
    assert fused(Model(), council(stance("two", -1, 0.7)), short=True)[0].action == "short"


def test_who_is_silent_or_has_left_is_named_and_read_as_silent() -> None:
    model = Model()
    (signal,) = fused(model, council(stance("one", 1, 0.6), members=("one", "two")))
    assert signal.reason.endswith("; silent: two; out: three; stacking@3")
    assert model.rows == [[0.6, 0.0, 0.0, 1.0, 0.0, 1.0]]


def test_a_symbol_that_nobody_spoke_of_is_not_asked_about_and_one_fallen_silent_is() -> None:
    model = Model()
    fusion = started(model)
    assert fusion.fuse(council(symbols=("A", "B"))) == [] and model.rows == []
    fusion.fuse(council(stance("one", 1, 0.6, symbol="B"), symbols=("A", "B")))
    assert [signal.action for signal in fusion.fuse(council(symbols=("A", "B")))] == ["close"]
    assert len(model.rows) == 2
    again = started(Model())
    assert fusion.state is not None
    again.state = fusion.state
    assert [signal.symbol for signal in again.fuse(council(symbols=("A", "B")))] == ["B"]


def test_where_the_model_has_no_answer_there_is_no_signal() -> None:
    model = Model()
    model.answer = lambda rows: np.full((len(rows), 3), NAN)  # type: ignore[method-assign]
    assert fused(model, council(stance("one", 1, 0.6))) == []


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (("one", "two", "three", "four"), "does not know the member four"),
        (("one", "two"), "reads the member three; the session has one, two, the model one, two, three"),
    ],
)
def test_members_that_are_not_the_models_are_refused_by_name_at_the_start(members: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        started(Model(), members)


def test_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="one of the kind stacking would do"):
        given(Stacking(), View("stacking@champion", "classifier", ("a",)))
