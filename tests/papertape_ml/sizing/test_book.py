"""The book that a sizer learns from: the broker's own trades, and what was seen at each entry."""

import numpy as np
import pytest
from tests.papertape_ml.sizing.market import MINUTE, close_at, signals, venue

from papertape.contract.candle import OPEN, TS
from papertape.engine.config import Spec
from papertape_ml.labels import label, parse
from papertape_ml.models.contract import Array
from papertape_ml.sizing.book import roll
from papertape_ml.sizing.inputs import INPUTS
from papertape_ml.sizing.players import Plan

pytest.importorskip("numba")
COLUMN = {name: place for place, name in enumerate(INPUTS)}


class Says:
    """A sizer's answers by one rule."""

    def __init__(self, part: float) -> None:
        self.part = part

    def predict(self, rows: Array) -> Array:
        return np.full((len(rows), 1), self.part)


def test_without_a_bracket_a_trade_brings_what_its_label_says() -> None:
    """The label's profit is computed by other code: longs by `direction`, shorts by `act` of that side."""
    where = venue(("A", "B"))
    said = signals(where)
    rolled = roll(said, Plan(6 * MINUTE), where, 0.1)
    assert len(rolled.signals) == len(said) == rolled.trips
    for side, spec in ((1, "direction:6c,band=0"), (-1, "act:6c,side=short")):
        profits: dict[tuple[int, int], float] = {}
        for slot, one in enumerate(where.candles.values()):
            found = label(one, "1m", parse(spec))
            assert found.profit is not None
            profits |= {(slot, at): profit for at, profit in zip(found.t0.tolist(), found.profit, strict=True)}
        mine = said.side[rolled.signals] == side
        keys = zip(said.symbol[rolled.signals][mine], said.at[rolled.signals][mine], strict=True)
        assert rolled.returns[mine] == pytest.approx([profits[key] for key in keys], abs=1e-6)
        assert mine.sum() > 20


def test_with_a_bracket_a_trade_ends_at_the_leg_that_is_reached() -> None:
    where = venue(fee_bps=0.0)
    said = signals(where, every=30)
    plan = Plan(20 * MINUTE, stop=0.0005, target=0.0005)
    rolled = roll(said, plan, where, 0.1)
    one = where.candles["A"]
    entries = one[OPEN, np.searchsorted(one[TS], said.at[rolled.signals])]
    closes = [close_at(where, "A", int(at)) for at in said.at[rolled.signals]]
    won = said.side[rolled.signals] * (np.array(closes) / entries * (1 + 0.0005 * said.side[rolled.signals]) - 1)
    lost = said.side[rolled.signals] * (np.array(closes) / entries * (1 - 0.0005 * said.side[rolled.signals]) - 1)
    at_target = np.isclose(rolled.returns, won, atol=1e-7)
    at_stop = np.isclose(rolled.returns, lost, atol=1e-7)
    assert at_target.sum() > 5 and at_stop.sum() > 5
    assert (at_target | at_stop | (np.abs(rolled.returns) < 0.01)).all()


def test_what_was_seen_is_the_book_as_it_stood() -> None:
    where = venue()
    rolled = roll(signals(where), Plan(6 * MINUTE), where, 0.5)
    losses, run = [], 0
    for profit in rolled.returns:
        losses.append(run)
        run = run + 1 if profit < 0 else 0
    assert rolled.rows[:, COLUMN["consecutive_losses"]].tolist() == losses and max(losses) > 2
    fallen = rolled.rows[:, COLUMN["current_drawdown_pct"]]
    assert fallen[0] == 0.0 and 0.0 < fallen.max() <= rolled.drawdown + 1e-9
    assert not rolled.rows[:, COLUMN["portfolio_heat"]].any()  # one symbol: flat whenever something is entered
    assert not np.isnan(rolled.rows).any()
    assert rolled.rows[:, COLUMN["signal_classifier_prob"]].tolist() == signals(where).confidence.tolist()


def test_other_holdings_are_heat() -> None:
    where = venue(("A", "B"), fee_bps=0.0)
    both = signals(where, every=30)
    rolled = roll(both, Plan(10 * MINUTE), where, 0.3)
    heat = rolled.rows[:, COLUMN["portfolio_heat"]]
    assert not heat.any()  # entries of one close are sized before any of them is filled
    late = both.at + np.where(both.symbol == 1, 3 * MINUTE, 0)
    order = np.argsort(late, kind="stable")
    shifted = both.where(np.ones(len(both), np.bool_))
    shifted.at[:] = late[order]
    shifted.symbol[:], shifted.side[:] = both.symbol[order], both.side[order]
    rolled = roll(shifted, Plan(10 * MINUTE), where, 0.3)
    second = shifted.symbol[rolled.signals] == 1
    assert rolled.rows[second][:, COLUMN["portfolio_heat"]] == pytest.approx(0.3, abs=0.01)
    assert np.abs(rolled.rows[second][:, COLUMN["correlation_exposure"]]).max() <= 0.31


def test_what_a_sizer_refuses_is_not_traded_unless_it_is_learned_from() -> None:
    where, plan = venue(), Plan(6 * MINUTE)
    said = signals(where)
    assert roll(said, plan, where, Says(0.0)).trips == 0  # type: ignore[arg-type]
    assert roll(said, plan, where, Says(float("nan"))).trips == 0  # type: ignore[arg-type]
    probed = roll(said, plan, where, Says(0.0), least=0.01)  # type: ignore[arg-type]
    assert probed.trips == len(said) and (probed.parts == 0.01).all()
    assert probed.returns == pytest.approx(roll(said, plan, where, 0.5).returns, abs=1e-5)


def test_growth_is_that_of_the_trades() -> None:
    where = venue()
    rolled = roll(signals(where), Plan(6 * MINUTE), where, 0.5)
    assert rolled.growth == pytest.approx(np.log1p(0.5 * rolled.returns).sum(), rel=0.02, abs=1e-4)
    assert len(rolled.gains) < where.candles["A"].shape[1]  # warm-up is left out


def test_sizers_of_the_host_trade_the_same_signals() -> None:
    where = venue()
    rolled = roll(signals(where), Plan(6 * MINUTE), where, Spec("fixed-fraction", {"fraction": "0.5"}))
    ours = roll(signals(where), Plan(6 * MINUTE), where, 0.5)
    assert rolled.gains == pytest.approx(ours.gains, abs=1e-9)
    assert rolled.trips == ours.trips and not len(rolled.rows)


def test_candles_after_the_last_trade_are_not_looked_at() -> None:
    where = venue()
    said = signals(where)
    cut = said.where(said.at <= int(np.median(said.at)))
    whole = roll(said, Plan(6 * MINUTE), where, 0.5)
    part = roll(cut, Plan(6 * MINUTE), where, 0.5)
    assert part.returns.tolist() == whole.returns[: len(part.returns)].tolist()
    assert part.rows.tobytes() == whole.rows[: len(part.rows)].tobytes()
