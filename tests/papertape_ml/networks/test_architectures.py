import numpy as np
import pytest
import torch
from tests.papertape_ml.networks import reference
from tests.papertape_ml.networks.planted import shape

from papertape_ml.errors import BadSettings
from papertape_ml.networks.building import network
from papertape_ml.networks.library import seeded
from papertape_ml.networks.lstm import SequenceLSTM, WindowAttention
from papertape_ml.networks.shape import ARCHITECTURES, Shape, default_shape
from papertape_ml.networks.tft import InterpretableAttention, TemporalFusion

CPU = torch.device("cpu")


def test_attention_with_one_query_is_attention_with_keys_and_values_for_every_candle() -> None:
    with seeded(1, CPU):
        net = WindowAttention(8, 4, window=5)
        torch.nn.init.normal_(net.age)
        series, summary = torch.randn(3, 5, 8), torch.randn(3, 8)
    found = net(series, summary).detach().numpy()
    w = reference.weights(net)
    for row in range(3):
        expected = reference.window_attention(series[row].double().numpy(), summary[row].double().numpy(), w)
        np.testing.assert_allclose(found[row], expected, atol=1e-5)


def test_interpretable_attention_follows_the_papers_equations() -> None:
    with seeded(2, CPU):
        net = InterpretableAttention(8, 4)
        series, asked = torch.randn(3, 5, 8), torch.randn(3, 8)
    found, weights = (each.detach().numpy() for each in net(asked, series))
    w = reference.weights(net)
    for row in range(3):
        expected, weighed = reference.interpretable_attention(
            asked[row].double().numpy(), series[row].double().numpy(), 4, w
        )
        np.testing.assert_allclose(found[row], expected, atol=1e-5)
        np.testing.assert_allclose(weights[row], weighed, atol=1e-6)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_candle_of_the_window_and_every_feature_matters(arch: str) -> None:
    with seeded(3, CPU):
        net = network(shape(arch)).eval()
        for value in net.parameters():
            torch.nn.init.normal_(value, std=0.5)
    windows = torch.zeros(4, 6, 3, requires_grad=True)
    net(windows).square().sum().backward()
    assert windows.grad is not None
    assert (windows.grad[0].abs() > 0).all()


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_rows_do_not_see_each_other(arch: str) -> None:
    net = network(shape(arch)).eval()
    windows = torch.randn(4, 6, 3)
    others = torch.cat((windows[:1], torch.randn(3, 6, 3)))
    torch.testing.assert_close(net(windows)[0], net(others)[0])
    assert net(windows).shape == (4, 2, 3 if arch == "lstm" else 6)


def test_quantiles_never_cross_whatever_the_weights() -> None:
    for seed in range(20):
        with seeded(seed, CPU):
            net = network(shape("tft")).eval()
            for value in net.parameters():
                torch.nn.init.normal_(value, std=10.0 ** (seed % 4 - 1))
            answers = net(torch.randn(64, 6, 3) * 5)
        low, middle, high = answers[..., 3:].unbind(-1)
        assert (low <= middle).all() and (middle <= high).all()


def test_what_the_transformer_looked_at_is_shares_that_add_to_one() -> None:
    net = network(shape("tft")).eval()
    assert isinstance(net, TemporalFusion)
    _, features, candles = net.explained(torch.randn(4, 6, 3))
    torch.testing.assert_close(features.sum(-1), torch.ones(4, 6))
    torch.testing.assert_close(candles.sum(-1), torch.ones(4))


def test_the_default_lstm_is_the_one_that_was_asked_for() -> None:
    net = network(default_shape("lstm", 10, 60, 4, 0.1))
    assert isinstance(net, SequenceLSTM)
    assert (net.lstm.num_layers, net.lstm.hidden_size, net.lstm.bidirectional) == (2, 128, True)
    assert net.attention.heads == 4
    assert isinstance(net.trunk, torch.nn.Sequential)
    dense = [(each.in_features, each.out_features) for each in net.trunk if isinstance(each, torch.nn.Linear)]
    assert dense == [(256, 64), (64, 32)]
    assert (net.head.in_features, net.head.out_features) == (32, 4 * 3)


@pytest.mark.parametrize(
    "odd", [{"arch": "gru"}, {"hidden": 9}, {"heads": 0}, {"window": 1_000_000}, {"dropout": 1.0}, {"dense": (8,)}]
)
def test_shapes_that_cannot_be_are_refused(odd: dict[str, object]) -> None:
    with pytest.raises(BadSettings):
        Shape(**{**shape().as_document(), "dense": (8, 8), **odd})
