"""Which feed a session has: made from its configuration, or from what its tape says of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from papertape.contract.errors import ConfigError
from papertape.contract.feed import Feed
from papertape.contract.risk import Sizer
from papertape.contract.strategy import Strategy
from papertape.engine.build import find, lookbacks
from papertape.engine.config import SessionConfig, unique_names
from papertape.engine.discovery import Plugins
from papertape.engine.external import series_of, with_series
from papertape.engine.featuring import asked, union, warmups
from papertape.engine.recorded import RECORDED, RecordedFeed, replayed
from papertape.engine.tape import Header, overlay, read_header
from papertape.ledger.store import Ledger

if TYPE_CHECKING:
    from papertape.features.request import Feature


def make_feed(config: SessionConfig, plugins: Plugins, ledger: Ledger, source: Mapping[str, Any] | None = None) -> Feed:
    """The session's feed; `source`: its description on the tape, for a fold of what was recorded.

    The seed and the strategies' look-back go to a feed that has parameters for them and was told nothing else. External
    series are put between its batches, but for a recorded session's: what that one heard is on its tape.
    """
    params = dict(source["params"] if source is not None else config.feed.params)
    if config.feed.kind == RECORDED:
        return replayed(ledger, params)
    registered = find(plugins, "feed", config.feed)
    known = registered.object.params()
    if "seed" in known and "seed" not in params:
        params["seed"] = config.seed
    feed: Feed = registered.create(config.feed.kind, params)
    if feed.looks_back and "warmup" not in params and params.get("start") is not None:
        feed = registered.create(config.feed.kind, {**params, "warmup": _warmup(config, plugins, feed)})
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


def _warmup(config: SessionConfig, plugins: Plugins, feed: Feed) -> int:
    """Candles of the feed that the longest look-back of a strategy, the sizer or a feature spans, in any timeframe."""
    from papertape.features.timeframes import base_candles

    return max(base_candles(count, each, feed.timeframe) for each, count in needed(config, plugins, feed).items())


def needed(config: SessionConfig, plugins: Plugins, feed: Feed) -> dict[str, int]:
    """How many candles of each timeframe the strategies and the sizer look back on, and the features warm up on."""
    sizer: Sizer = find(plugins, "sizer", config.sizer).create(config.sizer.kind, config.sizer.params)
    strategies = _strategies(config, plugins)
    counts = lookbacks(feed.timeframe, strategies, [sizer], unique_names(config.strategies))
    features = features_of(config, plugins)
    for timeframe, count in warmups(features, feed.symbols, feed.timeframe, config.reference).items():
        counts[timeframe] = max(counts.get(timeframe, 1), count)
    return counts


def features_of(config: SessionConfig, plugins: Plugins) -> tuple["Feature", ...]:
    """Every feature that the strategies ask for, once."""
    names = unique_names(config.strategies)
    return union(asked(plugins, _strategies(config, plugins), names, series_of(config, plugins)))


def _strategies(config: SessionConfig, plugins: Plugins) -> list[Strategy]:
    return [find(plugins, "strategy", spec).create(spec.kind, spec.params) for spec in config.strategies]


def taped_feed(header: Header, plugins: Plugins, ledger: Ledger, session: str) -> Feed:
    """What a session's tape holds of its feed: its candles where it was live, else the feed that gives them again."""
    if header.live:
        return RecordedFeed(ledger, session, header)
    return make_feed(header.config, plugins, ledger, header.feed)
