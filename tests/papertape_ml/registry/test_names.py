"""Names, references and manifests that cannot be refuse to exist."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from papertape_ml.errors import BadModel
from papertape_ml.registry.canonical import canonical, frozen
from papertape_ml.registry.manifest import MAX_FILES, FileSum, Golden, Manifest
from papertape_ml.registry.names import Reference, file_name
from papertape_ml.registry.suite import FILES, example

SUM = FileSum("0" * 64, 1)


@pytest.mark.parametrize(
    "text", ["", "@", "a@", "@1", "a@0", "a@01", "a@-1", "a@1.0", "a@1e3", "a@" + "9" * 10, "a@b@c", "a@../x", "a@١",
             "a @1", "a@latest", "a@best", "a@1\n"]
)  # fmt: skip
def test_a_reference_that_names_no_version_or_alias_is_refused(text: str) -> None:
    with pytest.raises(BadModel):
        Reference.parse(text)


@pytest.mark.parametrize("text", ["signal", "signal@12", "signal-v2.x_y@champion"])
def test_a_reference_is_written_as_it_is_read(text: str) -> None:
    assert str(Reference.parse(text)) == text


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc/passwd", "a\\b", ".hidden", "-rf", "a\n", "a\0b", "ä.json",
             "a\u202ename", "ａ", "x" * 129, "manifest.json", "Manifest.JSON", "manifest.sha256", "C:x", "a b"]
)  # fmt: skip
def test_a_file_has_a_plain_name(name: str) -> None:
    with pytest.raises(BadModel):
        file_name(name)
    with pytest.raises(BadModel):
        example().with_files({name: b""})


def test_two_files_do_not_differ_in_case_alone() -> None:
    with pytest.raises(BadModel, match="upper and lower case"):
        example().with_files({"a.json": b"", "A.json": b""})


@pytest.mark.parametrize(
    "changes",
    [
        {"created": -1}, {"created": 1.5}, {"created": True}, {"created": 1 << 63}, {"kind": "../x"}, {"config": []},
        {"config": {"a": math.nan}}, {"metrics": {"a": math.inf}}, {"config": {1: 2}}, {"config": {"a": object()}},
        {"config": {"a": 1 << 64}}, {"feature_set_hash": "0" * 64}, {"feature_set_hash": "sha256:" + "G" * 64},
        {"training": {}}, {"training": {"hash": "sha256:" + "1" * 64, "span": [2, 1]}}, {"parent": "signal"},
        {"parent": "signal@champion"}, {"parent": 3}, {"files": {"a": FileSum("0" * 63, 1)}},
        {"files": {"a": FileSum("0" * 64, -1)}}, {"files": {"a": FileSum("0" * 64, 1 << 40)}},
        {"files": {f"f{n}": SUM for n in range(MAX_FILES + 1)}}, {"config": {"a": "x" * (9 << 20)}},
    ],
)  # fmt: skip
def test_a_manifest_with_an_impossible_value_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadModel):
        replace(example(), **changes)


@pytest.mark.parametrize(
    "inputs", [[[1.0, 2.0]] * 31, [[1.0]] * 32, [[1.0, math.inf]] * 32, [[1.0, 2.0]] * 31 + [[1.0, 2.0, 3.0]], []]
)
def test_golden_rows_are_32_and_fit_the_contract(inputs: list[list[float]]) -> None:
    with pytest.raises(BadModel, match="golden"):
        replace(example(), golden=Golden.of(inputs, [[0.2, 0.3, 0.5]] * 32))


def test_inner_values_are_kept_where_there_are_any() -> None:
    inputs, outputs = [[1.0, math.nan]] * 32, [[0.2, 0.3, 0.5]] * 32
    manifest = example(golden=Golden.of(inputs, outputs, [[0.1, -0.2]] * 32)).with_files(FILES)
    assert Manifest.parse(manifest.encoded()).golden.exact == ((0.1, -0.2),) * 32
    assert "exact" not in example().document()["golden"]
    with pytest.raises(BadModel, match="golden.exact"):
        Golden.of(inputs, outputs, [[0.1]])


def test_a_manifest_has_one_spelling_and_one_checksum() -> None:
    manifest = example(config={"b": 1, "a": [None, "ü", 1e-300, -0.0]}).with_files(FILES)
    assert Manifest.parse(manifest.encoded()) == manifest
    assert Manifest.parse(manifest.encoded()).checksum == manifest.checksum
    assert manifest.golden.inputs[0] == (50.0, None)
    for other in (json.dumps(manifest.document(), indent=1, default=dict).encode(), manifest.encoded() + b"\n"):
        assert Manifest.read(other) == manifest
        with pytest.raises(BadModel, match="canonical"):
            Manifest.parse(other)


def test_an_order_of_keys_is_no_difference_but_an_order_of_inputs_is() -> None:
    first = example(config={"a": 1, "b": 2})
    assert first.checksum == example(config={"b": 2, "a": 1}).checksum
    contract = replace(first.contract, inputs=tuple(reversed(first.contract.inputs)))
    assert replace(first, contract=contract).checksum != first.checksum


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b"null", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 100_000, b"1" * 5000, b'{"format":1e999}',
             b'{"format":NaN}']
)  # fmt: skip
def test_a_text_that_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(BadModel):
        Manifest.parse(data)


@pytest.mark.parametrize("key", sorted(example().document()))
def test_every_part_of_a_manifest_is_checked(key: str) -> None:
    document = json.loads(example().with_files(FILES).encoded())
    wrong: Any
    for wrong in (3.5, "X" * 10, [[]], {"": {}}, None if key != "parent" else 0):
        if key in ("config", "metrics", "code", "seeds", "statistics", "feature_set", "label") and wrong == {"": {}}:
            continue  # any object will do
        with pytest.raises(BadModel):
            Manifest.parse(canonical({**document, key: wrong}))
    with pytest.raises(BadModel, match="mean nothing"):
        Manifest.parse(canonical({**document, "more": 1}))


def test_a_document_nested_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(BadModel, match="deeper"):
        frozen(deep, "config")
