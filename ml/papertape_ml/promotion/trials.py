"""How many trials a choice was among: those of the search that made a version, and earlier uses of the evidence."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from papertape_ml.judging.sharpe import Returns, deflated_sharpe
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.moves import Move


@dataclass(frozen=True, slots=True)
class Trials:
    """`searched`: trials of the search, pruned ones too, 0 without one; `used`: earlier uses of the evidence, of any of
    its time; `variance`: of the Sharpe ratios of the search's trials, None where not known; `sharpes`: those found at
    the earlier uses; `overfitting`: the probability that the search's choice overfits, None where not known."""

    searched: int
    used: int
    variance: float | None
    sharpes: tuple[float, ...]
    overfitting: float | None

    @property
    def count(self) -> int:
        """All of them, this one too."""
        return max(self.searched, 1) + self.used

    def deflated(self, found: Returns) -> float:
        """The probability that the Sharpe ratio found is better than the luck of the best of so many.

        The variance of the trials' ratios is that of the search; without one, that of what was found at the earlier
        uses and now, and never less than ratios of worthless returns have, 1 / (T - 1).
        """
        least = 1.0 / (found.count - 1)
        if self.variance is not None:
            variance = self.variance
        else:
            variance = max(least, float(np.var([*self.sharpes, found.sharpe])))
        return deflated_sharpe(found, self.count, variance if self.count > 1 else 0.0)


def trials_of(manifest: Manifest, history: Iterable[Move], span: tuple[int, int], symbols: Collection[str]) -> Trials:
    """The trials behind a version, which is judged on evidence of that span, ms UTC, and of those symbols.

    `history`: of a registry. Under another model's name a use of the same time counts where it shares a symbol: the
    evidence has been looked at, whatever it was called.
    """
    search = manifest.metrics.get("search")
    search = search if isinstance(search, Mapping) else {}
    uses = [
        move.evidence
        for move in history
        if overlaps(move.evidence.get("span"), span)
        and (move.name == manifest.name or not set(symbols).isdisjoint(move.evidence.get("symbols", ())))
    ]
    sharpes = [value for use in uses if (value := _number(use.get("sharpe"))) is not None]
    return Trials(
        searched=int(_number(search.get("trials")) or 0),
        used=len(uses),
        variance=_number(search.get("sharpe_variance")),
        sharpes=tuple(sharpes),
        overfitting=_number(search.get("pbo")),
    )


def overlaps(one: object, other: tuple[int, int]) -> bool:
    """Whether a span that a history tells of shares a moment with another."""
    if not isinstance(one, tuple | list) or len(one) != 2 or not all(isinstance(each, int) for each in one):
        return False
    return bool(one[0] <= other[1] and one[1] >= other[0])


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else None
