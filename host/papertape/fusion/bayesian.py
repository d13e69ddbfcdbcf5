"""Bayesian pooling: each member's word weighs as much as its own record in this session says.

A member that has been right with probability p moves the log-odds of its side by log(p / (1 - p)): the weight with
which independent votes are combined best (S. Nitzan and J. Paroush, "Optimal Decision Rules in Uncertain Dichotomous
Choice Situations", International Economic Review 23 (1982)). Members look at the same candles and are not independent:
k votes that correlate by r are worth k / (1 + (k - 1) r) of them (L. Kish, "Survey Sampling" (1965), the design
effect). The confidence of a stance is its exponent in a logarithmic opinion pool (C. Genest and J. V. Zidek, "Combining
Probability Distributions", Statistical Science 1 (1986)).
"""

import math
from collections.abc import Mapping
from typing import Final

from papertape.contract.component import Param
from papertape.contract.fusion import Council, Fusion, Stance
from papertape.contract.signal import Signal
from papertape.fusion.absent import left_out

DIGITS: Final = 9
"""Probabilities and threshold are compared at so many decimals: the order of a float sum decides no vote."""


class BayesianVote(Fusion):
    """Long where the pooled probability of up reaches `threshold`, short where that of down does, flat otherwise.

    log-odds(up) = sum of side x confidence x max(0, log(p / (1 - p))) over the k members that stand on a side, divided
    by 1 + (k - 1) x `correlation`. A member's p is that of a Beta-binomial model: (hits + trust x strength) /
    (episodes + strength). An episode is the time between two votes on a symbol in which a member stands on a side; it
    is a hit if the price went that way, and goes on where the price is the same. Each new episode makes the older ones
    fade by 1 / `memory`. A member that is right less than half the time has no say, rather than the opposite of one.

    Members without a stance, on stale data, quarantined or disabled are left out; the reason names them, and the
    record of each that spoke. Without `short`, a vote for short means flat. The stop and target are those of the
    member with the largest part in the winning side, the first of equals.
    """

    threshold = Param(0.55, min=0.5, max=1, help="pooled probability from which a side is taken")
    trust = Param(0.6, min=0.01, max=0.99, help="how often a member without a record is taken to be right")
    strength = Param(50.0, min=0.1, max=100_000, help="how many episodes that is worth")
    memory = Param(1_000.0, min=1, max=1_000_000, help="episodes after which an old one has faded to about a third")
    correlation = Param(0.5, min=0, max=1, help="how alike members are taken to be: 0 independent, 1 all one")
    short = Param(False, help="whether a vote for short opens one, which needs margin")
    keeps = ("records", "standing", "heard", "weighed")

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self.members: tuple[str, ...] = ()
        self.records: dict[str, list[float]] = {}  # member: [hits, episodes], faded
        self.standing: dict[str, dict[str, list[float]]] = {}  # symbol: member: [side, price at which it was taken]
        self.heard: list[str] = []
        self.weighed: dict[str, dict[str, float]] = {}  # of the last vote on a symbol

    def on_start(self, members: tuple[str, ...]) -> None:
        self.members = members

    def fuse(self, council: Council) -> list[Signal]:
        signals = []
        for symbol in council.symbols:
            given = council.stances.get(symbol, {})
            stances = [given[member] for member in council.members if member in given]
            self._judge(symbol, given, council.prices.get(symbol))
            if stances and symbol not in self.heard:
                self.heard.append(symbol)
            if symbol in self.heard:
                signals.append(self._vote(symbol, stances, left_out(self.members, council, symbol)))
        return signals

    def chance(self, member: str) -> float:
        """How often a member is taken to be right, 0 to 1, by its record so far.

        >>> vote = BayesianVote(trust=0.5, strength=10)
        >>> vote.records["a"] = [9.0, 10.0]
        >>> vote.chance("a"), vote.chance("b")
        (0.7, 0.5)
        """
        hits, episodes = self.records.get(member, (0.0, 0.0))
        return (hits + self.trust * self.strength) / (episodes + self.strength)

    def _judge(self, symbol: str, given: Mapping[str, Stance], price: float | None) -> None:
        """Ends the episodes that the price has decided, and begins those of the members that stand on a side now."""
        if price is None:
            return
        before = self.standing.get(symbol, {})
        for member, (side, began) in before.items():
            if price != began:
                self._add(member, side * (price - began) > 0)
        self.standing[symbol] = {member: [float(stance.side), price] for member, stance in given.items() if stance.side}

    def _add(self, member: str, hit: bool) -> None:
        kept = 1.0 - 1.0 / self.memory
        hits, episodes = self.records.get(member, (0.0, 0.0))
        self.records[member] = [hits * kept + hit, episodes * kept + 1.0]

    def _vote(self, symbol: str, stances: list[Stance], absent: str) -> Signal:
        taking = [stance for stance in stances if stance.side]
        weighed = self.weighed[symbol] = {stance.source: self._weight(stance.source) for stance in stances}
        parts = [stance.side * stance.confidence * weighed[stance.source] for stance in taking]
        pooled = math.fsum(parts) / (1.0 + max(len(parts) - 1, 0) * self.correlation)
        up = round(1.0 / (1.0 + math.exp(-pooled)), DIGITS)
        down, threshold = round(1.0 - up, DIGITS), round(self.threshold, DIGITS)
        reason = f"up {up:.3f}, down {down:.3f}, threshold {threshold:.3f}{self._told(taking)}{absent}"
        if up >= threshold and up > down:
            side, winning = 1, up
        elif self.short and down >= threshold and down > up:
            side, winning = -1, down
        else:
            return Signal.close(symbol, reason=reason)
        place = max(range(len(parts)), key=lambda at: side * parts[at])
        return Signal(
            symbol,
            "buy" if side > 0 else "short",
            stop_loss=taking[place].stop_loss,
            take_profit=taking[place].take_profit,
            confidence=winning,
            reason=reason,
        )

    def weighs(self, symbol: str) -> Mapping[str, float]:
        return self.weighed.get(symbol) or {member: self._weight(member) for member in self.members}

    def _weight(self, member: str) -> float:
        chance = self.chance(member)
        return max(0.0, math.log(chance / (1.0 - chance)))

    def _told(self, taking: list[Stance]) -> str:
        """Who stands on a side, how often each is taken to be right, and after how many episodes."""
        return "".join(
            f"; {stance.source} {'long' if stance.side > 0 else 'short'} "
            f"{self.chance(stance.source):.2f} ({self.records.get(stance.source, (0.0, 0.0))[1]:.0f})"
            for stance in taking
        )
