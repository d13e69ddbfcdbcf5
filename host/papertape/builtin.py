"""The host's own components, offered through the hooks that are open to everybody."""

from collections.abc import Callable

from papertape.contract.fusion import Fusion
from papertape.contract.hookspecs import hookimpl
from papertape.contract.risk import RiskRule, Sizer
from papertape.fusion.weighted_vote import WeightedVote
from papertape.risk.rules.max_drawdown import MaxDrawdown
from papertape.risk.sizers.fixed_fraction import FixedFraction
from papertape.risk.sizers.fixed_quantity import FixedQuantity


@hookimpl
def register_fusions(register: Callable[[str, type[Fusion]], None]) -> None:
    register("weighted-vote", WeightedVote)


@hookimpl
def register_sizers(register: Callable[[str, type[Sizer]], None]) -> None:
    register("fixed-fraction", FixedFraction)
    register("fixed-quantity", FixedQuantity)


@hookimpl
def register_risk_rules(register: Callable[[str, type[RiskRule]], None]) -> None:
    register("max-drawdown", MaxDrawdown)
