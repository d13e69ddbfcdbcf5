import pytest

from papertape import Component, builtin
from papertape.engine.discovery import load_plugins

OFFERED = {
    "register_feeds": ["exchange", "replay", "sim"],
    "register_fusions": ["bayesian", "weighted-vote"],
    "register_sizers": ["fixed-fraction", "fixed-notional", "fixed-quantity", "fractional-kelly", "volatility-target"],
    "register_risk_rules": [
        "cool-down", "daily-loss", "gross-exposure", "max-drawdown", "max-position", "stale-data",
    ],
    "register_fee_models": ["instrument"],
    "register_slippage_models": ["fixed-bps", "none", "range-share", "volume-share"],
}  # fmt: skip


@pytest.mark.parametrize("hook", OFFERED)
def test_the_host_offers_its_own_parts_through_the_hooks(hook: str) -> None:
    found: dict[str, type[Component]] = {}
    getattr(builtin, hook)(found.__setitem__)
    assert list(found) == OFFERED[hook]
    for component in found.values():
        assert component.__doc__
        assert all(param.help for param in component.params().values())


@pytest.mark.parametrize("hook", sorted(OFFERED.keys() - {"register_feeds"}))
def test_each_of_them_works_with_its_defaults_and_keeps_its_state_over_a_restart(hook: str) -> None:
    found: dict[str, type[Component]] = {}
    getattr(builtin, hook)(found.__setitem__)
    assert [name for name, component in found.items() if component().state is None] == []


def test_discovery_leaves_none_of_our_own_plugins_out() -> None:
    assert [failure for failure in load_plugins().failures if failure.distribution == "papertape"] == []
