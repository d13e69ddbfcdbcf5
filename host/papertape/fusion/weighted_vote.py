"""Weighted voting: the ensemble goes where enough of its members' weight stands.

Among the combinations in J. Kittler et al., "On Combining Classifiers", IEEE Transactions on Pattern Analysis and
Machine Intelligence 20 (1998), it is the sum rule, with weights.
"""

from collections.abc import Mapping

from papertape.contract.component import Param
from papertape.contract.errors import ConfigError
from papertape.contract.fusion import Council, Fusion, Stance
from papertape.contract.signal import Signal
from papertape.fusion.absent import left_out

DIGITS = 9
"""Scores and threshold are compared at so many decimals: the order of a float sum decides no vote."""


class WeightedVote(Fusion):
    """Long where the long score reaches `threshold`, short where the short score does, flat otherwise.

    The score of a side is the sum of weight x confidence over the members that stand there, divided by the weights of
    all members alive: one that is silent (it has not spoken, its stance has lapsed, its data are stale) counts against,
    or with `silent` set to "out" is left out. Members that are quarantined or disabled never count. The reason names
    who is silent and who is out. If both sides reach the threshold the higher wins, and
    equal ones mean flat. A symbol of which no member has ever spoken gets no signal. Without `short`, a vote for short
    means flat. The stop and target are those of the heaviest member (weight x confidence, the first of equals) on the
    winning side; the signal's confidence is the score.

    Raises `ConfigError` for a weight that is not a finite number from 0.
    """

    threshold = Param(0.5, min=0.01, max=1, help="score from which a side is taken")
    weights: Param[Mapping[str, float]] = Param({}, type=dict, help="weight by member name; 1 where none is given")
    short = Param(False, help="whether a vote for short opens one, which needs margin")
    silent = Param("against", choices=("against", "out"), help="how a member without a stance counts")
    keeps = ("heard",)

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        for member, weight in self.weights.items():
            if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight < float("inf"):
                raise ConfigError(f"WeightedVote: the weight of {member} must be a number from 0, was {weight!r}")
        self.heard: list[str] = []
        self.members: tuple[str, ...] = ()

    def on_start(self, members: tuple[str, ...]) -> None:
        self.members = members

    def fuse(self, council: Council) -> list[Signal]:
        weights = {member: float(self.weights.get(member, 1.0)) for member in council.members}
        signals = []
        for symbol in council.symbols:
            given = council.stances.get(symbol, {})
            stances = [given[member] for member in council.members if member in given]
            if stances and symbol not in self.heard:
                self.heard.append(symbol)
            if symbol in self.heard:
                voters = given if self.silent == "out" else weights
                total = sum(weight for member, weight in weights.items() if member in voters)
                signals.append(self._vote(symbol, stances, weights, total, left_out(self.members, council, symbol)))
        return signals

    def weighs(self, symbol: str) -> Mapping[str, float]:
        return {member: float(self.weights.get(member, 1.0)) for member in self.members}

    def _vote(
        self, symbol: str, stances: list[Stance], weights: Mapping[str, float], total: float, absent: str
    ) -> Signal:
        def score(side: int) -> float:
            pull = sum(weights[stance.source] * stance.confidence for stance in stances if stance.side == side)
            return round(pull / total, DIGITS) if total > 0 else 0.0

        long, short, threshold = score(1), score(-1), round(self.threshold, DIGITS)
        reason = f"long {long:.3f}, short {short:.3f}, threshold {threshold:.3f}{absent}"
        if long >= threshold and long > short:
            side, winning = 1, long
        elif self.short and short >= threshold and short > long:
            side, winning = -1, short
        else:
            return Signal.close(symbol, reason=reason)
        heaviest = max(
            (stance for stance in stances if stance.side == side),
            key=lambda stance: weights[stance.source] * stance.confidence,
        )
        return Signal(
            symbol,
            "buy" if side > 0 else "short",
            stop_loss=heaviest.stop_loss,
            take_profit=heaviest.take_profit,
            confidence=winning,
            reason=reason,
        )
