"""Policies before the gates: walked over candles that neither version knows."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.papertape_ml.rl.learners import trained
from tests.papertape_ml.rl.lessons import SYMBOL, catalogue, plugins, simulated

from papertape.contract.errors import ConfigError, RequestError
from papertape_ml.errors import WrongInputs
from papertape_ml.promotion.judgement import Terms
from papertape_ml.promotion.policies import walked_by
from papertape_ml.promotion.subject import Subject, subject_of
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.serving.verdicts import Verdicts
from papertape_ml.training.trained import published

pytest.importorskip("stable_baselines3")
LATER = Terms({SYMBOL: simulated(1_800)}, catalogue())


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    with JsonRegistry.open(tmp_path / "models", create=True) as registry:
        row = published(registry, trained(), "agent", created=0)
        return subject_of(registry, row, Verdicts(tmp_path / "verdicts"))


def test_a_policy_is_judged_on_candles_after_all_that_it_knows(subject: Subject) -> None:
    found = walked_by(subject, None, LATER, plugins(), [])
    assert [each.gate for each in found.results] == [
        "features", "labels", "trades", "growth", "deflated Sharpe", "overfitting", "shadow trades",
    ]  # fmt: skip
    assert subject.learned_to is not None and found.evidence["span"][0] > subject.learned_to
    assert found.evidence["labels"] == found.evidence["rows"] > 1_000
    assert set(found.evidence["figures"]) == {"flat", "buy-and-hold", "agent@1"}
    assert found.evidence["figures"]["flat"] == {"growth": 0.0}


def test_against_itself_it_grows_surely_no_more(subject: Subject) -> None:
    found = walked_by(subject, replace(subject), LATER, plugins(), [])
    verdicts = {each.gate: each.verdict for each in found.results}
    assert verdicts["features"] == "passed" and verdicts["growth"] == "failed"


def test_what_cannot_be_judged_is_refused_by_name(subject: Subject) -> None:
    with pytest.raises(RequestError, match="bring newer ones with --source"):
        walked_by(subject, None, Terms({SYMBOL: simulated()}, catalogue()), plugins(), [])
    with pytest.raises(ConfigError, match="take --symbol"):
        walked_by(subject, None, Terms({"A": simulated(), "B": simulated()}, catalogue()), plugins(), [])
    other = replace(subject, timeframe="5m")
    with pytest.raises(WrongInputs, match="agent@1 reads the feature set"):
        walked_by(other, None, LATER, plugins(), [])
