import json

import numpy as np
import pytest

from papertape_ml.errors import BadModelFiles, WrongInputs
from papertape_ml.models.contract import ModelContract

CONTRACT = ModelContract(("rsi_14", "atr_pct", "vpin"), ("buy", "sell"))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("rsi_14", "vpin"), "reads 1 more: atr_pct"),
        (("rsi_14", "atr_pct", "vpin", "adx_14"), "does not read: adx_14"),
        (("rsi_14", "vpin", "atr_pct"), "input 1 is 'atr_pct', but 'vpin' stands there"),
        (("rsi_14", "atr_pct", "vpin", "vpin"), "more than once"),
    ],
    ids=["missing", "unknown", "order", "twice"],
)
def test_other_names_are_refused_with_the_difference(names: tuple[str, ...], words: str) -> None:
    with pytest.raises(WrongInputs, match=words):
        CONTRACT.check_names(names)


def test_rows_of_another_shape_type_or_size_are_refused() -> None:
    with pytest.raises(WrongInputs, match="rows of 3 inputs"):
        CONTRACT.check_rows(np.zeros((4, 2)))
    with pytest.raises(WrongInputs, match="rows of 3 inputs"):
        CONTRACT.check_rows(np.zeros(3))
    with pytest.raises(WrongInputs, match="float64, got float32"):
        CONTRACT.check_rows(np.zeros((4, 3), dtype=np.float32))
    for value in (np.inf, -1e39):
        rows = np.zeros((4, 3))
        rows[2, 1] = value
        with pytest.raises(WrongInputs, match="atr_pct is .* in row 2"):
            CONTRACT.check_rows(rows)


def test_nan_is_an_unknown_input() -> None:
    assert np.isnan(CONTRACT.check_rows(np.full((1, 3), np.nan))).all()


def test_a_contract_of_many_names_is_checked_without_comparing_them_all() -> None:
    """Windows of many features have many inputs, and a stranger's file may have a million."""
    names = tuple(map(str, range(300_000)))
    assert ModelContract(names, ("b",)).inputs == names
    with pytest.raises(WrongInputs, match="more than once: 7$"):
        ModelContract((*names, "7"), ("b",))


def test_a_contract_survives_its_document() -> None:
    assert ModelContract.from_document(json.loads(json.dumps(CONTRACT.as_document()))) == CONTRACT


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"inputs": ["a"], "outputs": "b", "dtype": "float64"}]
    + [{"inputs": inputs, "outputs": ["b"], "dtype": "float64"} for inputs in ([], [1], ["a", "a"], None, {"a": 1})]
    + [{"inputs": ["a"], "outputs": ["b"], "dtype": dtype} for dtype in ("float32", None, 64)],
)
def test_what_is_no_contract_is_refused(document: object) -> None:
    with pytest.raises(BadModelFiles):
        ModelContract.from_document(document)
