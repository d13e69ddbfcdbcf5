import numpy as np
import pytest
from tests.papertape_ml.models.planted import CONTRACT, NAMES, rows

from papertape_ml.errors import BadLabels, WrongInputs
from papertape_ml.models.samples import SIGNAL, Classes, check_learnable, sample


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([1.0, np.nan, 0.0, np.nan], "2 of 4 labels are NaN, the first in row 1"),
        ([1.0, 2.0, 0.0, 0.0], "label 2 is none of 1, -1, 0"),
        ([1.0, 0.0], "4 rows have 2 labels"),
        ([[1.0]] * 4, "one number a row"),
    ],
    ids=["nan", "unknown", "too few", "table"],
)
def test_labels_that_are_none_are_named(labels: list[float], words: str) -> None:
    with pytest.raises(BadLabels, match=words):
        sample(CONTRACT, SIGNAL, NAMES, rows(4), labels)


@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 0.0], [1.0, -1.0, 1.0, 1.0], [np.nan] * 4])
def test_weights_that_are_none_are_named(weights: list[float]) -> None:
    with pytest.raises(BadLabels, match="weights are one finite number above 0"):
        sample(CONTRACT, SIGNAL, NAMES, rows(4), [0, 1, -1, 0], weights)


def test_one_class_alone_is_named() -> None:
    part = sample(CONTRACT, SIGNAL, NAMES, rows(4), [-1] * 4)
    with pytest.raises(BadLabels, match="only one class occurs in 4 rows: sell"):
        check_learnable(part, SIGNAL.names)


def test_columns_in_another_order_are_named() -> None:
    with pytest.raises(WrongInputs, match="wrong order"):
        sample(CONTRACT, SIGNAL, NAMES[::-1], rows(4), [0, 1, -1, 0])


def test_no_row_is_named() -> None:
    with pytest.raises(BadLabels, match="no row"):
        sample(CONTRACT, SIGNAL, NAMES, rows(0), [])


def test_weights_keep_their_ratios_and_get_a_mean_of_one() -> None:
    part = sample(CONTRACT, SIGNAL, NAMES, rows(4), [0, 1, -1, 0], [0.1, 0.1, 0.2, 0.4])
    assert part.weights.tolist() == pytest.approx([0.5, 0.5, 1.0, 2.0])
    assert part.where(part.classes != 2).weights.tolist() == pytest.approx([2 / 3, 4 / 3])
    assert part.where(part.classes > 9).weights.size == 0


@pytest.mark.parametrize("classes", [(("a",), (1,)), (("a", "a"), (0, 1)), (("a", "b"), (1, 1)), (("a", "b"), (1,))])
def test_classes_are_two_or_more_that_differ(classes: tuple[tuple[str, ...], tuple[int, ...]]) -> None:
    with pytest.raises(BadLabels):
        Classes(*classes)
