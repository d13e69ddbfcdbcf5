import numpy as np
import torch
from tests.papertape_ml.networks import reference

from papertape_ml.networks.gating import EachResidual, GatedResidual, VariableSelection
from papertape_ml.networks.library import seeded

CPU = torch.device("cpu")


def test_a_gated_residual_follows_the_papers_equations_with_and_without_a_map_around_it() -> None:
    for out in (5, 3):
        with seeded(1, CPU):
            net = GatedResidual(5, 4, out, dropout=0.0).eval()
            values = torch.randn(7, 5)
        found = net(values).detach().numpy()
        w = reference.weights(net)
        for row, given in enumerate(values.double().numpy()):
            np.testing.assert_allclose(found[row], reference.gated_residual(given, w), atol=1e-5)


def test_residuals_of_all_variables_at_once_are_those_of_each_by_itself() -> None:
    with seeded(2, CPU):
        net = EachResidual(3, 4, dropout=0.0).eval()
        torch.nn.init.uniform_(net.scale)
        torch.nn.init.uniform_(net.shift)
        values = torch.randn(3, 6, 4)
    found = net(values).detach().numpy()
    w = reference.weights(net)
    for variable in range(3):
        one = {
            **{f"{name}.weight": w[f"{name}.weight"][variable].T for name in ("first", "second")},
            **{f"{name}.bias": w[f"{name}.bias"][variable, 0] for name in ("first", "second")},
            "join.gate.both.weight": w["both.weight"][variable].T,
            "join.gate.both.bias": w["both.bias"][variable, 0],
            "join.norm.weight": w["scale"][variable],
            "join.norm.bias": w["shift"][variable],
        }
        for row in range(6):
            expected = reference.gated_residual(values[variable, row].double().numpy(), one)
            np.testing.assert_allclose(found[variable, row], expected, atol=1e-5)


def test_selection_weighs_what_each_feature_says_by_shares_that_add_to_one() -> None:
    with seeded(3, CPU):
        net = VariableSelection(3, 4, dropout=0.0).eval()
        windows = torch.randn(2, 5, 3)
    found, shares = net(windows)
    np.testing.assert_allclose(shares.sum(-1).detach().numpy(), 1.0, atol=1e-6)
    embedded = windows[..., None] * net.embed + net.offset
    choose = reference.weights(net.choose)
    each = net.each(embedded.reshape(10, 3, 4).transpose(0, 1)).transpose(0, 1).reshape(2, 5, 3, 4)
    for row in range(2):
        for candle in range(5):
            given = embedded[row, candle].flatten().double().detach().numpy()
            expected = reference.softmax(reference.gated_residual(given, choose))
            np.testing.assert_allclose(shares[row, candle].detach().numpy(), expected, atol=1e-5)
            selected = (each[row, candle].detach().numpy() * expected[:, None]).sum(axis=0)
            np.testing.assert_allclose(found[row, candle].detach().numpy(), selected, atol=1e-5)


def test_a_closed_gate_lets_only_what_is_skipped_pass() -> None:
    net = GatedResidual(4, 4, 4, dropout=0.0).eval()
    torch.nn.init.constant_(net.join.gate.both.bias[:4], -1e4)
    values = torch.randn(5, 4)
    torch.testing.assert_close(net(values), torch.nn.functional.layer_norm(values, (4,)))
