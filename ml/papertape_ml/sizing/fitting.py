"""Fitting a sizer: the network's weights, by gradient, for the fastest growth of the book.

The objective is the mean of log(1 + size x net return) over trades, less a penalty on drawdown. Trades that followed
each other are taken in stretches; of each, the log growth in all is set against `penalty` x the mean depth, in log
wealth, below the top so far. Source of the former: Kelly (1956);
the step is that of AdamW (Loshchilov, Hutter 2019), and the weights are the running mean of those that it goes through
(Polyak, Juditsky 1992), because what single trades bring is mostly chance.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.errors import MissingExtra
from papertape_ml.errors import BadLabels, BadSettings, DeviceAbsent
from papertape_ml.models.sizer import CONTRACT, REACH, WIDTHS, SizerModel
from papertape_ml.sizing.growth import WORST, best_constant

Progress = Callable[[int, int, float], None]
"""Called after each epoch: epochs done, epochs at most, objective on the part that stops, over mean squared return."""

STRETCH: Final = 64
"""Trades over which a drawdown is looked at."""
LEAST_TRADES: Final = 50


@dataclass(frozen=True, slots=True)
class SizerSettings:
    """`penalty`: how much log growth of a stretch of 64 trades makes up for a mean log drawdown of 1 in it; 0 is off,
    and at 0.5 a stretch must earn half of its mean drawdown to be worth anything.

    `patience`: epochs without gain on the part that stops. `batch`: trades a step, in whole stretches. `decays`: how
    strongly weights are pulled to 0; the one is taken that does best on the part that stops. `memory`: of the running
    mean of the weights, a step.
    """

    penalty: float = 0.5
    epochs: int = 200
    patience: int = 15
    batch: int = 1024
    rate: float = 2e-3
    decays: tuple[float, ...] = (3.0, 10.0)
    memory: float = 0.99
    seed: int = 0
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        for what, count in (("epochs", self.epochs), ("patience", self.patience), ("threads", self.threads)):
            if count < 1:
                raise BadSettings(f"{what} is a whole number from 1, not {count!r}")
        if self.batch < STRETCH:
            raise BadSettings(f"a batch has at least {STRETCH} trades, not {self.batch!r}")
        if not 0 <= self.penalty < float("inf"):
            raise BadSettings(f"penalty is a finite number from 0, not {self.penalty!r}")
        if not 0 < self.rate < 1 or not 0 <= self.memory < 1:
            raise BadSettings("rate lies between 0 and 1, memory from 0 to below 1")
        if not self.decays or not all(0 <= decay < 1 / self.rate for decay in self.decays):
            raise BadSettings("decays are one or more, from 0 to below 1 / rate")
        if self.device not in ("cpu", "cuda"):
            raise BadSettings(f"device is cpu or cuda, not {self.device!r}")


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """Entries in order of time: what the sizer saw `(n, 13)`, and what a trade brought, net of fees, as parts of its
    notional `(n,)`."""

    rows: Floats
    returns: Floats

    def __len__(self) -> int:
        return len(self.returns)

    def known(self) -> "Trades":
        """Those without a missing input, on which the sizer does not abstain. Raises `BadLabels` for odd returns."""
        CONTRACT.check_rows(self.rows)
        if self.returns.shape != (len(self.rows),) or not np.isfinite(self.returns).all():
            raise BadLabels("returns of trades are one finite number each")
        whole = ~np.isnan(self.rows).any(axis=1)
        return Trades(self.rows[whole], self.returns[whole])


@dataclass(frozen=True, slots=True, eq=False)
class FittedSizer:
    """The model; the epochs and the decay that it was fitted with, and what these reached on the part that stops."""

    model: SizerModel
    epochs: int
    decay: float
    objective: float


@dataclass(frozen=True, slots=True, eq=False)
class _Reached:
    """After how many epochs a fit was best, what it reached then, and its weights."""

    epochs: int
    objective: float
    weights: list[Any]


def fit_sizer(
    fit: Trades, stop: Trades, settings: SizerSettings = SizerSettings(), progress: Progress | None = None
) -> FittedSizer:
    """The sizer of the epochs and the decay that grew fastest on `stop` when fitted on `fit`, fitted again on both.

    Both are in order of time, `stop` after `fit`. The same trades, settings and library give the same bits on a CPU.
    Raises `BadLabels` where there are too few trades, `DeviceAbsent`, `MissingExtra`.
    """
    fit, stop = fit.known(), stop.known()
    for what, part in (("fit", fit), ("stop", stop)):
        if len(part) < LEAST_TRADES:
            raise BadLabels(
                f"a sizer needs {LEAST_TRADES} trades to {what} on, without a missing input: {len(part)}; more candles "
                "would do, or a lower --confidence"
            )
    torch = torch_for(settings.device)
    with _threads(torch, settings.threads):
        tried = [_fitted(torch, fit, stop, settings, decay, settings.epochs, progress) for decay in settings.decays]
        chosen = max(range(len(tried)), key=lambda place: tried[place].objective)
        best, decay = tried[chosen], settings.decays[chosen]
        whole = Trades(np.concatenate((fit.rows, stop.rows)), np.concatenate((fit.returns, stop.returns)))
        final = _fitted(torch, whole, None, settings, decay, best.epochs, progress)
    layers = [each.cpu().numpy().copy() for each in final.weights]
    pairs = tuple((layers[place], layers[place + 1]) for place in range(0, len(layers), 2))
    centre, scale = _scaling(whole)
    model = SizerModel(tuple(centre.tolist()), tuple(scale.tolist()), pairs)
    return FittedSizer(model, best.epochs, decay, best.objective)


def _fitted(
    torch: Any,
    fit: Trades,
    stop: Trades | None,
    settings: SizerSettings,
    decay: float,
    epochs: int,
    progress: Progress | None,
) -> _Reached:
    """The best of the epochs on `stop`, before the first of them too; without it the last."""
    scaling = _scaling(fit)
    chance = np.random.default_rng(settings.seed)
    weights = [torch.tensor(each, device=settings.device, requires_grad=True) for each in _first(chance, fit.returns)]
    mean = [each.detach().clone() for each in weights]
    size = _square(fit)  # steps must not depend on the unit of returns
    inputs, returns = _tensors(torch, fit, scaling, settings.device)
    held = None if stop is None else _whole(*_tensors(torch, stop, scaling, settings.device))
    groups = [{"params": weights[::2], "weight_decay": decay}, {"params": weights[1::2], "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=settings.rate)

    def reached() -> float:
        if held is None:
            return float("nan")
        with torch.no_grad():
            return float(_objective(torch, mean, *held, settings.penalty)) / size

    best = _Reached(0, reached(), [each.clone() for each in mean])
    for epoch in range(1, epochs + 1):
        for chosen in _batches(chance, len(fit), settings.batch):
            loss = -_objective(torch, weights, inputs[chosen], returns[chosen], settings.penalty) / size
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            with torch.no_grad():
                for kept, now in zip(mean, weights, strict=True):
                    kept.lerp_(now, 1.0 - settings.memory)
        now_reached = reached()
        if held is None or now_reached > best.objective:
            best = _Reached(epoch, now_reached, [each.clone() for each in mean])
        if progress is not None:
            progress(epoch, epochs, now_reached)
        if epoch - best.epochs >= settings.patience:
            break
    return best


def _square(trades: Trades) -> float:
    """The mean squared return, above 0."""
    return float((np.maximum(trades.returns, WORST) ** 2).mean()) + 1e-300


def _scaling(trades: Trades) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each input `(13,)`; an input that does not vary is left as it is."""
    centre, scale = trades.rows.mean(axis=0), trades.rows.std(axis=0)
    return centre, np.where(scale > 1e-12 * (1.0 + np.abs(centre)), scale, 1.0)


def _objective(torch: Any, weights: list[Any], inputs: Any, returns: Any, penalty: float) -> Any:
    """The mean of log(1 + size x return) of `(stretches, trades)`, less the penalty on what each stretch fell."""
    values = inputs
    for place in range(0, len(weights), 2):
        values = torch.nn.functional.linear(values, weights[place], weights[place + 1])
        if place + 2 < len(weights):
            values = torch.relu(values)
    growth = torch.log1p(torch.sigmoid(values[..., 0]) * returns)
    if penalty == 0.0:
        return growth.mean()
    path = growth.cumsum(dim=1)
    top = torch.cummax(path, dim=1).values.clamp(min=0.0)
    return growth.mean() - penalty / growth.shape[1] * (top - path).mean()


def _first(chance: np.random.Generator, returns: Floats) -> Iterator[np.ndarray[Any, np.dtype[np.float32]]]:
    """Weights and biases to begin with: He et al. (2015) for rectified units, and a last layer that says of every row
    the one size that would have grown fastest: what is not learned leaves that."""
    constant = min(max(best_constant(returns), 0.02), 0.98)
    for number, (before, after) in enumerate(zip(WIDTHS, WIDTHS[1:], strict=False)):
        last = number == len(WIDTHS) - 2
        drawn = chance.normal(0.0, np.sqrt(2.0 / before), (after, before))
        yield np.zeros((after, before), np.float32) if last else drawn.astype(np.float32)
        yield np.full(after, np.log(constant / (1.0 - constant)) if last else 0.0, np.float32)


def _batches(chance: np.random.Generator, count: int, batch: int) -> Iterator[Any]:
    """Places `(stretches, trades)` of one epoch: stretches that begin anywhere, in any order."""
    length = min(STRETCH, count)
    stretches = count // length
    begin = int(chance.integers(0, count - stretches * length + 1))
    starts = begin + length * chance.permutation(stretches)
    places = starts[:, None] + np.arange(length)[None, :]
    for first in range(0, stretches, batch // STRETCH):
        yield places[first : first + batch // STRETCH]


def _whole(inputs: Any, returns: Any) -> tuple[Any, Any]:
    """All trades as stretches; the ones that do not fill one are left out at the beginning."""
    length = min(STRETCH, len(returns))
    used = len(returns) // length * length
    return inputs[-used:].reshape(-1, length, inputs.shape[1]), returns[-used:].reshape(-1, length)


def _tensors(torch: Any, part: Trades, scaling: tuple[Floats, Floats], device: str) -> tuple[Any, Any]:
    centre, scale = scaling
    inputs = np.clip((part.rows - centre) / scale, -REACH, REACH).astype(np.float32)
    returns = np.maximum(part.returns, WORST).astype(np.float32)
    return torch.from_numpy(inputs).to(device), torch.from_numpy(returns).to(device)


def torch_for(device: str) -> Any:
    """torch, which can train there. Raises `MissingExtra`, `DeviceAbsent`."""
    try:
        import torch
    except ModuleNotFoundError as missing:
        raise MissingExtra("training a position sizer", "ml") from missing
    if device == "cuda" and not torch.cuda.is_available():
        raise DeviceAbsent("CUDA was asked for, and this machine or this build of torch has none; take --device cpu")
    return torch


@contextmanager
def _threads(torch: Any, count: int) -> Iterator[None]:
    """So many threads inside; as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
