"""The whole plugin API. A plugin is a module that an entry point of the group `papertape` names, with some of these.

Every hook is called once per host process, before the first candle. It gets `register(name, component)`; a name that is
taken already, or an object that is not a component class of the right kind, is reported with the plugin's name, undone
as a whole, and the other plugins go on.
"""

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import TYPE_CHECKING

import pluggy

from papertape.contract.execution import FeeModel, SlippageModel
from papertape.contract.feature import FeatureFamily
from papertape.contract.feed import Feed
from papertape.contract.fusion import Fusion
from papertape.contract.model import ModelStore
from papertape.contract.risk import RiskRule, Sizer
from papertape.contract.screen import Surroundings
from papertape.contract.series import Series
from papertape.contract.strategy import Strategy

if TYPE_CHECKING:
    import click
    from textual.screen import Screen

hookspec = pluggy.HookspecMarker("papertape")
hookimpl = pluggy.HookimplMarker("papertape")


@hookspec
def register_strategies(register: Callable[[str, type[Strategy] | ModuleType], None]) -> None:
    """Offer strategies: `Strategy` classes, or modules of plain functions that have a `generate_signal`.

    Each entry of a session gets an instance (or module object) and a book of its own.
    """


@hookspec
def register_fusions(register: Callable[[str, type[Fusion]], None]) -> None:
    """Offer fusions: classes whose `fuse` turns the members' stances into signals for the fusion's own book."""


@hookspec
def register_sizers(register: Callable[[str, type[Sizer]], None]) -> None:
    """Offer sizers: classes whose `size` says how many units an entry buys or sells."""


@hookspec
def register_risk_rules(register: Callable[[str, type[RiskRule]], None]) -> None:
    """Offer risk rules: classes that block, shrink or refuse entries, and may flatten a book."""


@hookspec
def register_fee_models(register: Callable[[str, type[FeeModel]], None]) -> None:
    """Offer fee models: classes whose `rate` is the fee of a fill as a fraction of its notional."""


@hookspec
def register_slippage_models(register: Callable[[str, type[SlippageModel]], None]) -> None:
    """Offer slippage models: classes whose `slip` is how much worse than the candle's price a taker fills."""


@hookspec
def register_feeds(register: Callable[[str, type[Feed]], None]) -> None:
    """Offer feeds: classes whose `blocks` are the session's batches of candles."""


@hookspec
def register_features(
    register: Callable[[str, FeatureFamily | Callable[[], Iterable[FeatureFamily]]], None],
) -> None:
    """Offer features: a family, or a function that gives families and is called when features are first asked for.

    An output's name that is taken already leaves that family out; the others go on.
    """


@hookspec
def register_series(register: Callable[[str, type[Series]], None]) -> None:
    """Offer external series: classes whose `records` are values from elsewhere, with the times they became known."""


@hookspec
def register_model_stores(register: Callable[[str, type[ModelStore]], None]) -> None:
    """Offer model stores: classes that pin, load and check the models which strategies, sizers and fusions ask for."""


@hookspec
def register_commands(register: Callable[[str, "click.Command"], None]) -> None:
    """Offer commands and command groups of the `papertape` command line; a name of its own is never replaced."""


@hookspec
def register_screens(register: Callable[[str, "Callable[[Surroundings], Screen[None]]"], None]) -> None:
    """Offer screens of the terminal UI: functions that make one, called whenever a person goes there, so that Textual
    is imported inside and by nobody else."""
