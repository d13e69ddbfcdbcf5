"""The 13 numbers that a position sizer looks at: one function computes them, for training and for serving.

`inputs_of` takes what the host gives a sizer. In training that is the very same object, from a session that trades the
training signals; so there is no second definition that could drift away from this one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Final

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.risk import SizingRequest
from papertape.contract.signal import Signal

CORRELATION: Final = "correlation_REF_50"
"""The feature behind `correlation_xrp_btc`: with the session's reference symbol, whichever that is."""

_OF_THE_MARKET: Final = ("atr_pct", "volatility_20", "volatility_regime", "adx_14", "ema_alignment")

FEATURES: Final = (*_OF_THE_MARKET, CORRELATION)
"""What `Sizer.features` must ask for."""

INPUTS: Final = (
    "signal_confidence",
    "signal_classifier_prob",
    *_OF_THE_MARKET,
    "current_drawdown_pct",
    "consecutive_losses",
    "portfolio_heat",
    "correlation_xrp_btc",
    "correlation_exposure",
    "expected_profit_after_fees",
)
"""Names of the inputs, in their order.

- `signal_confidence`: of the signal, 0 to 1.
- `signal_classifier_prob`: the chance that the signal is right, as its strategy says in `metadata["probability"]`; its
  confidence where it says none.
- `atr_pct`, `volatility_20`, `volatility_regime`, `adx_14`, `ema_alignment`: the features of those names.
- `current_drawdown_pct`: how far the book's equity is below its highest mark, as a fraction of that.
- `consecutive_losses`: how many of the book's last round trips lost, up to the last one that did not.
- `portfolio_heat`: gross exposure of what the book holds already, per unit of equity.
- `correlation_xrp_btc`: correlation of the symbol with the reference symbol; the name is that of the first such pair.
- `correlation_exposure`: how much of what is held already moves with the entry: the sum over the other holdings of
  their signed notional per unit of equity x their correlation with the symbol, positive where it moves the same way.
- `expected_profit_after_fees`: probability x target - (1 - probability) x stop - both fees, as a fraction of notional.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to be sized, in plain values.

    `side`: 1 long, -1 short. `confidence`, `probability`: 0 to 1. `features`: values by the names in `FEATURES`.
    `equity`: of the book, above 0, quote currency; `drawdown`: a fraction; `trips`: profits of closed round trips,
    oldest first. `held`: signed notional of each holding by symbol, quote currency, and `correlations` of the others
    with the reference symbol, NaN or absent where not known. `stop`, `target`: distances from the price as fractions of
    it, None where the signal has none. `fee`: of a taker, one way, as a fraction of notional.
    """

    symbol: str
    side: int
    confidence: float
    probability: float
    features: Mapping[str, float]
    equity: float
    drawdown: float = 0.0
    trips: tuple[float, ...] = ()
    held: Mapping[str, float] = field(default_factory=dict)
    correlations: Mapping[str, float] = field(default_factory=dict)
    stop: float | None = None
    target: float | None = None
    fee: float = 0.0


def inputs_of(request: SizingRequest) -> Floats:
    """The inputs `(13,)` float64 of an entry as the host puts it, in the order of `INPUTS`; NaN where a feature is.

    The sizer's `features` must be `FEATURES`. No bit of it depends on the order of the holdings.
    """
    signal, symbol = request.signal, request.signal.symbol
    price = float(request.price)
    held = {other: value for other, value in request.notionals().items() if value}
    own = request.features(symbol)
    return inputs(
        Entry(
            symbol=symbol,
            side=1 if request.side == "buy" else -1,
            confidence=float(signal.confidence),
            probability=claimed(signal),
            features={name: own[name] for name in FEATURES},
            equity=float(request.equity),
            drawdown=request.drawdown,
            trips=request.trips,
            held=held,
            correlations={other: request.features(other)[CORRELATION] for other in held if other != symbol},
            stop=None if signal.stop_loss is None else abs(signal.stop_loss - price) / price,
            target=None if signal.take_profit is None else abs(signal.take_profit - price) / price,
            fee=float(request.instrument.taker),
        )
    )


def inputs(entry: Entry) -> Floats:
    """The inputs `(13,)` float64 of an entry, in the order of `INPUTS`; NaN where a feature is.

    A correlation between two symbols is taken from theirs with the reference, as if that were all they have in common:
    the product of both. A holding whose own is not known (it has no candle in this batch) counts as moving with the
    reference.
    """
    of_reference = entry.features[CORRELATION]
    together = [
        notional * of_reference * _known(entry.correlations.get(other, math.nan), 1.0)
        for other, notional in entry.held.items()
        if other != entry.symbol
    ]
    return np.array(
        (
            entry.confidence,
            entry.probability,
            *(entry.features[name] for name in _OF_THE_MARKET),
            entry.drawdown,
            losses_in_a_row(entry.trips),
            math.fsum(map(abs, entry.held.values())) / entry.equity,
            of_reference,
            entry.side * math.fsum(together) / entry.equity + 0.0,  # never -0
            expected_profit(entry),
        ),
        np.float64,
    )


def expected_profit(entry: Entry) -> float:
    """Net profit that the entry promises, as a fraction of its notional.

    A leg that the signal does not have is as far away as the other; without both, they are one `atr_pct` away.
    """
    stop = entry.stop if entry.stop is not None else entry.target
    target = entry.target if entry.target is not None else stop
    if stop is None or target is None:
        stop = target = entry.features["atr_pct"]
    return entry.probability * target - (1.0 - entry.probability) * stop - 2.0 * entry.fee


def losses_in_a_row(trips: tuple[float, ...]) -> int:
    """How many of the last round trips lost, up to the last one that did not.

    >>> losses_in_a_row((-0.01, 0.02, -0.01, -0.03))
    2
    """
    count = 0
    for profit in reversed(trips):
        if profit >= 0:
            break
        count += 1
    return count


def claimed(signal: Signal) -> float:
    """The chance that a signal is right: a number from 0 to 1 in `metadata["probability"]`, else its confidence."""
    said = signal.metadata.get("probability")
    if isinstance(said, Real) and not isinstance(said, bool) and 0.0 <= float(said) <= 1.0:
        return float(said)
    return float(signal.confidence)


def _known(value: float, otherwise: float) -> float:
    return otherwise if math.isnan(value) else value
