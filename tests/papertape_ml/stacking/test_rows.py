"""Rows to learn from: each at its close, none that a member's model could know by heart."""

import numpy as np
import pytest
from tests.papertape_ml.stacking.heard import LABEL, MINUTE, candles, moves, never, noise, stances, wise

from papertape.contract.errors import RequestError
from papertape.contract.model import ModelPin
from papertape_ml.errors import BadLabels, WrongInputs
from papertape_ml.labels import parse
from papertape_ml.models.stacking import inputs_of
from papertape_ml.stacking.rows import KNOWN, OUTSIDE, UNSPOKEN, rows_of

pytest.importorskip("numba")
SPEC = parse(LABEL)
PIN = ModelPin("signal", 3, "sha256:" + "0" * 64)


def test_a_row_is_what_stood_at_its_close_and_what_came_of_it() -> None:
    said = {"wise": wise(), "noise": noise()}
    data, market = rows_of([(stances(said), candles())], SPEC, never)
    one = candles()["A"]
    at = np.searchsorted(one[0], data.t0 - MINUTE)
    assert data.names == inputs_of(("wise", "noise")) and list(market) == ["A"] and len(data) > 2_500
    assert data.features[:, 0].tolist() == said["wise"][at].tolist()
    assert data.features[:, 2].tolist() == np.nan_to_num(said["noise"][at]).tolist()
    assert data.features[:, 3].tolist() == np.isnan(said["noise"][at]).tolist()
    assert (data.y - 1).tolist() == moves()[at].tolist()
    assert ((data.t1 - data.t0) >= 3 * MINUTE).all() and data.weight.mean() == pytest.approx(1.0)
    assert data.feature_set_hash != rows_of([(stances({"x": wise()}), candles())], SPEC, never)[0].feature_set_hash


def test_what_a_members_model_had_learned_from_is_left_out() -> None:
    made = stances({"wise": wise()}, pins=(PIN,))
    middle = int(made.times[1_500])
    data, _ = rows_of([(made, candles())], SPEC, {PIN: middle}.__getitem__)
    assert data.t0.min() == middle + MINUTE
    assert data.dropped[KNOWN] > 1_000
    with pytest.raises(RequestError, match="learned from"):
        rows_of([(made, candles())], SPEC, {PIN: int(made.times[-1])}.__getitem__)


def test_closes_before_anybody_spoke_and_outside_of_the_session_are_no_rows() -> None:
    said = noise()
    said[:400] = np.nan
    said[400] = 0.5
    made = stances({"late": said})
    data, _ = rows_of([(made, candles())], SPEC, never)
    assert data.t0.min() == made.times[400] and data.dropped[UNSPOKEN] > 200
    short = stances({"late": said}, last=int(made.times[999]))
    data, _ = rows_of([(short, candles())], SPEC, never)
    assert data.t0.max() == made.times[999] and data.dropped[OUTSIDE] > 1_900


def test_several_sessions_are_learned_from_together_member_by_member() -> None:
    one = stances({"a": wise(), "b": noise()}, "s1")
    two = stances({"b": noise(), "a": wise()}, "s2")
    data, market = rows_of([(one, candles()), (two, candles())], SPEC, never)
    assert list(market) == ["A of s1", "A of s2"] and data.symbols == tuple(market)
    first, second = (data.features[data.symbol == slot] for slot in (0, 1))
    assert first.tolist() == second.tolist()
    assert (np.diff(data.t0) >= 0).all()


def test_sessions_of_other_members_or_timeframes_are_refused_by_name() -> None:
    one = (stances({"a": wise(), "b": noise()}, "s1"), candles())
    with pytest.raises(WrongInputs, match="s1 and s2.*members are a, b and a, c"):
        rows_of([one, (stances({"a": wise(), "c": noise()}, "s2"), candles())], SPEC, never)


@pytest.mark.parametrize("label", ["direction:3c,6c", "act:3c", "triple-barrier:1,1,1h"])
def test_another_label_is_refused(label: str) -> None:
    with pytest.raises(BadLabels, match="direction:H"):
        rows_of([(stances({"a": wise()}), candles())], parse(label), never)
