"""The inputs of a sizer: each by hand, and the same from what the host gives."""

from dataclasses import replace
from decimal import Decimal
from math import isnan, nan

import numpy as np
import pytest

from papertape import Candles, Features, Instrument, Signal, SizingRequest
from papertape_ml.sizing.inputs import CORRELATION, FEATURES, INPUTS, Entry, claimed, expected_profit, inputs, inputs_of

VALUES = dict(zip(FEATURES, (0.01, 0.02, 1.0, 25.0, -1.0, 0.5), strict=True))
ENTRY = Entry(
    symbol="XRP",
    side=1,
    confidence=0.7,
    probability=0.6,
    features=VALUES,
    equity=10_000.0,
    drawdown=0.1,
    trips=(-0.01, 0.02, -0.01, -0.03),
    held={"BTC": 2_000.0, "ETH": -1_000.0},
    correlations={"BTC": 1.0, "ETH": 0.8},
    stop=0.015,
    target=0.03,
    fee=0.001,
)


def of(entry: Entry) -> dict[str, float]:
    return dict(zip(INPUTS, inputs(entry).tolist(), strict=True))


def test_every_input_of_an_entry_by_hand() -> None:
    assert of(ENTRY) == pytest.approx({
        "signal_confidence": 0.7,
        "signal_classifier_prob": 0.6,
        "atr_pct": 0.01,
        "volatility_20": 0.02,
        "volatility_regime": 1.0,
        "adx_14": 25.0,
        "ema_alignment": -1.0,
        "current_drawdown_pct": 0.1,
        "consecutive_losses": 2.0,
        "portfolio_heat": 0.3,
        "correlation_xrp_btc": 0.5,
        "correlation_exposure": (2_000 * 0.5 * 1.0 - 1_000 * 0.5 * 0.8) / 10_000,
        "expected_profit_after_fees": 0.6 * 0.03 - 0.4 * 0.015 - 0.002,
    })  # fmt: skip


def test_a_short_is_exposed_the_other_way() -> None:
    assert of(replace(ENTRY, side=-1))["correlation_exposure"] == -of(ENTRY)["correlation_exposure"]


def test_what_is_held_of_the_symbol_itself_is_heat_but_no_other_holding() -> None:
    found = of(replace(ENTRY, held={"XRP": 5_000.0}, correlations={}))
    assert found["portfolio_heat"] == 0.5 and found["correlation_exposure"] == 0.0


def test_a_holding_that_is_not_known_counts_as_moving_with_the_reference() -> None:
    for known in ({"BTC": nan, "ETH": 0.8}, {"ETH": 0.8}):
        assert of(replace(ENTRY, correlations=known)) == of(ENTRY)


def test_no_bit_depends_on_the_order_of_the_holdings() -> None:
    chance = np.random.default_rng(1)
    names = [f"S{k}" for k in range(9)]
    held = dict(zip(names, (chance.normal(0, 1e3, 9) * 10.0 ** chance.integers(-6, 6, 9)).tolist(), strict=True))
    turned = {name: held[name] for name in reversed(names)}
    known = dict(zip(names, chance.uniform(-1, 1, 9).tolist(), strict=True))
    both = [inputs(replace(ENTRY, held=each, correlations=known)) for each in (held, turned)]
    assert both[0].tobytes() == both[1].tobytes()


@pytest.mark.parametrize("name", FEATURES)
def test_a_missing_feature_is_a_missing_input(name: str) -> None:
    assert np.isnan(inputs(replace(ENTRY, features=VALUES | {name: nan}))).any()


@pytest.mark.parametrize(
    ("stop", "target", "distances"),
    [(0.02, None, (0.02, 0.02)), (None, 0.05, (0.05, 0.05)), (None, None, (0.01, 0.01)), (0.02, 0.05, (0.02, 0.05))],
)
def test_a_leg_that_is_missing_is_as_far_as_the_other_or_one_average_range(
    stop: float | None, target: float | None, distances: tuple[float, float]
) -> None:
    wanted = 0.6 * distances[1] - 0.4 * distances[0] - 0.002
    assert expected_profit(replace(ENTRY, stop=stop, target=target)) == pytest.approx(wanted)


@pytest.mark.parametrize("said", [0.9, np.float64(0.9), 1, Decimal("0.9")])
def test_the_probability_is_the_strategys_own_where_it_says_one(said: object) -> None:
    signal = Signal.buy("XRP", confidence=0.3, metadata={"probability": said})
    assert claimed(signal) == (0.3 if isinstance(said, Decimal) else float(said))  # type: ignore[arg-type]


@pytest.mark.parametrize("said", [1.5, -0.1, nan, "0.9", None, True])
def test_what_is_no_probability_is_not_taken_for_one(said: object) -> None:
    assert claimed(Signal.buy("XRP", confidence=0.3, metadata={"probability": said})) == 0.3


@pytest.mark.parametrize(("action", "side", "legs"), [("buy", 1, (98.5, 103.0)), ("short", -1, (101.5, 97.0))])
def test_what_the_host_asks_gives_the_same_as_plain_values(action: str, side: int, legs: tuple[float, float]) -> None:
    correlations = {"XRP": 0.5, "BTC": 1.0, "ETH": 0.8, "SOL": nan}
    places = {name: place for place, name in enumerate(FEATURES)}

    def features(symbol: str) -> Features:
        return Features(places, np.array(list((VALUES | {CORRELATION: correlations[symbol]}).values())).tobytes())

    request = SizingRequest(
        now=0,
        signal=Signal("XRP", action, confidence=0.7, stop_loss=legs[0], take_profit=legs[1],  # type: ignore[arg-type]
                      metadata={"probability": 0.6}),
        side="buy" if side > 0 else "sell",
        instrument=Instrument("XRP", "USDT"),
        price=Decimal(100),
        equity=Decimal(10_000),
        cash=Decimal(9_000),
        symbols=4,
        period=60_000,
        trips=ENTRY.trips,
        window=lambda: Candles.pack([]),
        drawdown=0.1,
        notionals=lambda: {"BTC": 2_000.0, "ETH": -1_000.0, "SOL": 0.0},
        features=features,
    )  # fmt: skip
    assert inputs_of(request).tolist() == pytest.approx(inputs(replace(ENTRY, side=side)).tolist())
    assert not isnan(inputs_of(request).sum())
