"""What stacking learns from: at each close of a session's symbols the stances, and what the price did afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from papertape.contract.candle import Floats, Ints
from papertape.contract.errors import RequestError
from papertape.contract.model import ModelPin
from papertape_ml.data.build import Market
from papertape_ml.data.dataset import Dataset
from papertape_ml.errors import BadLabels, WrongInputs
from papertape_ml.labels import LabelSpec, label, uniqueness
from papertape_ml.models.stacking import inputs_of
from papertape_ml.registry.canonical import canonical, checksum_of
from papertape_ml.stacking.stances import Stances

UNSPOKEN: Final = "before any member spoke of the symbol"
OUTSIDE: Final = "not traded by the session"
KNOWN: Final = "in the time that a member's model had learned from"
"""Why candles with a label are no rows."""

Heard = tuple[Stances, Market]
"""A session's stances, and its candles (6, n) by symbol."""


def rows_of(heard: Sequence[Heard], spec: LabelSpec, known_to: Callable[[ModelPin], int]) -> tuple[Dataset, Market]:
    """The rows of sessions with the same members, and the candles by the names under which the dataset has them.

    `known_to`: the last time, ms UTC, that a version knows of: what its member said up to then it may have known by
    heart, so all up to then is left out. Raises `BadLabels` for another label than a direction over one horizon,
    `WrongInputs` for sessions that cannot be learned from together, `RequestError` where no row is left.
    """
    if spec.kind != "direction" or len(spec.horizons) != 1:
        raise BadLabels(f"stacking learns direction:H over one horizon, not {str(spec)!r}")
    first = _agreed([stances for stances, _ in heard])
    parts: list[_Part] = []
    candles: dict[str, Floats] = {}
    dropped: dict[str, int] = {}
    for stances, market in heard:
        after = max((known_to(pin) for pin in stances.pins), default=-1)
        for symbol, one in market.items():
            name = symbol if len(heard) == 1 else f"{symbol} of {stances.session}"
            candles[name] = one
            parts.append(_part(stances, symbol, one, spec, first.members, after, dropped))
    if not sum(len(part.t0) for part in parts):
        told = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items() if count)
        raise RequestError(f"no close of these sessions can be learned from: {told}; longer sessions would do")
    return _dataset(first, tuple(candles), parts, spec, dropped), candles


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The rows of one symbol of one session."""

    rows: Floats
    ts: Ints
    t0: Ints
    t1: Ints
    y: Ints
    profit: Floats
    horizon: int


def _agreed(all_stances: Sequence[Stances]) -> Stances:
    first = all_stances[0]
    for other in all_stances[1:]:
        for what, one, two in (
            ("members", sorted(first.members), sorted(other.members)),
            ("timeframe", [first.timeframe], [other.timeframe]),
        ):
            if one != two:
                raise WrongInputs(
                    f"sessions {first.session} and {other.session} cannot be learned from together: their {what} are "
                    f"{', '.join(one)} and {', '.join(two)}"
                )
    return first


def _part(
    stances: Stances,
    symbol: str,
    candles: Floats,
    spec: LabelSpec,
    members: Sequence[str],
    after: int,
    dropped: dict[str, int],
) -> _Part:
    labels = label(candles, stances.timeframe, spec)
    for reason, count in labels.dropped.items():
        dropped[reason] = dropped.get(reason, 0) + count
    rows, spoken = stances.at(symbol, labels.t0)
    counted = (labels.t0 >= stances.first) & (labels.t0 <= stances.last)
    unknown = labels.t0 > after
    for reason, bad in (
        (OUTSIDE, ~counted),
        (KNOWN, counted & ~unknown),
        (UNSPOKEN, counted & unknown & ~spoken),
    ):
        dropped[reason] = dropped.get(reason, 0) + int(bad.sum())
    kept = counted & unknown & spoken
    places = [2 * stances.members.index(member) + half for member in members for half in (0, 1)]
    assert labels.profit is not None, "a direction has a profit"
    return _Part(
        rows[kept][:, places],
        labels.ts[kept],
        labels.t0[kept],
        labels.t1[kept],
        labels.y[kept].astype(np.int64),
        labels.profit[kept],
        labels.horizon,
    )


def _dataset(
    first: Stances, names: tuple[str, ...], parts: Sequence[_Part], spec: LabelSpec, dropped: dict[str, int]
) -> Dataset:
    symbol = np.repeat(np.arange(len(parts)), [len(part.t0) for part in parts])
    order = np.lexsort((symbol, np.concatenate([part.t0 for part in parts])))
    weight = np.concatenate([uniqueness(part.t0, part.t1) for part in parts])[order]
    inputs = inputs_of(first.members)

    def joined(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])[order]

    meaning = {"members": list(first.members), "names": list(inputs), "timeframe": first.timeframe}
    return Dataset(
        features=joined("rows"),
        names=inputs,
        feature_set={"hash": checksum_of(canonical(meaning)), **meaning},
        label=spec,
        timeframe=first.timeframe,
        symbols=names,
        symbol=symbol[order],
        ts=joined("ts"),
        t0=joined("t0"),
        t1=joined("t1"),
        y=joined("y"),
        profit=joined("profit"),
        weight=weight / weight.mean(),
        dropped={reason: count for reason, count in dropped.items() if count},
        horizon=parts[0].horizon,
        warmup=0,
    )
