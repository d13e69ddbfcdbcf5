"""Whether what a model reads in a session still looks as it did in training."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.errors import RequestError
from papertape.engine.discovery import Plugins
from papertape.engine.feeding import taped_feed
from papertape.engine.models import models_of
from papertape.engine.tape import overlay, read_header
from papertape.features.feature_set import FeatureSet
from papertape.features.timeframes import base_warmup
from papertape.ledger.store import Ledger, SessionRow
from papertape_ml.data.build import Market
from papertape_ml.judging.drift import Bins, stability_index
from papertape_ml.promotion.evidence import at_every_candle
from papertape_ml.registry.manifest import Manifest

_COLUMNS: Final = 6


class Drift(NamedTuple):
    """Of one feature, over the newest `window` candles of the symbol where it is furthest: the stability index, what it
    stays below 999 times in 1,000 in training, and the share of values that are missing."""

    feature: str
    symbol: str
    window: int
    stability: float
    threshold: float
    missing: float

    @property
    def far(self) -> bool:
        """Whether it lies beyond what training ever saw."""
        return self.stability > self.threshold


def session_candles(ledger: Ledger, row: SessionRow, plugins: Plugins) -> dict[str, Floats]:
    """The candles (6, n) of each symbol that a session has heard so far, from its tape or the files that it replays.

    Raises `TapeSourceChanged` where a file is not what it was.
    """
    tape = overlay(ledger, row.id)
    header = read_header(tape)
    with models_of(header.config, plugins, ledger, header.models) as models:
        feed = taped_feed(header, plugins, ledger, row.id, models)
        held: dict[str, list[tuple[float, ...]]] = {symbol: [] for symbol in feed.symbols}
        left = row.snapshots + header.warmed
        for block in feed.blocks():
            for rows in block.rows[:left]:
                for symbol, one in zip(feed.symbols, rows, strict=True):
                    if one is not None:
                        held[symbol].append(tuple(one[:_COLUMNS]))
            left -= len(block.rows)
            if left <= 0:
                break
    return {symbol: np.array(rows, np.float64).T.copy() for symbol, rows in held.items() if rows}


def drifts(manifest: Manifest, candles: Market, wanted: FeatureSet) -> list[Drift]:
    """The features of a model over a session's candles, the furthest from training first.

    Raises `RequestError` where the manifest has nothing to compare with, or the session is too young.
    """
    kept = manifest.statistics.get("bins")
    if not kept:
        raise RequestError(f"{manifest.name}: its manifest keeps no bins of its features; train it again to have them")
    found: dict[str, Drift] = {}
    warm = max(base_warmup(each, len(candles), wanted.timeframe) for each in wanted.features)
    for symbol, every in zip(candles, at_every_candle(candles, wanted), strict=True):
        values = every[warm:]
        for place, name in enumerate(wanted.names):
            each = _drift(name, symbol, values[:, place], kept.get(name))
            if each is not None and (name not in found or each.stability - each.threshold > _beyond(found[name])):
                found[name] = each
    if not found:
        least = min((int(each) for one in kept.values() for each in one["threshold"]), default=0)
        raise RequestError(
            f"drift is looked at over {least:,} candles after the features' {warm:,} of warm-up; the session has heard "
            f"{max(one.shape[1] for one in candles.values()):,}"
        )
    return sorted(found.values(), key=_beyond, reverse=True)


def _drift(name: str, symbol: str, values: Floats, kept: Mapping[str, Any] | None) -> Drift | None:
    """Over the longest window that training has a threshold for and that the values fill."""
    if kept is None:
        return None
    sizes = sorted((int(each) for each in kept["threshold"] if int(each) <= len(values)), reverse=True)
    if not sizes:
        return None
    newest = values[-sizes[0] :]
    index = stability_index(Bins.from_document(dict(kept)), newest)
    return Drift(name, symbol, sizes[0], index, float(kept["threshold"][str(sizes[0])]), float(np.isnan(newest).mean()))


def _beyond(drift: Drift) -> float:
    return drift.stability - drift.threshold
