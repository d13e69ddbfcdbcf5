"""Which feed a session has: made from its configuration, or from what its tape says of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from papertape.contract.errors import ConfigError
from papertape.contract.feed import Feed
from papertape.contract.risk import Sizer
from papertape.contract.strategy import Strategy
from papertape.engine.build import find, lookbacks
from papertape.engine.config import SessionConfig, Spec, unique_names
from papertape.engine.discovery import Plugins
from papertape.engine.external import series_of, with_series
from papertape.engine.featuring import asked, union, warmups
from papertape.engine.models import Asked, Models, Pinned
from papertape.engine.recorded import RECORDED, RecordedFeed, replayed
from papertape.engine.registered import Kind
from papertape.engine.tape import Header, overlay, read_header
from papertape.ledger.store import Ledger
from papertape.market.timeframe import period

if TYPE_CHECKING:
    from papertape.features.request import Feature


def make_feed(
    config: SessionConfig, plugins: Plugins, ledger: Ledger, models: Models, source: Mapping[str, Any] | None = None
) -> Feed:
    """The session's feed; `source`: its description on the tape, for a fold of what was recorded.

    The seed and the strategies' look-back go to a feed that has parameters for them and was told nothing else. External
    series are put between its batches, but for a recorded session's: what that one heard is on its tape.
    """
    params = dict(source["params"] if source is not None else config.feed.params)
    if config.feed.kind == RECORDED:
        return replayed(ledger, params, lambda of: make_feed(of.config, plugins, ledger, models, of.feed))
    registered = find(plugins, "feed", config.feed)
    known = registered.object.params()
    if "seed" in known and "seed" not in params:
        params["seed"] = config.seed
    feed: Feed = registered.create(config.feed.kind, params)
    if feed.looks_back and "warmup" not in params and params.get("start") is not None:
        feed = registered.create(config.feed.kind, {**params, "warmup": _warmup(config, plugins, feed, models)})
    return with_series(feed, series_of(config, plugins), source)


def heard(config: SessionConfig, ledger: Ledger) -> SessionConfig:
    """The configuration with the external series of the recorded session that it replays, where it names none itself.

    Of those that it names only what they mean and how long they stand counts: the records are those on the tape.
    Raises `ConfigError` for one that is not on it.
    """
    if config.feed.kind != RECORDED:
        return config
    row = ledger.find(str(config.feed.params["session"]))
    known = read_header(overlay(ledger, row.id)).config.external
    for spec in config.external:
        if spec.name not in {each.name for each in known}:
            raise ConfigError(
                f"external: session {row.id} heard no series {spec.name!r}, so it is not on its tape; "
                f"it heard {', '.join(str(each.name) for each in known) or 'none'}"
            )
    return config if config.external else replace(config, external=known)


def meant(config: SessionConfig, ledger: Ledger) -> Mapping[str, Pinned]:
    """What references to models mean from the start: in a replay of a recorded session what they meant there, so that
    an alias which has moved since changes nothing."""
    if config.feed.kind != RECORDED:
        return {}
    return read_header(overlay(ledger, ledger.find(str(config.feed.params["session"])).id)).models


def _warmup(config: SessionConfig, plugins: Plugins, feed: Feed, models: Models) -> int:
    """Candles of the feed that the longest look-back of a strategy, the sizer or a feature spans, in any timeframe."""
    from papertape.features.timeframes import base_candles

    return max(
        base_candles(count, each, feed.timeframe) for each, count in needed(config, plugins, feed, models).items()
    )


def needed(config: SessionConfig, plugins: Plugins, feed: Feed, models: Models) -> dict[str, int]:
    """How many candles of each timeframe the strategies, the sizer and the models look back on, and the features warm
    up on."""
    wanting = _Wanting(config, plugins, models)
    counts = lookbacks(feed.timeframe, wanting.strategies, [wanting.sizer], wanting.names)
    everything = [(union(wanting.features), 1)]
    for served, read in zip(wanting.served, wanting.features[len(wanting.names) + 1 :], strict=True):
        everything.append((union([read]), served.loaded.window))
        counts[feed.timeframe] = max(counts[feed.timeframe], served.loaded.lookback)
    for features, window in everything:
        for timeframe, count in warmups(features, feed.symbols, feed.timeframe, config.reference).items():
            before = -(-(window - 1) * period(feed.timeframe) // period(timeframe))
            counts[timeframe] = max(counts.get(timeframe, 1), count + before)
    return counts


def features_of(config: SessionConfig, plugins: Plugins, models: Models) -> tuple["Feature", ...]:
    """Every feature that the strategies, the sizer and the models ask for, once."""
    return union(_Wanting(config, plugins, models).features)


class _Wanting:
    """The components that ask for features before there is a session, made for that alone: strategies, then the sizer,
    then models. `features`: of each, in that order."""

    def __init__(self, config: SessionConfig, plugins: Plugins, models: Models) -> None:
        self.names = unique_names(config.strategies)
        self.strategies: list[Strategy] = [_made("strategy", spec, plugins) for spec in config.strategies]
        self.sizer: Sizer = _made("sizer", config.sizer, plugins)
        asking = Asked(models)
        for component, name in zip([*self.strategies, self.sizer], [*self.names, "the sizer"], strict=True):
            asking.equip(component, name)
        self.served = list(asking.served.values())
        names = [*self.names, "the sizer", *(f"model {reference}" for reference in asking.served)]
        askers = [*self.strategies, self.sizer, *self.served]
        self.features = asked(plugins, askers, names, series_of(config, plugins))


def _made(kind: Kind, spec: Spec, plugins: Plugins) -> Any:
    return find(plugins, kind, spec).create(spec.kind, spec.params)


def taped_feed(header: Header, plugins: Plugins, ledger: Ledger, session: str, models: Models) -> Feed:
    """What a session's tape holds of its feed: its candles where it was live, else the feed that gives them again."""
    if header.live:
        return RecordedFeed(ledger, session, header)
    return make_feed(header.config, plugins, ledger, models, header.feed)
