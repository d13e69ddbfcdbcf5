"""A row's prediction has the same bits wherever it stands, whatever stands beside it, on however many threads."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
import torch

from papertape.contract.candle import Floats
from papertape_ml.models.calibration import Uncalibrated
from papertape_ml.models.predictor import BLOCKS, Predictor, predictor_contract
from papertape_ml.networks.building import network, network_from
from papertape_ml.networks.library import seeded
from papertape_ml.networks.scaling import Scaler
from papertape_ml.networks.shape import ARCHITECTURES, default_shape
from papertape_ml.networks.weights import weights_as_bytes
from papertape_ml.networks.windows import SEQUENCE, WINDOW

HORIZONS = ("6c", "18c", "36c", "72c")


@cache
def predictor(arch: str, horizons: tuple[str, ...] = HORIZONS) -> Predictor:
    """One of the sizes that are served, with weights by chance; the same object each time."""
    shape = default_shape(arch, len(SEQUENCE), WINDOW, len(horizons), 0.1)
    with seeded(1, torch.device("cpu")):
        net = network(shape)
        for value in net.parameters():
            torch.nn.init.normal_(value, std=0.15)
    weights = weights_as_bytes(net)
    return Predictor(
        contract=predictor_contract(SEQUENCE, WINDOW, horizons, shape.quantiles),
        features=SEQUENCE,
        horizons=horizons,
        shape=shape,
        scaler=Scaler((0.1,) * len(SEQUENCE), (1.3,) * len(SEQUENCE)),
        units=(0.01,) * len(horizons),
        calibrators=(Uncalibrated(),) * len(horizons),
        block=BLOCKS[arch],
        weights=weights,
        net=network_from(shape, weights, "weights"),
    )


def rows(count: int) -> Floats:
    return np.random.default_rng(5).normal(size=(count, WINDOW * len(SEQUENCE)))


def digest(arch: str) -> str:
    return hashlib.sha256(predictor(arch).predict(rows(45)).tobytes()).hexdigest()


@pytest.mark.parametrize("horizons", [1, 2, 4])  # narrow products take other paths through a library than wide ones
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_alone_in_any_slot_and_in_any_company(arch: str, horizons: int) -> None:
    model, given = predictor(arch, HORIZONS[:horizons]), rows(45)
    together = model.predict(given)
    assert len(np.unique(together[:, 0])) == 45
    for row in (0, 17, 44):
        assert model.predict(given[row : row + 1]).tobytes() == together[row].tobytes()
    few, kept = given[: model.block + 2], together[: model.block + 2]  # a whole block, and one that is padded
    for shift in range(1, model.block + 1):
        assert np.roll(model.predict(np.roll(few, shift, axis=0)), -shift, axis=0).tobytes() == kept.tobytes()
    strange = given.copy()
    strange[1::2] *= 1e6
    assert model.predict(strange)[::2].tobytes() == together[::2].tobytes()
    holed = given.copy()
    holed[1::2, 3] = np.nan
    found = model.predict(holed)
    assert found[::2].tobytes() == together[::2].tobytes()
    assert np.isnan(found[1::2]).all()


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_on_one_thread_on_two_and_asked_by_several_at_once(arch: str) -> None:
    model, given, before = predictor(arch), rows(45), torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(model.predict(given).tobytes())
            with ThreadPoolExecutor(2) as pool:
                found += [each.tobytes() for each in pool.map(model.predict, [given, given])]
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert len(set(found)) == 1


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_whatever_way_the_rows_lie_in_memory(arch: str) -> None:
    model, given = predictor(arch), rows(9)
    shifted = np.empty(given.size + 1)[1:].reshape(given.shape)
    shifted[:] = given
    told = model.predict(given).tobytes()
    assert model.predict(shifted).tobytes() == told
    assert model.predict(np.asfortranarray(given)).tobytes() == told


def test_in_another_process() -> None:
    code = "from tests.papertape_ml.networks.test_bits import ARCHITECTURES, digest\nprint(*map(digest, ARCHITECTURES))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout.split() == [digest(arch) for arch in ARCHITECTURES]


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_what_is_served_is_what_was_trained(arch: str) -> None:
    """The same module over a free batch on the way of training: alike, if not to the bit."""
    model, given = predictor(arch), rows(20)
    windows = model.scaler.scaled(given.reshape(20, WINDOW, len(SEQUENCE)))
    with torch.enable_grad():
        trained = network_from(model.shape, model.weights, "weights").requires_grad_(True)(torch.from_numpy(windows))
    np.testing.assert_allclose(model.answers(given), trained.detach().numpy(), atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_any_input_that_is_missing_makes_it_abstain(arch: str) -> None:
    model, given = predictor(arch), rows(WINDOW)
    for row in range(WINDOW):
        given[row, row * len(SEQUENCE) + row % len(SEQUENCE)] = np.nan
    assert np.isnan(model.predict(given)).all()
    assert model.predict(given[:0]).shape == (0, len(model.contract.outputs))


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_outputs_are_probabilities_and_quantiles_in_order(arch: str) -> None:
    told = predictor(arch).predict(rows(30)).reshape(30, 4, -1)
    np.testing.assert_allclose(told[..., :3].sum(axis=2), 1.0, atol=1e-12)
    assert (told[..., :3] >= 0).all()
    names = ["up", "neutral", "down"]
    if arch == "tft":
        names += ["q10", "q50", "q90"]
        assert (np.diff(told[..., 3:], axis=2) >= 0).all()
    assert predictor(arch).contract.outputs == tuple(f"{name}_{horizon}" for horizon in HORIZONS for name in names)
