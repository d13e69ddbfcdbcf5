import numpy as np
import pytest

from papertape_ml.judging.bootstrap import block_bootstrap, block_for, drawn_columns, drawn_means


def test_blocks_run_on_over_the_end() -> None:
    """With a block as long as the series every draw is the series itself, turned."""
    values = np.array([1.0, 5.0, 2.0, 8.0])
    assert drawn_means(values, block=4, seed=1, draws=50) == pytest.approx(np.full(50, 4.0))


def test_the_last_block_is_cut() -> None:
    """Five values in blocks of 3: a whole block and two of another. By hand over all 25 pairs of beginnings."""
    values = np.array([0.0, 1.0, 0.0, 0.0, 10.0])
    twice = np.concatenate((values, values))
    possible = {round((twice[a : a + 3].sum() + twice[b : b + 2].sum()) / 5, 9) for a in range(5) for b in range(5)}
    drawn = {round(float(mean), 9) for mean in drawn_means(values, block=3, seed=3, draws=2_000)}
    assert drawn == possible


def test_the_spread_of_independent_values_is_the_textbooks() -> None:
    values = np.random.default_rng(1).normal(0.3, 2.0, 400)
    means = drawn_means(values, block=1, seed=2, draws=4_000)
    assert means.mean() == pytest.approx(values.mean(), abs=0.01)
    assert means.std() == pytest.approx(values.std() / 20, rel=0.05)


def test_neighbours_that_move_together_widen_the_bounds() -> None:
    values = np.repeat(np.random.default_rng(1).normal(size=100), 10)
    alone, together = (block_bootstrap(values, block, seed=1) for block in (1, 20))
    assert (together.high - together.low) > 2 * (alone.high - alone.low)


def test_the_same_seed_gives_the_same_bounds() -> None:
    values = np.random.default_rng(1).normal(size=100)
    assert block_bootstrap(values, 5, seed=9) == block_bootstrap(values, 5, seed=9)
    assert block_bootstrap(values, 5, seed=9) != block_bootstrap(values, 5, seed=8)


def test_p_values_without_an_edge_are_uniform() -> None:
    rng = np.random.default_rng(11)
    found = sorted(block_bootstrap(rng.normal(size=500), 5, seed, draws=400).p_value for seed in range(300))
    steps = np.arange(1, 301) / 300
    assert np.abs(np.array(found) - steps).max() < 1.63 / np.sqrt(300)  # Kolmogorov's 1 % bound


def test_an_edge_is_found() -> None:
    values = np.random.default_rng(1).normal(0.5, 1.0, 500)
    found = block_bootstrap(values, 5, seed=1)
    assert found.p_value == pytest.approx(1 / 2001)
    assert 0 < found.low < found.mean < found.high
    assert block_bootstrap(-values, 5, seed=1).p_value == 1.0


@pytest.mark.parametrize("block", [0, 4])
def test_blocks_that_do_not_fit_are_refused(block: int) -> None:
    with pytest.raises(ValueError, match="blocks of"):
        block_bootstrap(np.zeros(3), block, seed=1)


def test_columns_are_drawn_together() -> None:
    """A column and its opposite sum to nothing in every draw: a paired difference has the bounds of a pair."""
    values = np.random.default_rng(1).normal(size=200)
    drawn = drawn_columns(np.stack((values, -values, values**2), axis=1), 7, seed=1, draws=50)
    assert drawn[:, 0] + drawn[:, 1] == pytest.approx(np.zeros(50), abs=1e-12)
    assert drawn[:, 0] == pytest.approx(drawn_means(values, 7, seed=1, draws=50), abs=1e-12)


def test_the_p_value_is_that_of_the_null_that_is_named() -> None:
    values = np.random.default_rng(1).normal(1.0, 1.0, 400)
    assert block_bootstrap(values, 1, seed=1, null=0.0).p_value < 0.01
    assert block_bootstrap(values, 1, seed=1, null=float(values.mean())).p_value == pytest.approx(0.5, abs=0.05)


def test_bounds_of_labels_that_overlap_hold_what_they_promise() -> None:
    """Sums of 8 neighbours, whose mean is 0: the lower bound lies above it in 6.5 of 100 series here, in 9 with blocks
    as long as the overlap alone."""
    above = 0
    for seed in range(400):
        steps = np.random.default_rng(seed).normal(size=1_000 + 7)
        series = np.convolve(steps, np.ones(8), "valid")
        above += block_bootstrap(series, block_for(len(series), 8), seed, draws=200).low > 0
    assert above <= 0.08 * 400
