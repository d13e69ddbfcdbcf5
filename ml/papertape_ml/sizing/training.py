"""Training of a position sizer: signals first, then sizes for them, tested on signals that came later.

The sizer's own book decides what it sees (drawdown, losses in a row, heat), and what it says decides the book. So the
signals are traded by the host's broker with a fixed size, a sizer is fitted to what was seen and came of it, and they
are traded again with what it says, three times. Every signal is traded at least a little while it is learned from, so
that what came of it is known.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from papertape.contract.candle import Floats
from papertape.engine.config import Spec
from papertape.engine.discovery import Plugins
from papertape.features.feature_set import FeatureSet
from papertape.features.request import Feature
from papertape.market.timeframe import period
from papertape_ml.data.build import Market, from_candles, warmup
from papertape_ml.data.dataset import Dataset
from papertape_ml.errors import BadLabels, BadSettings
from papertape_ml.judging.bootstrap import block_bootstrap
from papertape_ml.judging.sharpe import described
from papertape_ml.models.sizer import SizerModel
from papertape_ml.sizing.book import Rolled, Venue, roll
from papertape_ml.sizing.fitting import FittedSizer, SizerSettings, Trades, fit_sizer, torch_for
from papertape_ml.sizing.growth import best_constant
from papertape_ml.sizing.inputs import FEATURES, INPUTS
from papertape_ml.sizing.players import Plan
from papertape_ml.sizing.signals import Signals, walk_forward_signals
from papertape_ml.training.config import TrainConfig
from papertape_ml.training.evidence import drift_bins
from papertape_ml.training.fit import Watch
from papertape_ml.training.folds import fitting_embargo
from papertape_ml.training.trained import Trained

ROLLS: Final = 3
PROBE: Final = 0.01
"""Part of equity that an entry is worth at least while it is learned from."""
START: Final = 0.5
"""Part of equity, over all symbols together, of the first roll."""
TESTED: Final = 0.3
"""Share of the signals, the last ones, that are tested on."""
STOPPING: Final = 0.25
"""Share of the trades, the last ones, that say when a fit stops."""
_DRAWS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SizerConfig:
    """`signals`: how the models that signal are fitted; `confidence`: theirs, below which nothing is signalled. `stop`,
    `target`: the bracket of an entry, as fractions of the close, None for no leg; a position is left when the label's
    horizon is over. `short`: whether falls are traded too, on margin. `rolls`: how often the book is rolled."""

    signals: TrainConfig
    settings: SizerSettings = field(default_factory=SizerSettings)
    confidence: float = 0.0
    stop: float | None = 0.015
    target: float | None = 0.03
    short: bool = False
    rolls: int = ROLLS

    def __post_init__(self) -> None:
        for what, leg in (("stop", self.stop), ("target", self.target)):
            if leg is not None and not 0 < leg < 1:
                raise BadSettings(f"the {what} of an entry is a fraction between 0 and 1 of its price, not {leg!r}")
        if not 0 <= self.confidence <= 1:
            raise BadSettings(f"the least confidence lies from 0 to 1, not at {self.confidence!r}")
        if self.rolls < 1:
            raise BadSettings(f"the book is rolled at least once, not {self.rolls!r} times")


def sizing_set(
    find: Callable[[str], Feature], timeframe: str, symbols: Sequence[str], reference: str | None = None
) -> FeatureSet:
    """The features that a sizer reads in a session of these symbols. `find`: a feature of the catalogue by its name."""
    return FeatureSet(tuple(find(name) for name in FEATURES), timeframe, tuple(symbols), reference)


def train_sizer(
    dataset: Dataset,
    candles: Market,
    sizing: FeatureSet,
    plugins: Plugins,
    config: SizerConfig,
    watch: Watch | None = None,
) -> Trained:
    """A trained sizer. The same data, settings and libraries give the same bytes.

    `dataset`: what the signalling models learn; `candles`: of the dataset; `sizing`: of `sizing_set`; `plugins`: what a
    session finds. Raises `BadLabels` where too few trades are left to learn from or to test on, and what the training
    of the signals raises.
    """
    torch_for(config.settings.device)  # before minutes are spent on signals
    signals = walk_forward_signals(dataset, config.signals, config.confidence, watch)
    if not config.short:
        signals = signals.where(signals.side > 0)
    venue = Venue(
        candles=candles,
        timeframe=dataset.timeframe,
        plugins=plugins,
        warmup=warmup(sizing, len(candles)),
        fee_bps=dataset.label.fee_bps,
        reference=sizing.reference,
        short=config.short,
    )
    plan = Plan(dataset.horizon, config.stop, config.target)
    before, after = _parted(dataset, signals, plan)
    tested, _ = learn(before, plan, venue, config, watch, "test")
    shipped, book = learn(signals, plan, venue, config, watch, "last fit")
    found = _compared(after, plan, venue, tested.model, before, watch)
    context = from_candles(candles, sizing, dataset.label)
    return Trained(
        model=shipped.model,
        rows=book.rows,
        feature_set=sizing.document(),
        label=dataset.label.document(),
        training={
            "hash": _hash(dataset, book),
            "span": list(dataset.span),
            "rows": len(book.rows),
            "signals": len(signals),
            "signals_from": {"hash": dataset.hash, "rows": len(dataset), "features": dict(dataset.feature_set)},
            "symbols": list(dataset.symbols),
            "timeframe": dataset.timeframe,
        },
        config={
            **asdict(config),
            "window": 1,
            "hold": plan.hold,
            "probe": PROBE,
            "embargo": fitting_embargo(dataset),
            "needed_embargo": dataset.embargo,
            "epochs": shipped.epochs,
            "decay": shipped.decay,
        },
        metrics={
            "test": found["model"],
            "over": _surely(found["gains"], plan, dataset.timeframe, config.settings.seed),
        },
        baseline={name: figures for name, figures in found.items() if name not in ("model", "gains")},
        seeds={"seed": config.settings.seed},
        statistics={
            "bins": drift_bins(context, FEATURES),
            "importances": importances(shipped.model, book.rows, config.settings.seed),
            "importances_by": "permutation",
        },
        test_span=(int(after.at.min()), int(after.until.max())),
    )


def learn(
    signals: Signals, plan: Plan, venue: Venue, config: SizerConfig, watch: Watch | None = None, step: str = "fit"
) -> tuple[FittedSizer, Rolled]:
    """Rolls the book and fits, in turns, from a fixed part of equity: the last fit, and the book that it is from."""
    says: SizerModel | float = START / len(signals.symbols)
    for number in range(1, config.rolls + 1):
        where = f"{step}, roll {number} of {config.rolls}"
        rolled = roll(signals, plan, venue, says, PROBE, _heard(watch, where))
        fit, stop = _split(signals, rolled, plan, venue.timeframe)
        fitted = fit_sizer(fit, stop, config.settings, _followed(watch, where))
        says = fitted.model
    return fitted, rolled


def importances(model: SizerModel, rows: Floats, seed: int) -> dict[str, float]:
    """By input: how far sizes move on average when its values change places among the rows, as a share of all."""
    chance = np.random.default_rng(seed)
    rows = rows[~np.isnan(rows).any(axis=1)]
    said, moved = model.predict(rows)[:, 0], []
    for column in range(len(INPUTS)):
        changed = rows.copy()
        changed[:, column] = chance.permutation(changed[:, column])
        moved.append(float(np.abs(model.predict(changed)[:, 0] - said).mean()))
    whole = sum(moved) or 1.0
    return {name: value / whole for name, value in zip(INPUTS, moved, strict=True)}


def _parted(dataset: Dataset, signals: Signals, plan: Plan) -> tuple[Signals, Signals]:
    """Signals to learn from and those to test on, which come later than all trades of the former and an embargo."""
    if len(signals) < 2:
        raise BadLabels(f"{len(signals)} signals are too few to learn sizes from; bring more candles")
    cut = int(np.sort(signals.at)[int(len(signals) * (1.0 - TESTED))])
    over = signals.at + plan.hold + 2 * period(dataset.timeframe)
    before, after = signals.where(over + fitting_embargo(dataset) <= cut), signals.where(signals.at >= cut)
    if not len(before):
        raise BadLabels(
            f"of {len(signals)} signals none is left to learn sizes from before the test; bring more candles"
        )
    return before, after


def _split(signals: Signals, rolled: Rolled, plan: Plan, timeframe: str) -> tuple[Trades, Trades]:
    """The book's trades to fit on and to stop on; none of the former is open when the latter begin."""
    at = signals.at[rolled.signals]
    cut = at[min(int(len(at) * (1.0 - STOPPING)), len(at) - 1)] if len(at) else 0
    over = at + plan.hold + 2 * period(timeframe)

    def some(chosen: NDArray[np.bool_]) -> Trades:
        return Trades(rolled.rows[chosen], rolled.returns[chosen])

    return some(over <= cut), some(at >= cut)


def _compared(
    signals: Signals, plan: Plan, venue: Venue, model: SizerModel, before: Signals, watch: Watch | None
) -> dict[str, Any]:
    """What the book comes to on signals that are tested on, by who sizes it; `gains` of the model and the constant."""
    learned = roll(before, plan, venue, START / len(before.symbols), PROBE, _heard(watch, "constant"))
    constant = best_constant(learned.returns)
    rivals: Mapping[str, SizerModel | float | Spec] = {
        "model": model,
        "constant": constant,
        "fixed_fraction": Spec("fixed-fraction"),
        "fractional_kelly": Spec("fractional-kelly"),
    }
    books = {name: roll(signals, plan, venue, says, 0.0, _heard(watch, name)) for name, says in rivals.items()}
    trades = max(book.trips for book in books.values())
    if not trades:
        raise BadLabels(f"none of the {len(signals)} signals that are tested on came to a trade; bring more candles")
    found: dict[str, Any] = {name: _figures(book, trades) for name, book in books.items()}
    found["constant"]["size"] = constant
    found["model"]["size"] = float(books["model"].parts.mean()) if len(books["model"].parts) else 0.0
    return found | {"gains": (books["model"].gains, books["constant"].gains)}


def _figures(book: Rolled, trades: int) -> dict[str, float]:
    """Of a book. `growth_per_trade`: log growth over the most trades that any sizer made of the same signals."""
    return {
        "trades": float(book.trips),
        "growth_per_trade": book.growth / trades,
        "net_return": float(np.expm1(book.growth)),
        "max_drawdown": book.drawdown,
        "sharpe": described(np.expm1(book.gains)).sharpe,
    }


def _surely(gains: tuple[Floats, Floats], plan: Plan, timeframe: str, seed: int) -> dict[str, float | None]:
    """Log growth a candle beyond that of the one size that would have been best before: mean, one-sided 95 % bounds and
    the p-value of "it is 0 or less", by circular block bootstrap; None where the test is shorter than its blocks."""
    more = gains[0] - gains[1]
    block = 2 * (plan.hold // period(timeframe) + 1)
    if block >= len(more):
        return {"growth": float(more.mean()), "low": None, "high": None, "p_value": None}
    found = block_bootstrap(more, block, seed, _DRAWS)
    return {"growth": found.mean, "low": found.low, "high": found.high, "p_value": found.p_value}


def _hash(dataset: Dataset, book: Rolled) -> str:
    """Of all that it learned from: the signals' data, and what its book saw and earned."""
    digest = sha256(json.dumps([dataset.hash, list(INPUTS), len(book.rows)]).encode())
    for values in (book.rows, book.returns):
        digest.update(np.ascontiguousarray(np.where(np.isnan(values), np.nan, values), "<f8").data)
    return f"sha256:{digest.hexdigest()}"


def _heard(watch: Watch | None, step: str) -> Callable[[int, int], None] | None:
    return None if watch is None else lambda done, most: watch(step, done, most, None)


def _followed(watch: Watch | None, step: str) -> Callable[[int, int, float], None] | None:
    return None if watch is None else lambda done, most, reached: watch(step, done, most, -reached)
