"""The host's own components, offered through the hooks that are open to everybody."""

from collections.abc import Callable, Iterable

from papertape.broker.fees import InstrumentFees
from papertape.broker.slippage import FixedBps, NoSlippage, RangeShare, VolumeShare
from papertape.contract.execution import FeeModel, SlippageModel
from papertape.contract.feature import FeatureFamily
from papertape.contract.feed import Feed
from papertape.contract.fusion import Fusion
from papertape.contract.hookspecs import hookimpl
from papertape.contract.risk import RiskRule, Sizer
from papertape.contract.series import Series
from papertape.fusion.bayesian import BayesianVote
from papertape.fusion.weighted_vote import WeightedVote
from papertape.risk.rules.cool_down import CoolDown
from papertape.risk.rules.daily_loss import DailyLoss
from papertape.risk.rules.gross_exposure import GrossExposure
from papertape.risk.rules.max_drawdown import MaxDrawdown
from papertape.risk.rules.max_position import MaxPosition
from papertape.risk.rules.stale_data import StaleData
from papertape.risk.sizers.fixed_fraction import FixedFraction
from papertape.risk.sizers.fixed_notional import FixedNotional
from papertape.risk.sizers.fixed_quantity import FixedQuantity
from papertape.risk.sizers.fractional_kelly import FractionalKelly
from papertape.risk.sizers.volatility_target import VolatilityTarget


@hookimpl
def register_feeds(register: Callable[[str, type[Feed]], None]) -> None:
    from papertape.feeds.exchange.feed import ExchangeFeed
    from papertape.feeds.replay import ReplayFeed  # with it come the file formats, which importing this module need not
    from papertape.feeds.sim import SimFeed

    register("exchange", ExchangeFeed)
    register("replay", ReplayFeed)
    register("sim", SimFeed)


@hookimpl
def register_features(
    register: Callable[[str, FeatureFamily | Callable[[], Iterable[FeatureFamily]]], None],
) -> None:
    from papertape.features.families import own_families

    register("papertape", own_families)


@hookimpl
def register_series(register: Callable[[str, type[Series]], None]) -> None:
    from papertape.feeds.series_file import FileSeries

    register("file", FileSeries)


@hookimpl
def register_fusions(register: Callable[[str, type[Fusion]], None]) -> None:
    register("bayesian", BayesianVote)
    register("weighted-vote", WeightedVote)


@hookimpl
def register_sizers(register: Callable[[str, type[Sizer]], None]) -> None:
    register("fixed-fraction", FixedFraction)
    register("fixed-notional", FixedNotional)
    register("fixed-quantity", FixedQuantity)
    register("fractional-kelly", FractionalKelly)
    register("volatility-target", VolatilityTarget)


@hookimpl
def register_risk_rules(register: Callable[[str, type[RiskRule]], None]) -> None:
    register("cool-down", CoolDown)
    register("daily-loss", DailyLoss)
    register("gross-exposure", GrossExposure)
    register("max-drawdown", MaxDrawdown)
    register("max-position", MaxPosition)
    register("stale-data", StaleData)


@hookimpl
def register_fee_models(register: Callable[[str, type[FeeModel]], None]) -> None:
    register("instrument", InstrumentFees)


@hookimpl
def register_slippage_models(register: Callable[[str, type[SlippageModel]], None]) -> None:
    register("fixed-bps", FixedBps)
    register("none", NoSlippage)
    register("range-share", RangeShare)
    register("volume-share", VolumeShare)
