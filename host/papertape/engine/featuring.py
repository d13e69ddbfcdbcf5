"""Which features a session computes: the union of what its strategies, sizer and models ask for, in the catalogue."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from papertape.contract.errors import ConfigError, PluginError, UnknownComponent
from papertape.contract.series import Series
from papertape.engine.discovery import Plugins
from papertape.engine.guard import GUEST_ERRORS
from papertape.market.timeframe import divides

if TYPE_CHECKING:
    from papertape.features.catalogue import Catalogue
    from papertape.features.request import Feature


class Asks(Protocol):
    """Whoever asks for features: a strategy, a sizer, a model."""

    def features(self) -> Iterable[str]: ...


def asked(
    plugins: Plugins, askers: Sequence[Asks], names: Sequence[str], series: Mapping[str, Series]
) -> list[tuple["Feature", ...]]:
    """The features of each asker. Raises `RequestError` kinds that name who asks."""
    wanted = [_wanted(asker, name) for asker, name in zip(askers, names, strict=True)]
    if not any(wanted):
        return [()] * len(wanted)
    catalogue = plugins.catalogue()
    _offer(catalogue, series)
    found = []
    for features, name in zip(wanted, names, strict=True):
        try:
            found.append(catalogue.select(features))
        except (ConfigError, UnknownComponent) as error:
            raise type(error)(f"{name}: {error}") from None
    return found


def union(asked: Sequence[Sequence["Feature"]]) -> tuple["Feature", ...]:
    """Every feature once, under whichever name it was asked for first."""
    return tuple({feature.name: feature for features in asked for feature in features}.values())


def warmups(
    features: Sequence["Feature"], symbols: Sequence[str], timeframe: str, reference: str | None
) -> dict[str, int]:
    """How many candles of each timeframe the features warm up on. Raises `ConfigError` for one that cannot be made."""
    if not features:
        return {}
    from papertape.features.engine import plans

    for feature in features:
        if feature.timeframe is not None and not divides(timeframe, feature.timeframe):
            raise ConfigError(
                f"feature {feature.asked!r}: {feature.timeframe} candles cannot be made from {timeframe} candles"
            )
    return {name: max(1, each.warmup) for name, each in plans(features, symbols, timeframe, reference).items()}


def _offer(catalogue: "Catalogue", series: Mapping[str, Series]) -> None:
    from papertape.features.external import external_family

    for name, each in series.items():
        try:
            catalogue.add(external_family(name, each))
        except PluginError as error:
            raise ConfigError(f"external series {name!r}: {error}") from None


def _wanted(asker: Asks, name: str) -> tuple[str, ...]:
    """What somebody asks for; a guest's own code."""
    try:
        wished = asker.features()
        wanted = () if wished is None or isinstance(wished, str) else tuple(wished)
    except GUEST_ERRORS as error:
        raise ConfigError(f"{name}: features() failed: {type(error).__name__}: {error}") from error
    if wished is None or isinstance(wished, str):
        raise ConfigError(f"{name}: features() must give a list of names, gave {wished!r}")
    for feature in wanted:
        if not isinstance(feature, str):
            raise ConfigError(f"{name}: features() must give names of features, gave {feature!r}")
    return wanted
