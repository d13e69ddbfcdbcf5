import json
import struct

import numpy as np
import pytest
import safetensors.numpy
from tests.papertape_ml.networks import planted

from papertape_ml.errors import BadModelFiles
from papertape_ml.models.golden import golden, reproduces
from papertape_ml.models.loading import load
from papertape_ml.models.strangers import checked_in_child
from papertape_ml.networks.shape import ARCHITECTURES
from papertape_ml.networks.windows import gathered

Files = dict[str, bytes]


def rows(count: int = 40) -> planted.Floats:
    part = planted.part(count, 11)
    return gathered(part.series, part.last, planted.WINDOW)


def altered(files: Files, **changes: object) -> Files:
    about = json.loads(files["model.json"])
    return {**files, "model.json": json.dumps({**about, **changes}).encode()}


def reweighed(files: Files, change: dict[str, object]) -> Files:
    arrays = safetensors.numpy.load(files["weights.safetensors"])
    arrays |= change  # type: ignore[arg-type]
    kept = {name: np.ascontiguousarray(each) for name, each in arrays.items() if each is not None}
    return {**files, "weights.safetensors": safetensors.numpy.save(kept)}


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_saved_and_loaded_it_answers_the_same_bits(arch: str) -> None:
    model = planted.predictor(arch)
    again = load("predictor", model.files())
    assert again.files() == model.files()
    assert again.contract == model.contract
    assert again.predict(rows()).tobytes() == model.predict(rows()).tobytes()


def test_a_child_process_takes_it_for_what_it_is() -> None:
    model = planted.predictor("lstm")
    kept = golden(model, rows())
    reproduces(model, kept)
    assert checked_in_child("predictor", model.files(), kept.as_document()).accepted


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused(bad: float) -> None:
    files = planted.predictor("tft").files()
    weights = safetensors.numpy.load(files["weights.safetensors"])["classes.bias"].copy()
    weights[2] = bad
    with pytest.raises(BadModelFiles, match="classes.bias holds what is not a finite number"):
        load("predictor", reweighed(files, {"classes.bias": weights}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"head.bias": None}, "head.bias"),
        ({"more": np.zeros(1, np.float32)}, "more"),
        ({"head.bias": np.zeros(7, np.float32)}, r"head.bias is float32 \(7,\)"),
        ({"head.bias": np.zeros((2, 3), np.float32)}, r"head.bias is float32 \(2, 3\)"),
        ({"head.bias": np.zeros(6, np.float16)}, "head.bias is float16"),
        ({"head.bias": np.zeros(6, np.int32)}, "head.bias is int32"),
    ],
)
def test_weights_of_another_network_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(BadModelFiles, match=said):
        load("predictor", reweighed(planted.predictor("lstm").files(), change))


def test_weights_that_are_cut_short_or_damaged_are_refused() -> None:
    files = planted.predictor("lstm").files()
    data = files["weights.safetensors"]
    size = struct.unpack("<Q", data[:8])[0]
    for bad in (b"", data[:7], data[:-1], data + b"\0", b"\x80\x04" + data[2:], struct.pack("<Q", 2**63) + data[8:],
                data[:8] + b"[" * size + data[8 + size :]):  # fmt: skip
        with pytest.raises(BadModelFiles):
            load("predictor", {**files, "weights.safetensors": bad})


def test_a_shape_far_larger_than_its_weights_takes_no_memory() -> None:
    files = planted.predictor("lstm").files()
    about = json.loads(files["model.json"])
    huge = {**about["shape"], "hidden": 1_024, "layers": 8}
    with pytest.raises(BadModelFiles, match="bytes of weights"):
        load("predictor", altered(files, shape=huge))


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"kind": "range"},
        {"shape": None},
        {"features": ["rsi_14", "atr_pct"]},
        {"features": ["atr_pct", "rsi_14", "bb_width"]},
        {"horizons": ["1c", "3c"]},
        {"scaler": {"middles": [0, 0, 0], "spreads": [1, 0, 1]}},
        {"units": [1.0, -1.0]},
        {"calibration": [{"method": "none"}]},
        {"calibration": [{"method": "none"}, {"method": "magic"}]},
        {"block": 0},
        {"block": 100_000},
        {"block": True},
    ],
)
def test_a_document_that_does_not_fit_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadModelFiles):
        load("predictor", altered(planted.predictor("lstm").files(), **change))


def test_a_file_more_or_less_is_refused() -> None:
    files = planted.predictor("lstm").files()
    with pytest.raises(BadModelFiles, match="weights.safetensors"):
        load("predictor", {"model.json": files["model.json"]})
    with pytest.raises(BadModelFiles, match="more.bin"):
        load("predictor", {**files, "more.bin": b""})
