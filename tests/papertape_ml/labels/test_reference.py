"""Labels equal what plain loops give, see nothing after t1, and do not depend on the price's scale."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.scripted import MINUTE, Bar, walk
from tests.features.families.computed import computed
from tests.papertape_ml.labels.candles import columns, holed, ladder
from tests.papertape_ml.labels.reference import bracketed, end_of, forward_range, gaps

from papertape.contract.candle import Floats
from papertape.contract.errors import InvalidValue
from papertape_ml.labels import LabelSet, label, parse

pytest.importorskip("numba")

distances = st.sampled_from([0.5, 1.0, 2.5, 5.0, 8.0, 20.0, 25.0])
minutes = st.sampled_from([1, 2, 3, 5, 10])


@settings(max_examples=80, deadline=None)
@given(holed() | holed(each=ladder()), distances, distances, minutes, st.sampled_from(["long", "short"]))
def test_brackets_equal_the_plain_loop(bars: list[Bar], stop: float, target: float, most: int, side: str) -> None:
    candles = columns(bars)
    found = label(candles, "1m", parse(f"triple-barrier:{stop},{target},{most}m,side={side},fee=0"))
    sign = 1 if side == "long" else -1
    rows = [
        bracketed(candles, i, stop / 100, target / 100, most * MINUTE, MINUTE, sign) for i in range(candles.shape[1])
    ]
    there = [i for i, row in enumerate(rows) if row is not None]
    assert found.rows.tolist() == there
    assert [(t1, y) for t1, y in zip(found.t1.tolist(), found.y.tolist(), strict=True)] == [
        (row.t1, row.y) for row in rows if row is not None
    ]
    assert found.profit is not None
    gained = [sign * (row.price / candles[1, i + 1] - 1) for i, row in enumerate(rows) if row is not None]
    assert found.profit == pytest.approx(gained, abs=1e-12)
    assert len(found) + sum(found.dropped.values()) == candles.shape[1]
    before = label(candles, "1m", parse(f"tp-before-sl:{stop},{target},{most}m,side={side}"))
    assert before.y.tolist() == (found.y == 2).tolist()


@settings(max_examples=40, deadline=None)
@given(holed(), st.lists(minutes, min_size=1, max_size=3, unique=True), st.sampled_from([0.0, 1.0, 4.0]))
def test_directions_and_ranges_equal_the_plain_loop(bars: list[Bar], many: list[int], band: float) -> None:
    candles = columns(bars)
    words = ",".join(f"{each}m" for each in many)
    found = label(candles, "1m", parse(f"direction:{words},band={band}"))
    ranges = label(candles, "1m", parse(f"range:{words}"))
    rows, wide = [], []
    for i in range(candles.shape[1]):
        ends = [end_of(candles, i, each * MINUTE) if i + 1 < candles.shape[1] else None for each in many]
        if all(
            end is not None and not gaps(candles, i, end, MINUTE, each * MINUTE)
            for end, each in zip(ends, many, strict=True)
        ):
            moves = [candles[1, end] / candles[1, i + 1] - 1.0 for end in ends]
            classes = [2 if move > band / 100 else 0 if move < -band / 100 else 1 for move in moves]
            rows.append((i, max(int(candles[0, end]) for end in ends if end is not None), classes))
        spans = [forward_range(candles, i, each * MINUTE, MINUTE) for each in many]
        if all(spans):
            wide.append((i, max(span[0] for span in spans if span), [x for span in spans if span for x in span[1:]]))
    assert found.rows.tolist() == [row[0] for row in rows]
    assert found.t1.tolist() == [row[1] for row in rows]
    assert found.y.reshape(len(rows), len(many)).tolist() == [row[2] for row in rows]
    assert ranges.rows.tolist() == [row[0] for row in wide]
    assert ranges.t1.tolist() == [row[1] for row in wide]
    assert ranges.y.tolist() == [row[2] for row in wide]


def walked(count: int = 1_500, seed: int = 1) -> Floats:
    return columns(walk(seed, count, holes=0.05))


KINDS = (
    "direction:30m",
    "direction:30m,90m,band=2fees",
    "triple-barrier:1,2,2",
    "triple-barrier:1.5atr,3atr,1,side=short",
    "tp-before-sl:0.4vol,0.5vol,1",
    "act:1",
    "act:1,2,1",
    "range:6,18,36,72",
)


@pytest.mark.parametrize("kind", KINDS)
def test_candles_after_t1_change_nothing(kind: str) -> None:
    candles = walked()
    whole = label(candles, "1m", parse(kind))
    assert len(whole) > 500
    for cut in (700, 1_203):
        now = candles[0, cut]
        other = candles.copy()
        other[1:5, candles[0] >= now] *= 3.0
        # A candle that closes at t1 has been seen; so has the open of one that opens then.
        known = whole.t1 < now
        changed = label(other, "1m", parse(kind))
        assert _equal(whole, changed, known)
        short = label(candles[:, :cut].copy(), "1m", parse(kind))
        kept = np.isin(whole.rows, short.rows)
        assert _equal(whole, short, kept & known, np.isin(short.rows, whole.rows[known]))
        assert (short.t1 <= candles[0, cut - 1] + MINUTE).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_price_s_scale_means_nothing(kind: str) -> None:
    candles = walked(600, seed=2)
    whole = label(candles, "1m", parse(kind))
    for scale in (2.0**40, 2.0**-30):
        other = candles.copy()
        other[1:5] *= scale
        assert _equal(whole, label(other, "1m", parse(kind)), np.ones(len(whole), np.bool_))


def test_a_long_horizon_equals_the_plain_loop_over_many_blocks() -> None:
    candles = columns(walk(3, 12_000))
    found = label(candles, "1m", parse("triple-barrier:60,150,9000m,fee=0"))
    assert set(found.y.tolist()) == {0, 1, 2}
    for row in range(0, len(found), 97):
        i = int(found.rows[row])
        plain = bracketed(candles, i, 0.60, 1.50, 9_000 * MINUTE, MINUTE, 1)
        assert plain is not None and (plain.t1, plain.y) == (found.t1[row], found.y[row])


@pytest.mark.parametrize("side", ["long", "short"])
def test_distances_follow_what_was_known_at_the_decision(side: str) -> None:
    candles = walked(1_200, seed=4)
    atr, deviation = computed(["atr_14", "volatility_100"], candles).T
    entries = np.append(candles[1, 1:], np.nan)
    sign = 1 if side == "long" else -1
    fractions = {
        "1.5atr": 1.5 * atr / entries,
        "0.3vol": 0.3 * np.sqrt(90) * deviation,
        "2fees": np.full(len(entries), 2 * 2 * 0.001),
    }
    for unit, fraction in fractions.items():
        found = label(candles, "1m", parse(f"triple-barrier:{unit},{unit},90m,side={side}"))
        assert len(found) > 500 and ("no distance yet" in found.dropped) == bool(np.isnan(fraction[:-1]).any())
        for row, i in enumerate(found.rows.tolist()):
            plain = bracketed(candles, i, fraction[i], fraction[i], 90 * MINUTE, MINUTE, sign)
            assert plain is not None and (plain.t1, plain.y) == (found.t1[row], found.y[row])
    banded = label(candles, "1m", parse("direction:90m,band=0.3vol"))
    same = label(candles, "1m", parse("direction:90m,band=0"))
    moved = same.profit[np.isin(same.rows, banded.rows)] + 0.002 if same.profit is not None else np.empty(0)
    inside = np.abs(moved) < 0.9 * fractions["0.3vol"][banded.rows]
    assert (banded.y[inside] == 1).all() and inside.any() and (banded.y == 2).any() and (banded.y == 0).any()


def test_acting_on_either_side_takes_the_better_one() -> None:
    candles = walked(800, seed=5)
    long, short, either = (
        label(candles, "1m", parse(f"act:1,2,30m,side={side}")) for side in ("long", "short", "either")
    )
    assert long.profit is not None and short.profit is not None and either.profit is not None
    assert either.profit.tolist() == np.maximum(long.profit, short.profit).tolist()
    assert either.t1.tolist() == np.maximum(long.t1, short.t1).tolist()
    assert either.y.tolist() == (either.profit > 0).tolist()
    assert long.y.mean() < either.y.mean()


def test_profit_is_net_of_both_fees() -> None:
    candles = columns([(100.0, 100.0, 100.0, 100.0), (100.0, 103.0, 100.0, 102.0), (102.0, 103.0, 101.0, 102.0)])
    long, short = (
        label(candles, "1m", parse(f"triple-barrier:5,2.5,1m,fee=50,side={side}")) for side in ("long", "short")
    )
    assert long.profit == pytest.approx([1.025 * 0.995 - 1.005])
    assert short.profit == pytest.approx([0.995 - 1.02 * 1.005])
    either = label(candles, "1m", parse("act:1m,fee=50"))
    assert either.profit == pytest.approx([1.02 * 0.995 - 1.005]) and either.y.tolist() == [1]
    assert label(candles, "1m", parse("act:1m,fee=100")).y.tolist() == [0]


def test_drops_are_counted_by_reason() -> None:
    quiet: list[Bar] = [(100.0, 100.0, 100.0, 100.0)] * 150
    found = label(columns([*quiet, *[None] * 5, *quiet]), "1m", parse("triple-barrier:1vol,1vol,3m"))
    assert found.dropped == {"beyond the data": 4, "a gap longer than the horizon": 4, "no distance yet": 292}
    assert not len(found) and found.y.dtype == np.int64


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda candles: candles[:5], "shape"),
        (lambda candles: candles[:, :0], "no candles"),
        (lambda candles: np.where(candles == candles[4, 3], np.nan, candles), "not finite"),
        (lambda candles: candles[:, ::-1], "time order"),
        (lambda candles: candles * np.array([1, 1, 0.5, 1, 1, 1])[:, None], "outside their range"),
    ],
)
def test_what_is_no_candle_is_refused(change: Any, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        label(change(walked(50)), "1m", parse("direction:2m"))


def _equal(one: LabelSet, other: LabelSet, mine: Any, its: Any = None) -> bool:
    its = mine if its is None else its
    names = ("rows", "ts", "t0", "t1", "y", *(["profit"] if one.profit is not None else []))
    return all(getattr(one, name)[mine].tobytes() == getattr(other, name)[its].tobytes() for name in names)
