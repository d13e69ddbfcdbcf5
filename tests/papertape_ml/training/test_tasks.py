"""Which labels a kind learns, and what becomes of their numbers."""

import numpy as np
import pytest

from papertape_ml.errors import BadLabels
from papertape_ml.judging.claims import claims_of
from papertape_ml.labels import parse
from papertape_ml.models.classifier import classifier_contract
from papertape_ml.training.tasks import KINDS, task

Y = np.array([0, 1, 2])


@pytest.mark.parametrize(
    ("kind", "label", "values", "side"),
    [
        ("classifier", "direction:6", [-1, 0, 1], 1),
        ("classifier", "triple-barrier:1,2,6", [-1, 0, 1], 1),
        ("classifier", "triple-barrier:1,2,6,side=short", [1, 0, -1], 1),
        ("gated", "direction:6c", [-1, 0, 1], 1),
        ("gate", "direction:6", [1, 0, 1], 0),
        ("gate", "act:6", [0, 1], 0),
        ("direction", "direction:6", [-1, None, 1], 0),
        ("direction", "triple-barrier:1,2,6,side=short", [1, None, -1], 0),
        ("tpsl", "tp-before-sl:1,2,6", [0, 1], 1),
        ("tpsl", "tp-before-sl:1,2,6,side=short", [0, 1], -1),
    ],
)
def test_numbers_of_a_label_become_classes(kind: str, label: str, values: list[int | None], side: int) -> None:
    found = task(kind, parse(label))
    y = Y[: len(values)]
    learned = found.learned(y)
    assert learned.tolist() == [value is not None for value in values]
    assert found.labels(y[learned]).tolist() == [value for value in values if value is not None]
    assert found.side == side
    found.classes.indices(found.labels(y[learned]))


@pytest.mark.parametrize("kind", KINDS)
def test_judging_reads_the_same_classes_out_of_the_outputs(kind: str) -> None:
    """What a model is taught and what it is held against later are one thing."""
    for text in (
        "direction:6",
        "triple-barrier:1,2,6",
        "triple-barrier:1,2,6,side=short",
        "act:6",
        "tp-before-sl:1,2,6",
    ):
        label = parse(text)
        try:
            found = task(kind, label)
        except BadLabels:
            continue
        (claim,) = claims_of(label, classifier_contract(("a",), found.classes).outputs)
        y = np.arange(len(label.classes))
        learned = found.learned(y)
        taught = found.classes.indices(found.labels(y[learned]))
        assert claim.happened(label, y[learned]).tolist() == [
            list(claim.outputs).index(column) for column in taught.tolist()
        ]


@pytest.mark.parametrize(
    ("kind", "label", "words"),
    [
        ("classifier", "act:6", "learns direction, triple-barrier"),
        ("tpsl", "direction:6", "learns tp-before-sl"),
        ("gate", "range:6", "learns act, direction"),
        ("classifier", "direction:6,18", "has 2"),
    ],
)
def test_a_label_that_a_kind_cannot_learn_is_refused(kind: str, label: str, words: str) -> None:
    with pytest.raises(BadLabels, match=words):
        task(kind, parse(label))
