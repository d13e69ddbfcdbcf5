"""Stop and target of an entry: fixed distances, or what models say of the way ahead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from papertape import ConfigError, Model, Prediction, Snapshot


class Bracket(NamedTuple):
    """Prices, quote currency, and how they came about."""

    stop_loss: float
    take_profit: float
    reason: str


class Veto(NamedTuple):
    """No entry, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Brackets:
    """What an entry's bracket is made of. `stop`, `target`: distances as fractions of the close.

    `ranges`: a model of the kind `range`; its high and low of the horizon `over` stand in for both: the target of a
    long is the predicted high, its stop the predicted low, and the other way round for a short. `odds`: a model of the
    kind `tpsl`; a long whose chance to reach its target before its stop is below `least` is not entered. Where one of
    the two abstains, nothing is entered either.
    """

    stop: float
    target: float
    ranges: Model | None = None
    over: str = ""
    odds: Model | None = None
    least: float = 0.5

    def asked(self, snapshot: Snapshot) -> tuple[Mapping[str, Prediction], Mapping[str, Prediction]]:
        """What both models say of the symbols in `snapshot.fresh`."""
        return (
            {} if self.ranges is None else self.ranges.predict(snapshot),
            {} if self.odds is None else self.odds.predict(snapshot),
        )

    def around(self, close: float, side: int, ahead: Prediction | None, chance: Prediction | None) -> Bracket | Veto:
        """The bracket of an entry at a close, quote currency; `side`: 1 long, -1 short. `ahead`, `chance`: what the two
        models say, None where there is none."""
        reason = ""
        if self.odds is not None and side > 0:
            if chance is None or chance.abstains:
                return Veto(f"{self.odds.reference} abstains")
            yes = float(chance.values[1])
            reason = f"; target before stop {yes:.2f} by {self.odds.pin}"
            if yes < self.least:
                return Veto(f"target before stop {yes:.2f} by {self.odds.pin}, below {self.least:.2f}")
        stop, target = self.stop, self.target
        if self.ranges is not None:
            if ahead is None or ahead.abstains:
                return Veto(f"{self.ranges.reference} abstains")
            high, low = ahead[f"high_{self.over}"], ahead[f"low_{self.over}"]
            target, stop = (high, -low) if side > 0 else (-low, high)
            reason += f"; {low:+.2%} to {high:+.2%} in {self.over} by {self.ranges.pin}"
            if not (0.0 < target and 0.0 < stop < 1.0):
                return Veto(f"no room on both sides{reason}")
        return Bracket(close * (1.0 - side * stop), close * (1.0 + side * target), reason)


def horizon_of(ranges: Model, asked: str) -> str:
    """The horizon that is asked for of a model of the kind `range`; its longest where none is. Raises `ConfigError`."""
    named = [name.split("_") for name in ranges.outputs]  # high_6c, and high_6c_q90 for another quantile
    known = [parts[1] for parts in named if len(parts) == 2 and parts[0] == "high"]
    if not known or (asked and asked not in known):
        raise ConfigError(f"{ranges.reference} has no horizon {asked or 'at all'}; it has {', '.join(known) or 'none'}")
    return asked or known[-1]
