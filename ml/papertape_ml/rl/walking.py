"""A policy walked over candles by the compiled book, as it would be served: its best action at every close."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from papertape.contract.candle import Floats
from papertape_ml.errors import BadSettings, TooLittleHistory
from papertape_ml.rl.compiled_stage import Books
from papertape_ml.rl.deciding import Decides
from papertape_ml.rl.observing import Observations
from papertape_ml.rl.setup import Setup, Traded
from papertape_ml.sizing.growth import deepest


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """What a book came to. `start`: the candle at whose close it began; `equity` (n + 1,): at that close and at each
    one after, quote currency, the last one kept in ruin; `actions` (n,); `shares` (n,): the position before each
    action, as a share of the largest that is allowed; `seen` (n, names): what it was taken on; `fills`: in order."""

    start: int
    equity: Floats
    actions: Floats
    shares: Floats
    seen: Observations
    fills: tuple[Traded, ...]

    @property
    def gains(self) -> Floats:
        """Log growth of each step (n,), after costs."""
        return np.diff(np.log(np.maximum(self.equity, 1e-9)))

    @property
    def growth(self) -> float:
        """Log growth in all."""
        return float(self.gains.sum())

    @property
    def drawdown(self) -> float:
        """The deepest fall below the highest equity so far, as a fraction of that."""
        return deepest(self.gains)

    @property
    def fees(self) -> float:
        """Paid, as a fraction of the cash that it began with."""
        return float(sum(fill.fee for fill in self.fills)) / float(self.equity[0])

    @property
    def turnover(self) -> float:
        """What was traded per step, as a fraction of the mean equity."""
        traded = float(sum(abs(fill.quantity) * fill.price for fill in self.fills))
        return traded / float(self.equity.mean()) / max(1, len(self.actions))


def walked(policy: Decides, setup: Setup, starts: Sequence[int]) -> list[Walked]:
    """An episode from each of some starts, side by side, each as long as the setup has them."""
    count, length = len(starts), setup.episodes.length
    books = Books(setup, count)
    for number, at in enumerate(starts):
        books.begin(number, int(at))
    equity, actions = np.empty((length + 1, count)), np.empty((length, count))
    seen, place = np.empty((length, count, len(setup.builder.names)), np.float32), setup.builder.names.index("position")
    memory, ruined = np.zeros((count, policy.memory)), np.zeros(count, np.bool_)
    equity[0] = [books.equity(number) for number in range(count)]
    # Where a missing feature forbids to decide, the book ignores what the policy says, as a served one does.
    for step in range(length):
        acts = policy.act(books.seen, memory)
        memory = acts.memory
        actions[step] = acts.actions
        seen[step] = books.seen
        books.step(np.ascontiguousarray(actions[step]))
        now = np.array([books.equity(number) for number in range(count)])
        equity[step + 1] = np.where(ruined, equity[step], now)
        ruined |= books.over[:, 0]
    return [
        Walked(
            int(at),
            equity[:, number].copy(),
            actions[:, number].copy(),
            seen[:, number, place].astype(np.float64),
            seen[:, number].copy(),
            tuple(books.fills(number)),
        )
        for number, at in enumerate(starts)
    ]


def once_over(setup: Setup, first: int, last: int) -> tuple[Setup, int]:
    """The setup of one episode over all candles from `first` until before `last`, and its start: the first of them at
    which all features are known. Raises `TooLittleHistory` where there is none."""
    known = np.flatnonzero(setup.builder.known(setup.course.values[first:last]))
    if not len(known) or first + int(known[0]) >= last - 1:
        raise TooLittleHistory(f"no candle from {first:,} to {last:,} of {setup.course.symbol} has all features")
    start = first + int(known[0])
    episodes = replace(setup.episodes, length=last - start - 1, first=start, last=last)
    return replace(setup, episodes=episodes), start


def side_by_side(setup: Setup, first: int, last: int, count: int) -> tuple[Setup, tuple[int, ...]]:
    """The setup of `count` episodes of equal length, one after the other from `first` until before `last`, and their
    starts; fewer where there are fewer candles. Raises `TooLittleHistory`."""
    if count < 1:
        raise BadSettings(f"episodes side by side are one or more, not {count}")
    whole, start = once_over(setup, first, last)
    count = min(count, last - start - 1)
    length = (last - start - 1) // count
    candidates = start + length * np.arange(count)
    known = setup.builder.known(setup.course.values[candidates])
    return replace(whole, episodes=replace(whole.episodes, length=length)), tuple(candidates[known].tolist())
