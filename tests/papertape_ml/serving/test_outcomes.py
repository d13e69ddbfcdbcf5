"""What a session finds out about a decision is the label that training would have given it."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.papertape_ml.data.markets import MINUTE, market
from tests.papertape_ml.labels.candles import columns, holed, ladder

from papertape.contract.candle import Floats
from papertape.contract.errors import InvalidValue
from papertape_ml.labels import label, parse
from papertape_ml.serving.outcomes import Outcomes

LABELS = (
    "direction:6c",
    "direction:2m,7m,band=0.2%",
    "direction:3m,band=1fees",
    "SL0.2_TP0.3_H0.3",
    "triple-barrier:1vol,2vol,30m,side=short",
    "tp-before-sl:0.2,0.3,0.5",
    "act:10m",
    "act:5m,side=short",
    "act:0.2,0.3,0.5",
    "act:1vol,1.5vol,12m,fee=2",
    "range:6,18",
)


def known(candles: Floats, text: str) -> list[dict[int, object]]:
    """By horizon: what training says of each row that it keeps."""
    spec = parse(text)
    found = label(candles, "1m", spec)
    y = found.y.reshape(len(found), len(spec.outputs))
    width = y.shape[1] // len(spec.horizons)
    return [
        {
            int(row): tuple(y[at, width * place : width * (place + 1)].tolist()) if width > 1 else y[at, place].item()
            for at, row in enumerate(found.rows)
        }
        for place in range(len(spec.horizons))
    ]


def told(candles: Floats, text: str) -> list[dict[int, object]]:
    """By horizon: what a session finds out, row by row."""
    spec = parse(text)
    outcomes = Outcomes(spec, "1m")
    ask = outcomes.extremes if spec.kind == "range" else outcomes.y
    return [
        {row: found for row in range(candles.shape[1]) if (found := ask(candles, row, each)) is not None}
        for each in spec.horizons
    ]


@pytest.mark.parametrize("text", LABELS)
def test_each_row_of_a_history_has_its_label_to_the_bit(text: str) -> None:
    candles = market(seed=3, count=500)["A"]
    for ours, theirs in zip(told(candles, text), known(candles, text), strict=True):
        assert len(theirs) > 100
        assert {row: ours[row] for row in theirs} == theirs  # several horizons: training keeps rows that all have
        assert len(parse(text).horizons) > 1 or ours.keys() == theirs.keys()


@pytest.mark.parametrize("text", ["SL20_TP25_H0.1", "act:20,25,0.2", "direction:4m,band=20%", "range:3"])
@settings(max_examples=30, deadline=None)
@given(bars=holed(each=ladder()))
def test_ties_touches_and_gaps_go_the_same_way(text: str, bars: list[tuple[float, ...] | None]) -> None:
    candles = columns(bars)
    assert told(candles, text) == known(candles, text)


def test_distances_in_average_true_ranges_agree() -> None:
    """Wilder's average never quite forgets: a row that lies on the edge could fall to either side; none does here."""
    candles = market(seed=3, count=900)["A"]
    text = "triple-barrier:1atr,2atr,30m"
    (ours,), (theirs,) = told(candles, text), known(candles, text)
    assert {row: ours[row] for row in theirs} == theirs and len(theirs) > 300


@pytest.mark.parametrize("text", ["direction:6c", "SL0.2_TP0.3_H0.3", "range:6"])
def test_what_lies_before_the_look_back_or_beyond_the_horizon_changes_nothing(text: str) -> None:
    spec = parse(text)
    outcomes = Outcomes(spec, "1m")
    candles = market(seed=4, count=400)["B"]
    (horizon,) = spec.horizons
    ask = outcomes.extremes if spec.kind == "range" else outcomes.y
    compared = 0
    for at in range(outcomes.lookback, 300, 7):
        due = candles[0, at] + MINUTE + outcomes.due(horizon)
        end = int(np.searchsorted(candles[0], due - MINUTE, side="right"))
        part = candles[:, at + 1 - outcomes.lookback : end]
        early = ask(part, outcomes.lookback - 1, horizon)
        if early is not None:  # a candle is missing at the end: it is known later
            assert early == ask(candles, at, horizon)
            compared += 1
    assert compared > 20


def test_it_is_not_known_a_candle_before_it_is_due() -> None:
    spec = parse("direction:6c,band=0.1%")
    outcomes = Outcomes(spec, "1m")
    ts = np.arange(20) * float(MINUTE)
    candles = np.array([ts, *np.full((4, 20), 100.0), np.ones(20)])
    (horizon,) = spec.horizons
    assert outcomes.due(horizon) == 7 * MINUTE  # the open after the horizon is known when its candle has closed
    assert outcomes.y(candles[:, : 3 + 7], 2, horizon) == 1
    assert outcomes.y(candles[:, : 3 + 6], 2, horizon) is None
    ahead = Outcomes(parse("range:6"), "1m")
    assert ahead.due(ahead.spec.horizons[0]) == 6 * MINUTE
    assert ahead.extremes(candles[:, : 3 + 6], 2, ahead.spec.horizons[0]) == (0.0, 0.0)
    assert ahead.extremes(candles[:, : 3 + 5], 2, ahead.spec.horizons[0]) is None


def test_threads_do_not_mix_what_they_ask() -> None:
    outcomes = Outcomes(parse("direction:6c"), "1m")
    candles = market(seed=5, count=600)["A"]
    (horizon,) = outcomes.spec.horizons
    rows = range(110, 560)
    alone = [outcomes.y(candles, row, horizon) for row in rows]
    found: dict[int, list[int | None]] = {}

    def ask(number: int) -> None:
        found[number] = [outcomes.y(candles, row, horizon) for row in rows]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(found.values()) == [alone] * 4


def test_any_view_of_candles_will_do() -> None:
    candles = market(seed=5, count=300)["A"]
    outcomes = Outcomes(parse("direction:6c"), "1m")
    (horizon,) = outcomes.spec.horizons
    fortran = np.asfortranarray(candles)
    shut = np.frombuffer(candles.tobytes()).reshape(candles.shape)
    assert [outcomes.y(view, 200, horizon) for view in (candles, fortran, shut, candles[:, 50:])[:3]] == [
        outcomes.y(candles[:, 50:], 150, horizon)
    ] * 3


def test_a_horizon_shorter_than_a_candle_is_refused() -> None:
    with pytest.raises(InvalidValue, match="shorter than a candle"):
        Outcomes(parse("direction:30m"), "1h")


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_log_returns_are_those_from_entry_to_the_open_at_the_end(data: st.DataObject) -> None:
    candles = market(seed=6, count=100)["A"]
    outcomes = Outcomes(parse("direction:6c,band=0.1%"), "1m")
    (horizon,) = outcomes.spec.horizons
    at = data.draw(st.integers(0, 99))
    gain, way = outcomes.gain(candles, at, horizon), outcomes.y(candles, at, horizon)
    assert (gain is None) == (way is None)
    if gain is not None:
        end = np.searchsorted(candles[0], candles[0, at + 1] + 6 * MINUTE)
        assert gain == pytest.approx(np.log(candles[1, end] / candles[1, at + 1]), abs=1e-15)
