"""The sizer as a model: its bits, its files, and what it refuses to be made of."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from papertape_ml.errors import BadModelFiles
from papertape_ml.models.documents import from_bytes, to_bytes
from papertape_ml.models.golden import golden, reproduces
from papertape_ml.models.loading import load
from papertape_ml.models.sizer import CONTRACT, REACH, WIDTHS, SizerModel
from papertape_ml.sizing.inputs import INPUTS

numpy_files = pytest.importorskip("safetensors.numpy")
MANY = np.random.default_rng(7).normal(size=(5_000, len(INPUTS)))


def sizer(seed: int = 1, scale: float = 0.4) -> SizerModel:
    chance = np.random.default_rng(seed)
    layers = tuple(
        (chance.normal(0, scale, (after, before)).astype(np.float32), chance.normal(0, 0.1, after).astype(np.float32))
        for before, after in zip(WIDTHS, WIDTHS[1:], strict=False)
    )
    return SizerModel(tuple(chance.normal(0, 1, 13).tolist()), tuple(chance.uniform(0.5, 2, 13).tolist()), layers)


def test_it_says_what_the_same_network_says_in_matrices() -> None:
    model = sizer()
    values = np.clip((MANY - model.centre) / model.scale, -REACH, REACH)
    for weights, biases in model.layers[:-1]:
        values = np.maximum(values @ weights.astype(np.float64).T + biases, 0.0)
    odds = values @ model.layers[-1][0].astype(np.float64).T + model.layers[-1][1]
    assert model.predict(MANY) == pytest.approx(1.0 / (1.0 + np.exp(-odds)), abs=1e-12)
    assert ((model.predict(MANY) >= 0) & (model.predict(MANY) <= 1)).all()


def test_a_row_has_the_same_bits_alone_in_every_slot_and_among_thousands() -> None:
    model = sizer()
    whole, inner = model.predict(MANY), model.exact(MANY)
    for count in (1, 2, 7, 8, 9, 63, 64, 65, 500):
        for start in (0, 1, 13, 4_000):
            part = slice(start, start + count)
            assert model.predict(MANY[part]).tobytes() == whole[part].tobytes()
            assert model.exact(MANY[part]).tobytes() == inner[part].tobytes()
    row, alone = MANY[17], model.predict(MANY[17:18])[0]
    for slot in range(8):
        among = np.random.default_rng(slot).normal(0, 1e3, (8, 13))
        among[slot], among[slot - 1] = row, np.nan
        assert model.predict(among)[slot].tobytes() == alone.tobytes()


def test_one_missing_input_and_it_abstains() -> None:
    rows = MANY[:13].copy()
    rows[np.arange(13), np.arange(13)] = np.nan
    assert np.isnan(sizer().predict(rows)).all()
    assert sizer().predict(MANY[:0]).shape == (0, 1)


def test_its_files_give_the_same_bits_and_its_golden_rows() -> None:
    model = sizer()
    again = load("sizer", model.files())
    assert again.predict(MANY).tobytes() == model.predict(MANY).tobytes()
    assert again.files() == model.files()
    reproduces(again, golden(model, MANY))


def _weights(files: dict[str, bytes], changes: Mapping[str, NDArray[Any] | None]) -> dict[str, bytes]:
    tensors = {**numpy_files.load(files["weights.safetensors"]), **changes}
    kept = {name: each for name, each in tensors.items() if each is not None}
    return files | {"weights.safetensors": numpy_files.save(kept)}


_NAN, _HUGE = np.zeros(64, np.float32), np.zeros(64, np.float32)
_NAN[3], _HUGE[3] = np.nan, 1e30


@pytest.mark.parametrize(
    "changes",
    [
        {"0.bias": _NAN},
        {"0.bias": _HUGE},
        {"0.bias": np.zeros(64)},
        {"0.bias": np.zeros(63, np.float32)},
        {"0.bias": None},
        {"0.bias": np.zeros((64, 1), np.float32)},
        {"9.bias": np.zeros(1, np.float32)},
    ],
    ids=["NaN", "huge", "float64", "short", "missing", "another rank", "one too many"],
)
def test_weights_that_are_not_a_sizers_are_refused(changes: Mapping[str, NDArray[Any] | None]) -> None:
    with pytest.raises(BadModelFiles):
        load("sizer", _weights(sizer().files(), changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"kind": "gate"},
        {"scale": [0.0] * 13},
        {"scale": [1.0] * 12},
        {"centre": None},
        {"contract": {"inputs": [*INPUTS[1:], INPUTS[0]], "outputs": ["size"], "dtype": "float64"}},
    ],
    ids=["format", "kind", "no scale", "short", "no centre", "another order"],
)
def test_what_says_something_else_about_itself_is_refused(changes: dict[str, Any]) -> None:
    files = sizer().files()
    about = from_bytes(files["model.json"], "model.json") | changes
    with pytest.raises(BadModelFiles):
        load("sizer", files | {"model.json": to_bytes(about)})


def test_damage_is_refused_by_name_or_leaves_a_sizer() -> None:
    files = sizer().files()
    data, chance = files["weights.safetensors"], np.random.default_rng(3)
    for length in [*range(0, 600, 7), len(data) - 1]:
        with pytest.raises(BadModelFiles):
            load("sizer", files | {"weights.safetensors": data[:length]})
    for place in chance.integers(0, 700, 300).tolist():
        broken = bytearray(data)
        broken[place] ^= 1 << int(chance.integers(0, 8))
        try:
            model = load("sizer", files | {"weights.safetensors": bytes(broken)})
        except BadModelFiles:
            continue
        assert np.isfinite(model.predict(MANY[:8])).all()
    with pytest.raises(BadModelFiles):
        load("sizer", {"model.json": files["model.json"]})
    head = int.from_bytes(data[:8], "little")
    swollen = (head + 2**20).to_bytes(8, "little") + data[8 : 8 + head] + b" " * 2**20 + data[8 + head :]
    with pytest.raises(BadModelFiles, match="bytes, at most"):
        load("sizer", files | {"weights.safetensors": swollen})
    assert CONTRACT.inputs == INPUTS
