"""Bytes that are not the trees of a booster are refused by name before a row walks through them."""

import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.papertape_ml.models.planted import classifier

from papertape_ml.errors import BadModelFiles, WrongInputs
from papertape_ml.models.forests import read_lightgbm, read_xgboost
from papertape_ml.models.forests.forest import DEEPEST, Branches, Forest
from papertape_ml.models.forests.ubjson import parsed

CODES = {"b": b"i", "B": b"U", "h": b"I", "i": b"l", "l": b"L", "q": b"L", "f": b"d", "d": b"D"}


def written(value: Any) -> bytes:
    """UBJSON of a value, numpy arrays as typed arrays."""
    if isinstance(value, dict):
        entries = [b"L" + struct.pack(">q", len(key)) + key.encode() + written(each) for key, each in value.items()]
        return b"{" + b"".join(entries) + b"}"
    if isinstance(value, np.ndarray):
        head = b"[$" + CODES[value.dtype.char] + b"#L" + struct.pack(">q", len(value))
        return head + value.astype(value.dtype.newbyteorder(">")).tobytes()
    if isinstance(value, list):
        return b"[#L" + struct.pack(">q", len(value)) + b"".join(map(written, value))
    if isinstance(value, str):
        return b"SL" + struct.pack(">q", len(value)) + value.encode()
    return b"L" + struct.pack(">q", value)


def document() -> Any:
    """The planted classifier's trees, to be changed."""
    return parsed(classifier().data, "booster.ubj")


def read(data: bytes) -> Forest:
    return read_xgboost.read(data, "booster.ubj", "multi:softprob", 4, 3, 3)


def model(found: Any) -> Any:
    return found["learner"]["gradient_booster"]["model"]


def replaced(key: str, at: int, value: float) -> Any:
    """A change of one number of the first tree."""

    def change(found: Any) -> None:
        values = model(found)["trees"][0][key].copy()
        values[at] = value
        model(found)["trees"][0][key] = values

    return change


def leaf(found: Any) -> int:
    return int(np.argmax(model(found)["trees"][0]["left_children"] < 0))


HOSTILE = {
    "cycle": replaced("left_children", 1, 0),
    "own child": replaced("left_children", 0, 0),
    "shared child": replaced("right_children", 0, 1),
    "beyond its tree": replaced("right_children", 0, 10_000),
    "one child": replaced("right_children", 0, -1),
    "input beyond": replaced("split_indices", 0, 4),
    "input below": replaced("split_indices", 0, -1),
    "nan threshold": replaced("split_conditions", 0, np.nan),
    "low threshold": replaced("split_conditions", 0, -np.inf),
    "infinite leaf": lambda found: replaced("split_conditions", leaf(found), np.inf)(found),
    "categories": replaced("split_type", 0, 1),
    "short": lambda found: model(found)["trees"][0].update(split_indices=np.zeros(2, np.int32)),
    "floats for places": lambda found: model(found)["trees"][0].update(left_children=np.full(15, -1.0)),
    "no nodes": lambda found: model(found)["trees"][0].update(left_children=np.zeros(0, np.int32)),
    "no trees": lambda found: model(found).update(trees=[], tree_info=[]),
    "output beyond": lambda found: model(found).update(tree_info=[3] * len(model(found)["trees"])),
    "missing outputs": lambda found: model(found).update(tree_info=[0]),
    "vector leaves": lambda found: model(found)["trees"][0]["tree_param"].update(size_leaf_vector="3"),
    "forests": lambda found: model(found)["gbtree_model_param"].update(num_parallel_tree="4"),
    "no such key": lambda found: model(found).pop("trees"),
    "a number for a list": lambda found: model(found).update(trees=5),
    "dart": lambda found: found["learner"]["gradient_booster"].update(name="dart"),
    "intercepts": lambda found: found["learner"]["learner_model_param"].update(base_score="[1E0,2E0]"),
    "nan intercept": lambda found: found["learner"]["learner_model_param"].update(base_score="nan"),
    "long intercept": lambda found: found["learner"]["learner_model_param"].update(base_score="1" * 100_000),
    "other objective": lambda found: found["learner"]["objective"].update(name="reg:squarederror"),
}


def test_an_unchanged_document_is_read_to_the_same_trees() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 4))
    assert read(written(document())).margins(rows).tobytes() == read(classifier().data).margins(rows).tobytes()


@pytest.mark.parametrize("change", HOSTILE)
def test_trees_that_cannot_be_are_refused(change: str) -> None:
    found = document()
    HOSTILE[change](found)
    with pytest.raises(BadModelFiles, match=r"booster\.ubj"):
        read(written(found))


def test_a_tree_without_end_is_refused() -> None:
    count = 2 * DEEPEST + 5
    left = np.array([k + 1 if k % 2 == 0 and k + 2 < count else -1 for k in range(count)])
    right = np.where(left < 0, -1, left + 1)
    whole: NDArray[np.int64] = np.zeros(count, np.int64)
    chain = Branches(np.zeros(1, np.int64), left, right, whole, whole * 0.0, whole > 0, whole * 0.0)
    with pytest.raises(BadModelFiles, match="deeper than"):
        Forest.grown(chain, np.zeros(1, np.int64), 1, np.zeros(1), 1)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"{}x", b"[#L\x7f" + b"\xff" * 7, b"[$d#L\x00" + b"\xff" * 7, b"[$d#L" + b"\xff" * 8, b"[$S#i\x01",
        b"[" * 100_000, b"[#i\x01" * 100, b"{i\x01ai\x01i\x01ai\x02}", b"SL" + b"\x7f" + b"\xff" * 7, b"Si\xff", b"q",
        b"[$d#d\x00\x00\x00\x00", b"{i\x01\xffi\x01}",
    ],
    ids=range(15),
)  # fmt: skip
def test_what_is_no_ubjson_is_refused_without_making_room_for_it(data: bytes) -> None:
    with pytest.raises(BadModelFiles, match="no UBJSON"):
        parsed(data, "x")


def test_every_value_of_ubjson_is_read() -> None:
    data = (
        b"{i\x01a[TFZi\xff]i\x01bD" + struct.pack(">d", 0.1) + b"i\x01cSU\x02\xc3\xbci\x01d[$I#i\x02\x00\x01\xff\xff}"
    )
    found = parsed(data, "x")
    assert (found["a"], found["b"], found["c"]) == ([True, False, None, -1], 0.1, "ü")
    assert found["d"].tolist() == [1, -1]


def test_damaged_bytes_are_refused_or_read_but_never_worse() -> None:
    """Flipped bits and cuts over the whole file: what is read has finite margins."""
    source, data = np.random.default_rng(3), classifier().data
    rows = source.normal(size=(4, 4))
    refused = 0
    for _ in range(120):
        damaged = bytearray(data)
        damaged[source.integers(len(data))] ^= 1 << int(source.integers(8))
        if source.random() < 0.2:
            del damaged[source.integers(len(data)) :]
        try:
            assert np.isfinite(read(bytes(damaged)).margins(rows)).all()
        except BadModelFiles:
            refused += 1
    assert 24 < refused < 120


CHANGES = [
    ("num_cat=0", "num_cat=1"), ("is_linear=0", "is_linear=1"), ("Tree=0", "Tree=1"), ("end of trees", "end"),
    ("num_class=3", "num_class=3\naverage_output"), ("leaf_value=", "leaf_value=nan "), ("num_leaves=", "num_leaves=9"),
    ("left_child=1", "left_child=0"), ("left_child=1", "left_child=99"), ("left_child=1", "left_child=-99"),
    ("threshold=", "threshold=x"), ("decision_type=", "decision_type=1"), ("split_feature=", "split_feature=7"),
    ("max_feature_idx=3", "max_feature_idx=4"), ("objective=multiclass", "objective=rank"), ("tree\n", "tee\n"),
    ("num_tree_per_iteration=3", "num_tree_per_iteration=2"), ("version=v4", "num_class=1"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), CHANGES, ids=[f"{old.strip()}-{n}" for n, (old, _) in enumerate(CHANGES)])
def test_text_that_says_something_else_is_refused(old: str, new: str) -> None:
    pytest.importorskip("lightgbm")
    text = classifier("lightgbm").data.decode()
    assert old in text
    with pytest.raises(BadModelFiles, match=r"booster\.txt"):
        read_lightgbm.read(text.replace(old, new, 1).encode(), "booster.txt", "multiclass", 4, 3, 3)


def test_rows_of_another_width_are_refused_before_they_are_walked() -> None:
    with pytest.raises(WrongInputs, match="rows of 4 inputs"):
        read(classifier().data).margins(np.zeros((2, 3)))
