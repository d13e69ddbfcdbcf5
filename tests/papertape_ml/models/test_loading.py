import json
import pickle  # noqa: TID251  # hostile files are made of it, never read with it

import numpy as np
import pytest
from tests.papertape_ml.models.planted import classifier, pair

from papertape_ml.errors import BadModelFiles
from papertape_ml.models.documents import from_bytes, numbers
from papertape_ml.models.loading import load


def changed(**about: object) -> dict[str, bytes]:
    """The classifier's files with other entries in its document."""
    files = classifier().files()
    return files | {"model.json": json.dumps(json.loads(files["model.json"]) | about).encode()}


@pytest.mark.parametrize("kind", ["", "agent", "../classifier", "os:system"])
def test_an_unknown_kind_is_refused(kind: str) -> None:
    with pytest.raises(BadModelFiles, match="no kind of model"):
        load(kind, classifier().files())


def test_missing_and_added_files_are_refused() -> None:
    files = classifier().files()
    for wrong in ({}, {"model.json": files["model.json"]}, {"booster.ubj": b""}, files | {"more.txt": b""}):
        with pytest.raises(BadModelFiles):
            load("classifier", wrong)
    both = pair().files()
    for wrong in ({}, both | {"readme": b""}, {name: data for name, data in both.items() if name[0] == "g"}):
        with pytest.raises(BadModelFiles):
            load("gated", wrong)
    with pytest.raises(BadModelFiles, match="no gate"):
        load("gate", files)


@pytest.mark.parametrize(
    "about",
    [
        {"format": 2},
        {"kind": "gate"},
        {"library": "pickle"},
        {"library": ["xgboost"]},
        {"library": "lightgbm"},
        {"contract": None},
        {"contract": {"inputs": ["a"], "outputs": ["b"], "dtype": "float64"}},
        {"classes": {"names": ["up", "down"], "values": [1, -1]}},
        {"classes": {"names": ["up"], "values": [1.5]}},
        {"classes": []},
        {"calibration": {"method": "vector", "scale": [1], "shift": [1]}},
        {"threshold": 0.5},
        {"threshold": "high"},
    ],
    ids=str,
)
def test_a_document_that_says_something_else_is_refused(about: dict[str, object]) -> None:
    with pytest.raises(BadModelFiles):
        load("classifier", changed(**about))


def test_other_inputs_than_the_trees_have_are_refused() -> None:
    contract = classifier().contract.as_document()
    contract["inputs"] = contract["inputs"][:3]
    with pytest.raises(BadModelFiles, match="with 4 inputs .* not .* of 3 inputs"):
        load("classifier", changed(contract=contract))


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a pickle was loaded",))


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"{}", b"{L", b"PK\x03\x04" + bytes(100), pickle.dumps(Payload()), b"binf" + bytes(200), bytes(500)],
    ids=lambda data: repr(data[:4]),
)
def test_what_are_no_trees_is_refused_before_the_library_sees_it(data: bytes) -> None:
    with pytest.raises(BadModelFiles, match=r"booster\.ubj is no UBJSON"):
        load("classifier", classifier().files() | {"booster.ubj": data})


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"nil", b"\xff", b'{"a":NaN}', b'{"a":1,"a":2}', b"[" * 100_000, b'{"a":' + b"9" * 5_000 + b"}"],
    ids=range(8),
)
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(BadModelFiles, match=r"model\.json"):
        from_bytes(data, "model.json")
    with pytest.raises(BadModelFiles):
        load("classifier", classifier().files() | {"model.json": data})


def test_numbers_are_finite() -> None:
    for wrong in ([1e400], [10**400], [None], ["1"], [True], 1.0, [1.0, 2.0]):
        with pytest.raises(BadModelFiles):
            numbers(wrong, 1, "scale")


def test_trees_with_nan_leaves_are_refused() -> None:
    """The four bytes of each node are overwritten; XGBoost itself loads that in silence."""
    files = classifier().files()
    data = bytearray(files["booster.ubj"])
    at, head = 0, b"split_conditions[$d#L"
    while (at := data.find(head, at)) >= 0:
        start = at + len(head) + 8
        count = int.from_bytes(data[start - 8 : start], "big")
        data[start : start + 4 * count] = np.full(count, np.nan, dtype=">f4").tobytes()
        at = start
    with pytest.raises(BadModelFiles, match="not a finite number"):
        load("classifier", files | {"booster.ubj": bytes(data)})
