"""Votes: the weight of evidence, and what several policies do as one."""

import numpy as np
import pytest
from tests.papertape_ml.rl.learners import network

from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.rl.vote import VotePolicy, votes_by_evidence

ROWS = np.random.default_rng(3).normal(size=(11, 12)).astype(np.float32)
NOTHING = np.zeros((11, 0))


def test_equal_policies_have_equal_votes() -> None:
    gains = np.tile(np.random.default_rng(1).normal(size=300), (3, 1))
    assert votes_by_evidence(gains, 1) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_the_better_policy_has_the_heavier_vote_and_none_is_silenced() -> None:
    noise = np.random.default_rng(2).normal(size=2_000)
    common = 5.0 * np.random.default_rng(3).normal(size=2_000)
    votes = votes_by_evidence(np.stack([common + noise / 50 + 0.003, common, common - 0.1]), 1)
    assert sum(votes) == pytest.approx(1.0)
    assert votes[0] > 0.9 > votes[1] >= votes[2] > 0.0


def test_the_weight_of_a_noisy_gain_is_about_its_posterior_probability() -> None:
    """One policy is flat; the other's 64 stretches have a mean of one standard error: it is the best at about 84 %."""
    stretches = np.random.default_rng(4).normal(size=64)
    stretches = (stretches - stretches.mean()) / stretches.std() + 1 / 8
    assert votes_by_evidence(np.stack([stretches, np.zeros(64)]), 1)[0] == pytest.approx(0.84, abs=0.03)


def test_evidence_that_is_none_is_refused() -> None:
    for wrong in (np.zeros((2, 0)), np.zeros(4), np.full((2, 3), np.nan)):
        with pytest.raises(BadSettings, match="evidence"):
            votes_by_evidence(wrong, 1)


def test_continuous_votes_are_a_weighted_mean_less_sure_where_they_disagree() -> None:
    members = network(1), network(2)
    told = [each.act(ROWS, NOTHING) for each in members]
    found = VotePolicy(members, (0.25, 0.75)).act(ROWS, NOTHING)
    mean = 0.25 * told[0].actions + 0.75 * told[1].actions
    assert found.actions == pytest.approx(mean)
    sure = 0.25 * told[0].confidence + 0.75 * told[1].confidence
    apart = np.sign(told[0].actions) != np.sign(told[1].actions)
    assert apart.any() and not apart.all()
    assert found.confidence[~apart] == pytest.approx(sure[~apart])
    assert (found.confidence[apart] < sure[apart]).all()


def test_discrete_votes_take_the_likeliest_of_all() -> None:
    members = network(1, "discrete"), network(2, "discrete")
    told = [each.act(ROWS, NOTHING) for each in members]
    found = VotePolicy(members, (0.5, 0.5)).act(ROWS, NOTHING)
    chances = (told[0].chances + told[1].chances) / 2
    assert found.chances == pytest.approx(chances)
    assert found.actions.tolist() == chances.argmax(axis=1).tolist()
    assert found.confidence == pytest.approx(chances.max(axis=1))


def test_a_vote_comes_back_from_its_files() -> None:
    vote = VotePolicy((network(1), network(2)), (0.25, 0.75))
    again = VotePolicy.from_files(vote.document(), vote.files())
    assert again.votes == vote.votes
    assert (again.act(ROWS, NOTHING).actions == vote.act(ROWS, NOTHING).actions).all()
    files = vote.files()
    for about, wrong in (
        ({}, files),
        (vote.document() | {"members": [None, None]}, files),
        (vote.document() | {"votes": [1.0]}, files),
        (vote.document(), files | {"member-7.policy.safetensors": b""}),
        (vote.document(), {"member-0.policy.safetensors": files["member-0.policy.safetensors"]}),
    ):
        with pytest.raises(BadModelFiles):
            VotePolicy.from_files(about, wrong)


def test_policies_that_cannot_vote_together_are_refused() -> None:
    one = network(1)
    for members, votes in (
        ((one,), (1.0,)),
        ((one, network(2, "discrete")), (0.5, 0.5)),
        ((one, network(2, inputs=5)), (0.5, 0.5)),
        ((one, network(2)), (0.5, 0.6)),
        ((one, network(2)), (1.0, 0.0)),
    ):
        with pytest.raises(BadSettings):
            VotePolicy(members, votes)
