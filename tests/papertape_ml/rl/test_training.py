"""Training on a course: what is left, what the test part cannot touch, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.papertape_ml.rl.learners import candles, config, market, quick, small, trained
from tests.papertape_ml.rl.lessons import course, plugins, simulated

from papertape.contract.candle import Floats
from papertape_ml.errors import BadSettings, TooLittleHistory, WrongInputs
from papertape_ml.models.rl import PolicyModel
from papertape_ml.registry.manifest import Manifest
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.config import parts_of, reward_of
from papertape_ml.rl.deciding import Acts
from papertape_ml.rl.opponents import played
from papertape_ml.rl.training import Home, reweigh, train_rl
from papertape_ml.rl.vote import VotePolicy
from papertape_ml.rl.walking import once_over, side_by_side, walked
from papertape_ml.training.trained import Trained, manifest_of


def test_a_training_leaves_a_policy_and_its_report() -> None:
    found = trained()
    test = found.metrics["test"]
    assert {"growth", "sharpe", "drawdown", "cvar", "turnover", "fees", "trades"} <= test.keys()
    about = found.metrics["algorithms"]["ppo"]
    assert [each["seed"] for each in about["seeds"]] == [1, 2]
    assert [each["steps"] for each in about["curve"]] == [64, 128] and about["curve"][0]["seeds"] == 2
    taken = found.seeds["taken"]["ppo"]
    best = max(about["seeds"], key=lambda each: each["judgement"])
    assert taken == best["seed"] and best["growth"] == test["growth"]
    assert {"flat", "buy_and_hold", "best_rule"} <= found.baseline.keys()
    assert found.metrics["over"]["buy_and_hold"]["growth"] is not None
    manifest = manifest_of(found, "agent", 1)
    assert Manifest.parse(manifest.encoded()) == manifest
    assert manifest.training["span"][1] <= manifest.training["test_span"][0]


def test_what_only_the_test_sees_changes_nothing_of_the_policy() -> None:
    """Were it to leak into the scaling, the judgement or the choice of the seed, the bytes would be others."""
    first, _ = parts_of(candles(), config(small("ppo"))).test
    changed = simulated().copy()
    changed[1:5, first:] *= np.linspace(1.0, 2.0, changed.shape[1] - first)
    changed[1:5] = np.round(changed[1:5], 4)
    other = train_rl(course(changed), config(quick(), seeds=(1, 2)), plugins())
    assert other.model.files() == trained().model.files()
    assert other.metrics["test"] != trained().metrics["test"]


def test_a_killed_training_goes_on_from_its_checkpoints_to_the_same_model(tmp_path: Path) -> None:
    home = Home(tmp_path / "kept")
    settings = config(small("ppo"), seeds=(1, 2))

    class Killed(Exception):
        pass

    def kill(what: str, done: int, most: int, value: float | None) -> None:
        if what.endswith("seed 2"):
            raise Killed

    # A training says how far it is every 64 steps of its environments.
    longer = replace(settings, plan=replace(settings.plan, steps=256, every=128))
    with pytest.raises(Killed):
        train_rl(candles(), longer, plugins(), home, watch=kill)
    assert [file.name for file in sorted((tmp_path / "kept").iterdir())] == ["ppo-1.safetensors"]
    again = train_rl(candles(), longer, plugins(), home)
    assert again.model.files() == train_rl(candles(), longer, plugins()).model.files()


def test_several_algorithms_make_a_vote_with_weights_from_held_out_candles() -> None:
    settings = small("ppo"), small("sac"), small("ddpg")
    found = train_rl(candles(), config(*settings, seeds=(1,)), plugins())
    assert isinstance(found.model, PolicyModel) and isinstance(found.model.policy, VotePolicy)
    votes = found.metrics["votes"]
    assert list(votes) == ["ppo", "sac", "ddpg"] and sum(votes.values()) == pytest.approx(1.0)


def test_votes_are_weighed_anew_on_candles_that_no_member_learned_from() -> None:
    settings = config(small("ppo", rate=0.05), small("sac"), seeds=(1,))
    found = train_rl(candles(), settings, plugins())
    assert isinstance(found.model, PolicyModel)
    learned = found.training["span"][1]

    def weighed(rows: Floats) -> Trained:
        assert isinstance(found.model, PolicyModel)
        return reweigh(course(rows), settings, plugins(), found.model, learned)

    again = weighed(simulated(1_800))
    assert isinstance(found.model.policy, VotePolicy)
    assert isinstance(again.model, PolicyModel) and isinstance(again.model.policy, VotePolicy)
    assert again.model.policy.members == found.model.policy.members
    assert again.model.policy.votes != found.model.policy.votes
    assert again.test_span is not None
    assert again.training["span"][0] >= learned and again.training["span"][1] <= again.test_span[0]
    other = simulated(1_800).copy()
    other[1:5, :300] = np.round(other[1:5, :300] * np.linspace(0.5, 1.0, 300), 4)
    assert weighed(other).metrics["votes"] == again.metrics["votes"], "what was learned from is no evidence"
    with pytest.raises(TooLittleHistory, match="until 2024-01-01T07:30:00Z, and 150 of A/USDT are later"):
        weighed(simulated())


def test_a_policy_goes_on_from_another_and_keeps_its_eyes() -> None:
    parent = trained().model
    assert isinstance(parent, PolicyModel)
    assert trained().metrics["test"]["trades"] > 0
    more = course(simulated(seed=8))
    found = train_rl(more, config(quick(), seeds=(3,)), plugins(), parent=parent)
    assert isinstance(found.model, PolicyModel)
    assert found.model.builder == parent.builder
    assert found.model.policy.files() != parent.policy.files()
    assert found.metrics["parent"]["growth"] is not None
    with pytest.raises(WrongInputs, match="the policy to go on from reads rsi_5"):
        train_rl(course(simulated(), names=("rsi_5",)), config(small("ppo")), plugins(), parent=parent)
    with pytest.raises(BadSettings, match="one policy, which needs no weights"):
        reweigh(more, config(quick()), plugins(), parent, 0)
    with pytest.raises(BadSettings, match="no networks of sac"):
        train_rl(more, config(small("sac")), plugins(), parent=parent)


def test_quantiles_that_were_foretold_are_held_against_what_came() -> None:
    discrete = Acting(space="discrete", most_units=1e9)
    settings = small("qr-dqn", gamma=0.9)
    found = train_rl(candles(), config(settings, acting=discrete, seeds=(1,)), plugins())
    told = found.metrics["foretold"]
    assert [each["level"] for each in told] == [0.05, 0.25, 0.5, 0.75, 0.95]
    assert [each["came"] for each in told] == sorted(each["came"] for each in told)
    assert [each["below"] for each in told] == sorted(each["below"] for each in told)


def test_too_few_candles_and_settings_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(TooLittleHistory, match="for the part fit, which needs"):
        train_rl(candles(), config(small("ppo"), length=400), plugins())
    with pytest.raises(BadSettings, match="sac learns continuous actions"):
        config(small("sac"), acting=Acting(space="discrete"))
    with pytest.raises(BadSettings, match="limits what the reward measures"):
        config(small("ppo-lagrangian"), reward=reward_of("drawdown-penalised"))
    with pytest.raises(BadSettings, match="leave out recurrent-ppo"):
        config(small("ppo"), small("recurrent-ppo"))
    with pytest.raises(BadSettings, match="each once"):
        config(small("ppo"), small("ppo"))
    with pytest.raises(BadSettings, match="is not key=number"):
        reward_of("drawdown-penalised:penalty=much")


def test_holding_by_a_policy_is_holding_by_the_rule() -> None:
    """The walk of a policy that always wants all, and buy-and-hold in a session of the host, end with the same."""

    class Greedy:
        memory = 0

        def act(self, seen: object, memory: object) -> Acts:
            count = len(seen)  # type: ignore[arg-type]
            return Acts(np.ones(count), np.ones(count), np.empty((count, 0)), np.empty((count, 0)))

    setup, start = once_over(market(), 100, 500)
    (walk,) = walked(Greedy(), setup, [start])
    (hold,) = played(market(), plugins(), start, 500, ("buy-and-hold",))
    # The rule's units are cut to what the book pays, the policy's target is a multiple of 1/10,000 of equity.
    assert walk.growth == pytest.approx(hold.growth, abs=1e-4)
    assert walk.fees == pytest.approx(hold.fees, rel=1e-3) and len(walk.fills) == hold.trades == 1
    several, starts = side_by_side(market(), 100, 500, 4)
    assert [each.start for each in walked(Greedy(), several, starts)] == list(starts)
    assert np.diff(starts).tolist() == [several.episodes.length] * 3
