import itertools
import math

import numpy as np
import pytest

from papertape_ml.judging.overfitting import overfitting


def test_two_trials_in_two_blocks_by_hand() -> None:
    """Trial 0 is the better in the first half, trial 1 in the second: whoever is chosen is the worse one next."""
    returns = np.array([[3.0, -1.0], [1.0, 0.0], [-1.0, 3.0], [0.0, 1.0]])
    found = overfitting(returns, blocks=2)
    assert found.probability == 1.0
    # The chosen one has rank 1 of 2: omega = 1 / 3, logit log(1 / 2).
    assert found.logits == pytest.approx([math.log(0.5)] * 2)


def test_a_trial_that_is_better_everywhere_is_no_luck() -> None:
    rng = np.random.default_rng(2)
    returns = rng.normal(size=(800, 10))
    returns[:, 4] += 1.0
    found = overfitting(returns)
    assert found.probability == 0.0
    assert len(found.logits) == math.comb(16, 8)
    assert found.logits == pytest.approx(math.log(10 / 1))


def test_choosing_among_noise_is_a_coin_toss() -> None:
    rng = np.random.default_rng(3)
    found = [overfitting(rng.normal(size=(240, 20)), blocks=8).probability for _ in range(40)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.08)


def test_the_sums_by_blocks_give_what_the_definition_gives() -> None:
    rng = np.random.default_rng(4)
    returns = rng.normal(size=(61, 5))
    returns[:, 3] = returns[:, 1]  # equal trials share a rank
    returns[:, 4] = 0.0
    blocks = np.split(returns[1:], 6)

    def ratios(chosen: tuple[int, ...]) -> np.ndarray:
        rows = np.concatenate([blocks[k] for k in chosen])
        spread = rows.std(axis=0)
        return np.where(spread > 0, rows.mean(axis=0) / np.where(spread > 0, spread, 1), 0.0)

    expected = []
    for half in itertools.combinations(range(6), 3):
        other = ratios(tuple(k for k in range(6) if k not in half))
        mine = ratios(half)
        best = int(mine.argmax())
        equal = np.isclose(other, other[best], rtol=1e-9)
        rank = ((other < other[best]) & ~equal).sum() + (equal.sum() + 1) / 2
        share = rank / 6
        expected.append(math.log(share / (1 - share)))
    found = overfitting(returns, blocks=6)
    assert found.logits == pytest.approx(expected)
    assert found.probability == np.mean(np.array(expected) <= 1e-12)


def test_units_do_not_matter() -> None:
    returns = np.random.default_rng(5).normal(size=(64, 6))
    wide = returns * np.array([1e-200, 1e200, 1.0, 1e-9, 1e9, 3.0])
    assert overfitting(wide, blocks=8).logits == pytest.approx(overfitting(returns, blocks=8).logits)


@pytest.mark.parametrize(("rows", "trials", "blocks"), [(100, 5, 7), (31, 5, 16), (100, 1, 16), (100, 5, 0)], ids=str)
def test_what_cannot_be_cut_is_refused(rows: int, trials: int, blocks: int) -> None:
    with pytest.raises(ValueError, match="an even number"):
        overfitting(np.zeros((rows, trials)), blocks)
