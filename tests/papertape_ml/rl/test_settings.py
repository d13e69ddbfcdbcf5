"""Settings of algorithms: presets, documents, and what cannot be."""

import json
from typing import Any

import pytest

from papertape_ml.errors import BadSettings
from papertape_ml.rl.constraint import CvarLimit
from papertape_ml.rl.settings import ALGORITHMS, SPACES, OnPolicy, check_space, document, from_document, preset


def test_the_preset_seed_is_what_its_name_promises() -> None:
    found = preset("ppo", "seed")
    assert isinstance(found, OnPolicy)
    assert (found.actor, found.activation, found.rate, found.steps) == ((256, 256, 128), "tanh", 3e-4, 2_048)
    assert (found.batch, found.epochs, found.gamma, found.trace, found.clip) == (64, 10, 0.99, 0.95, 0.2)
    assert (found.entropy, found.value, found.gradient) == (0.01, 0.5, 0.5)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_settings_come_back_from_their_document(algorithm: str) -> None:
    found = preset(algorithm)
    assert from_document(json.loads(json.dumps(document(found)))) == found


@pytest.mark.parametrize(("algorithm", "space"), [("sac", "discrete"), ("ddpg", "discrete"), ("qr-dqn", "continuous")])
def test_an_algorithm_that_cannot_act_in_a_space_is_refused_with_those_that_can(algorithm: str, space: str) -> None:
    with pytest.raises(BadSettings, match=f"not {space} ones: .*ppo.* would do"):
        check_space(algorithm, space)


def test_every_algorithm_has_a_space() -> None:
    for algorithm, spaces in SPACES.items():
        for space in spaces:
            check_space(algorithm, space)
    assert SPACES.keys() == ALGORITHMS.keys()


@pytest.mark.parametrize(
    ("algorithm", "given", "said"),
    [
        ("ppo", {"rate": 0.0}, "rate lies above 0"),
        ("ppo", {"rate": float("nan")}, "rate is a number of at most 10,000,000, not nan"),
        ("ppo", {"actor": ()}, "1 to 8 layers"),
        ("ppo", {"activation": "sigmoid"}, "activation 'sigmoid' is not known"),
        ("ppo", {"memory": 8}, "recurrent-ppo has a memory"),
        ("ppo", {"limit": CvarLimit()}, "no other algorithm can keep to one"),
        ("ppo", {"buffer": 8}, "ppo has no setting buffer"),
        ("ppo-lagrangian", {"limit": None}, "needs a limit"),
        ("tqc", {"dropped": 25}, "below the 25 quantiles"),
        ("sac", {"starts": 0}, "starts is a whole number from 1"),
        ("a2c", {}, "algorithm 'a2c' is not known"),
    ],
)
def test_what_cannot_be_is_refused_by_name(algorithm: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        preset(algorithm, **given)


def test_a_document_that_is_none_is_refused() -> None:
    for wrong in (None, {}, {"algorithm": "ppo"}, {"algorithm": ["ppo"]}, document(preset("ppo")) | {"more": 1}):
        with pytest.raises(BadSettings):
            from_document(wrong)
