"""What a reference series and a feature must have in common, and how it is checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tests.features.reference.unblanked import Ours

from papertape.contract.candle import Floats

Said = str | Callable[[Ours], Floats]
"""A feature's name, or what has to be made of features to have the reference's unit."""


@dataclass(frozen=True)
class Same:
    """A feature that equals a reference. `ours`: which.

    `within`: what they may differ by, as a part of the larger of the reference and its typical size. `digits`: or, for
    a reference that is rounded, its decimals. `settled`: values passed over at the reference's start, where another
    seed still shows. `window`: the reference is what the library gives of this many candles alone, up to the candle in
    question. `change`: it is what the library's value has changed by over this many candles;
    `growth`: the same, as a fraction. `lead`: the library
    begins as if so many candles like the first had gone before it. `where`: the candles at which definitions are the
    same, all by default.
    """

    ours: Said
    within: float = 1e-9
    digits: int | None = None
    settled: int = 0
    window: int | None = None
    change: int | None = None
    growth: int | None = None
    lead: int = 0
    where: Callable[[Ours], npt.NDArray[np.bool_]] | None = None

    def of(self, ours: Ours) -> Floats:
        return ours[self.ours] if isinstance(self.ours, str) else self.ours(ours)


def told(same: Same, values: Floats) -> Floats:
    """A library's values as the entry takes them: themselves, or their changes."""
    if same.change is not None:
        return values - before(values, same.change)
    if same.growth is not None:
        return values / before(values, same.growth) - 1.0
    return values


def compare(same: Same, candles: Floats, theirs: Floats, least: int = 1) -> None:
    """Asserts that a feature of these candles is a reference series, taken as the table's entry says."""
    period = float(np.diff(candles[0]).min())
    first = np.repeat(candles[:, :1], same.lead, axis=1)
    first[0] -= period * np.arange(same.lead, 0, -1)
    ours = Ours(np.concatenate([first, candles], axis=1), int(period))
    agree(same, ours, np.concatenate([np.full(same.lead, np.nan), told(same, theirs)]), least)


def before(values: Floats, candles: int = 1) -> Floats:
    """The values of some candles ago; NaN at the first ones."""
    return np.concatenate([np.full(candles, np.nan), values[:-candles]])


Table = Mapping[str, Same | str]
"""By the name of a reference series: what it equals, or why there is nothing to compare."""


def agree(same: Same, ours: Ours, theirs: Floats, least: int = 1) -> None:
    """Asserts that there are `least` values of the reference to compare, that ours is there for each, and equal."""
    mine = same.of(ours)
    assert len(mine) == len(theirs)
    if same.where is not None:
        theirs = np.where(same.where(ours), theirs, np.nan)
    there = np.flatnonzero(~np.isnan(theirs))[same.settled :]
    assert len(there) >= least, f"{len(there)} values to compare"
    missing = there[np.isnan(mine[there])]
    assert not len(missing), f"{len(missing)} of {len(there)} values are missing, the first at {missing[0]}"
    off = np.abs(mine[there] - theirs[there])
    if same.digits is not None:
        allowed = np.full(len(there), 0.5000001 * 10.0**-same.digits + 1e-12)
    else:
        allowed = same.within * np.maximum(np.abs(theirs[there]), np.median(np.abs(theirs[there])))
    bad = np.flatnonzero(off > allowed)
    if len(bad):
        worst = bad[np.argmax(off[bad] / np.maximum(allowed[bad], 1e-300))]
        at = there[worst]
        raise AssertionError(
            f"{len(bad)} of {len(there)} values differ: the first at {there[bad[0]]}, the worst at {at} is "
            f"{mine[at]!r}, not {theirs[at]!r}"
        )
