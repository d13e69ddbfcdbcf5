"""Zips of stable-baselines3: only the one that was meant, unpacked in a child, and only its numbers."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from tests.papertape_ml.rl.learners import candles, config, market, network, small
from tests.papertape_ml.rl.lessons import plugins

from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.rl.algorithms import learner
from papertape_ml.rl.training import import_policy
from papertape_ml.rl.vector import TradingVecEnv
from papertape_ml.rl.zip_import import policy_of_zip, weights_of_zip

ROWS = np.random.default_rng(3).normal(size=(9, 12)).astype(np.float32)


def summed(data: bytes) -> str:
    return sha256(data).hexdigest()


def test_a_policy_of_a_zip_does_what_its_learner_did_and_is_tested_as_ours_are(tmp_path: Path) -> None:
    model = learner(small("sac"), TradingVecEnv(market(), 1), 5)
    model.save(tmp_path / "kept.zip")
    data = (tmp_path / "kept.zip").read_bytes()
    policy = policy_of_zip(data, summed(data), "sac", None, 12, 1)
    said, _ = model.predict(ROWS, deterministic=True)
    assert policy.act(ROWS, np.zeros((9, 0))).actions == pytest.approx(said.reshape(-1), abs=1e-6)
    assert (policy.settings.actor, policy.settings.critic) == ((8,), (8,))
    found = import_policy(candles(), config(small("sac")), plugins(), lambda builder: policy)
    assert found.model.kind == "rl" and found.metrics["algorithms"] == {}
    assert found.metrics["test"]["growth"] is not None and "buy_and_hold" in found.baseline
    with pytest.raises(BadModelFiles, match="the zip's policy reads 12 values, and an observation here has 13"):
        policy_of_zip(data, summed(data), "sac", None, 13, 1)
    with pytest.raises(BadModelFiles, match="sees 5 values"):
        import_policy(candles(), config(small("sac")), plugins(), lambda builder: network(inputs=5))


def test_a_zip_of_another_algorithm_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = {"actor.mu.0.weight": np.zeros((8, 12), np.float32)}
    monkeypatch.setattr("papertape_ml.rl.zip_import.weights_of_zip", lambda *_: weights)
    with pytest.raises(BadSettings, match="of another algorithm"):
        policy_of_zip(b"", "", "ppo", None, 12, 1)


@pytest.mark.parametrize("weights", [
    {"mlp_extractor.policy_net.x.weight": np.zeros((8, 12), np.float32)},
    {f"mlp_extractor.{net}_net.0.weight": np.array(1.0, np.float32) for net in ("policy", "value")},
])  # fmt: skip
def test_layers_that_are_none_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, weights: dict[str, np.ndarray[Any, Any]]
) -> None:
    monkeypatch.setattr("papertape_ml.rl.zip_import.weights_of_zip", lambda *_: weights)
    with pytest.raises(BadModelFiles, match="holds no policy of ppo"):
        policy_of_zip(b"", "", "ppo", None, 12, 1)


def test_another_file_than_was_meant_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papertape_ml.rl.zip_import.answered", lambda *_: pytest.fail("a child was started"))
    with pytest.raises(BadModelFiles, match="another file than was meant"):
        weights_of_zip(b"PK", summed(b"other"))


def test_a_pickle_that_would_run_something_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    """Protocol 0, by hand: it would make a folder."""
    bomb = f"cos\nmkdir\n(V{tmp_path / 'burst'}\ntR.".encode()
    held = BytesIO()
    with ZipFile(held, "w") as archive:
        archive.writestr("policy.pth", bomb)
        archive.writestr("data", "{}")
    data = held.getvalue()
    with pytest.raises(BadModelFiles, match=r"policy.pth cannot be read") as refused:
        weights_of_zip(data, summed(data))
    assert "set to `False`" not in str(refused.value), "the loader's advice to load it all the same"
    assert not (tmp_path / "burst").exists()
