import numpy as np
import pytest
import safetensors.numpy
import torch
from tests.papertape_ml.networks import planted

from papertape_ml.networks.building import network
from papertape_ml.networks.fitting import fit_predictor
from papertape_ml.networks.shape import ARCHITECTURES
from papertape_ml.networks.straight import drawn_back


def straight_weights(arch: str, **given: object) -> planted.Floats:
    """Of the first horizon's answers (window, features, answers), where the first feature two candles ago says it."""
    part = planted.part(600, 3)
    chosen = planted.settings(arch, epochs=2, patience=None, rate=1e-12, straight_rate=0.02, **given)
    found = fit_predictor(
        planted.FEATURES, planted.HORIZONS, planted.shape(arch), part, None, None, chosen
    )  # fmt: skip
    weight = safetensors.numpy.load(found.model.weights)["straight.weight"]
    return np.asarray(weight.reshape(planted.WINDOW, len(planted.FEATURES), -1)[:, :, :3], np.float64)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_a_weighted_sum_of_the_window_is_added_to_the_margins(arch: str) -> None:
    net = network(planted.shape(arch)).eval()
    windows = torch.randn(4, planted.WINDOW, 3)
    before = net(windows)[..., :3]
    weight = net.get_parameter("straight.weight")
    assert not weight.any()
    with torch.no_grad():
        weight.view(planted.WINDOW, 3, 2, -1)[3, 1, 1, 2] = 2.0  # the second feature two candles ago, 2c, down
    expected = torch.zeros(4, 2, 3)
    expected[:, 1, 2] = 2.0 * windows[:, 3, 1]
    torch.testing.assert_close(net(windows)[..., :3] - before, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_it_learns_the_sum_that_is_there_and_leaves_the_other_inputs(arch: str) -> None:
    weight = straight_weights(arch, shrink=2.0)
    up_less_down = weight[..., 0] - weight[..., 2]
    age, feature = divmod(int(np.abs(up_less_down).argmax()), len(planted.FEATURES))
    assert (age, feature) == (planted.WINDOW - 3, 0)
    assert up_less_down[age, feature] > 0
    rest = np.abs(up_less_down).sum() - up_less_down[age, feature]
    loose = straight_weights(arch, shrink=0.0)
    loose_rest = np.abs(loose[..., 0] - loose[..., 2]).sum() - abs(loose[age, feature, 0] - loose[age, feature, 2])
    assert rest < 0.5 * loose_rest


def test_weights_are_drawn_back_to_nothing_and_not_beyond() -> None:
    weight = torch.tensor([0.5, -0.5, 0.1, -0.1, 0.0])
    drawn_back(weight, 0.2)
    torch.testing.assert_close(weight, torch.tensor([0.3, -0.3, 0.0, 0.0, 0.0]))
