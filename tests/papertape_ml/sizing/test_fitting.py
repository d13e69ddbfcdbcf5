"""Fitting a sizer: what can be earned is earned, what cannot is left alone, and twice is the same."""

from dataclasses import replace

import numpy as np
import pytest

from papertape_ml.errors import BadLabels, BadSettings, DeviceAbsent
from papertape_ml.sizing.fitting import SizerSettings, Trades, fit_sizer
from papertape_ml.sizing.growth import best_constant, log_growth
from papertape_ml.sizing.inputs import INPUTS

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

QUICK = SizerSettings(penalty=0.0, epochs=25, patience=10, batch=320, rate=4e-3, memory=0.95, decays=(2.0,), seed=3)


def trades(count: int, seed: int, edge: float = 1.0) -> tuple[Trades, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Even bets whose chance follows one input, and Kelly's fractions: 0 in half of the states."""
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(count, len(INPUTS)))
    fractions = edge * 0.9 * np.tanh(rows[:, 1])
    wins = chance.random(count) < (1.0 + fractions) / 2.0
    return Trades(rows, np.where(wins, 1.0, -1.0)), np.maximum(fractions, 0.0)


def parts(whole: Trades) -> tuple[Trades, Trades]:
    cut = len(whole) * 3 // 4
    return Trades(whole.rows[:cut], whole.returns[:cut]), Trades(whole.rows[cut:], whole.returns[cut:])


def test_an_edge_that_follows_an_input_is_bet_on_as_kelly_would() -> None:
    model = fit_sizer(*parts(trades(3_000, 1)[0]), QUICK).model
    tested, fractions = trades(20_000, 2)
    best = log_growth(fractions, tested.returns).mean()
    constant = log_growth(np.full(20_000, best_constant(tested.returns)), tested.returns).mean()
    found = log_growth(np.minimum(model.predict(tested.rows)[:, 0], 0.999), tested.returns).mean()
    assert constant < 0.2 * best
    assert found > 0.85 * best


def test_where_every_bet_loses_almost_nothing_is_bet() -> None:
    whole, _ = trades(2_000, 4, edge=0.0)
    worse = Trades(whole.rows, np.where(np.arange(2_000) % 3 == 0, 1.0, -1.0))
    assert fit_sizer(*parts(worse), QUICK).model.predict(worse.rows).mean() < 0.05


def test_a_penalty_on_drawdown_makes_smaller_bets() -> None:
    whole, _ = trades(2_000, 5)
    free, held = (fit_sizer(*parts(whole), replace(QUICK, penalty=each)).model for each in (0.0, 20.0))
    assert held.predict(whole.rows).mean() < 0.8 * free.predict(whole.rows).mean()


def test_the_unit_of_returns_does_not_matter_where_bets_stay_small() -> None:
    """A hundredth of the stake won or lost each time: Kelly would bet all of it on any edge."""
    whole, fractions = trades(3_000, 6)
    small = Trades(whole.rows, whole.returns / 100.0)
    said = fit_sizer(*parts(small), QUICK).model.predict(small.rows)[:, 0]
    assert said[fractions > 0.3].mean() > 0.9
    assert said[fractions == 0.0].mean() < 0.4


def test_twice_is_the_same_and_another_seed_is_not() -> None:
    quick = replace(QUICK, epochs=3)
    whole, _ = trades(1_000, 7)
    first, again, other = (
        fit_sizer(*parts(whole), each).model.files() for each in (quick, quick, replace(quick, seed=4))
    )
    assert first == again != other


def test_entries_with_a_missing_input_are_left_out() -> None:
    quick = replace(QUICK, epochs=3)
    whole, _ = trades(1_000, 8)
    holes = Trades(np.insert(whole.rows, 100, np.nan, axis=0), np.insert(whole.returns, 100, 0.5))
    cut = len(whole) * 3 // 4
    fit = Trades(holes.rows[: cut + 1], holes.returns[: cut + 1])
    stop = Trades(holes.rows[cut + 1 :], holes.returns[cut + 1 :])
    assert fit_sizer(fit, stop, quick).model.files() == fit_sizer(*parts(whole), quick).model.files()


def test_the_threads_of_torch_are_as_before() -> None:
    before = torch.get_num_threads()
    fit_sizer(*parts(trades(400, 9)[0]), replace(QUICK, epochs=1, threads=2 if before == 1 else 1))
    assert torch.get_num_threads() == before


def test_too_few_trades_and_odd_returns_are_refused() -> None:
    whole, _ = trades(400, 10)
    with pytest.raises(BadLabels, match="50 trades to stop on.*: 10"):
        fit_sizer(whole, Trades(whole.rows[:10], whole.returns[:10]), QUICK)
    with pytest.raises(BadLabels, match="finite"):
        fit_sizer(Trades(whole.rows, np.where(np.arange(400) == 7, np.nan, whole.returns)), whole, QUICK)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(DeviceAbsent, match="CUDA"):
        fit_sizer(*parts(trades(400, 11)[0]), replace(QUICK, device="cuda"))


@pytest.mark.parametrize(
    "wrong",
    [{"penalty": -1.0}, {"epochs": 0}, {"batch": 10}, {"decays": ()}, {"rate": 2.0}, {"memory": 1.0}, {"device": "x"}],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSettings):
        replace(QUICK, **wrong)  # type: ignore[arg-type]
