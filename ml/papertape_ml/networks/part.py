"""What a sequence model learns from: windows as views into a series, and what came of each."""

from dataclasses import dataclass

from papertape.contract.candle import Floats, Ints
from papertape_ml.errors import BadLabels
from papertape_ml.models.samples import Classes

MOVES = Classes(("up", "neutral", "down"), (2, 1, 0))
"""The classes of a direction in the order of a predictor's outputs, and their numbers in the label."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows of one series. `series`: (candles, features) float64 of all symbols, one after the other; `last`:
    the row of the series with which a window ends, each window being whole; `classes`: (n, horizons), columns of
    `MOVES`; `moves`: (n, horizons) log returns from entry to the horizon's end; `weights`: (n,) with a mean of 1."""

    series: Floats
    last: Ints
    classes: Ints
    moves: Floats
    weights: Floats

    def __len__(self) -> int:
        return len(self.last)

    def take(self, rows: Ints) -> "Part":
        """Those rows; the weights get a mean of 1 again."""
        weights = self.weights[rows]
        mean = weights.mean() if len(rows) else 1.0
        return Part(self.series, self.last[rows], self.classes[rows], self.moves[rows], weights / mean)


def check_learnable(part: Part, horizons: tuple[str, ...]) -> None:
    """Raise `BadLabels` unless two classes or more occur at each horizon."""
    if not len(part):
        raise BadLabels("there is no row to learn from")
    for number, horizon in enumerate(horizons):
        first = int(part.classes[0, number])
        if (part.classes[:, number] == first).all():
            raise BadLabels(f"only one class occurs in {len(part)} rows at {horizon}: {MOVES.names[first]}")
