"""`papertape train rl`: what it prints and registers, how it goes on, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from tests.engine import hosted
from tests.papertape_ml.rl.lessons import NAMES, catalogue, simulated

from papertape.cli.root import Entry, Root
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.discovery import Plugins
from papertape.market.timeframe import iso
from papertape_ml.promotion.subject import learned_to
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.moves import targets

pytest.importorskip("numba")
pytest.importorskip("stable_baselines3")

WHERE = ("--source", "sim_A_1m.parquet", "--registry", "models")
BASIC = (
    *WHERE, "--features", ",".join(NAMES), "--steps", 128, "--every", 64, "--episode", 32, "--environments", 2,
    "--fee-bps", 0,
)  # fmt: skip
SMALL = tuple(
    part for each in ("actor=8", "critic=8", "steps=16", "batch=32", "epochs=1") for part in ("--set-value", each)
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with candles; the host knows the families that are needed here, as if no other were installed."""
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Plugins, "catalogue", lambda self: catalogue())
    names = ("ts", "open", "high", "low", "close", "volume")
    rows = dict(zip(names, simulated(), strict=True))
    pq.write_table(pa.table({**rows, "ts": rows["ts"].astype(np.int64)}), tmp_path / "sim_A_1m.parquet")


def run(*arguments: object) -> Result:
    """As through the whole program."""
    root = Root("papertape", table={"train": Entry("papertape_ml.commands.train", "train", "")})
    return CliRunner().invoke(root, ["train", "rl", *map(str, arguments)])


def document(*arguments: object) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_policy_is_trained_registered_gone_on_from_and_described() -> None:
    regimes = {"feature": NAMES[0], "edges": [50.0], "weights": [[1.0] * len(NAMES), [2.0] * len(NAMES)]}
    Path("regimes.json").write_text(json.dumps(regimes), "utf-8")
    first = document(*BASIC, *SMALL, "--seeds", 2, "--report", "report.json", "--regimes", "regimes.json")
    assert (first["model"], first["version"], first["kind"], first["parent"]) == ("agent", 1, "rl", None)
    assert first["feature_set"] == list(NAMES) and first["seeds"]["seeds"] == [7, 8]
    assert {"flat", "buy_and_hold"} <= set(first["baseline"])
    assert json.loads(Path("report.json").read_text("utf-8")) == first
    done = run(*WHERE, "--from", "agent@1", "--steps", 64, "--episode", 32, "--environments", 2)
    assert done.exit_code == 0, done.output
    assert "agent@2, now agent@candidate" in done.stdout
    assert "On the test, by seed:" in done.stdout
    assert "The version that it goes on from" in done.stdout
    assert "agent@1 had learned from, or was tested on, candles of this test" in done.stderr
    with JsonRegistry.open(Path("models")) as registry:
        version = registry.load("agent", 2)
        assert targets(registry.history()) == {("agent", "candidate"): 2}
    assert version.manifest.parent == "agent@1"
    assert json.loads(version.files["model.json"])["observation"]["regimes"] == regimes
    assert version.manifest.config["terms"]["fee"] == "0.0", "the fee that the first one learned with"
    assert set(version.files) == {"model.json", "policy.safetensors", "networks.safetensors"}
    for wrong, said in (
        (("--from", "agent@1", "--short"), "--short cannot be given with --from"),
        (("--from", "agent@1", "--preset", "seed"), "--preset cannot be given with --from"),
        (("--from", "agent@1", "--session", "abc"), "leave out --source"),
        (("--from", "agent@1", "--algorithm", "sac"), "agent@1 was learned by ppo"),
        (("--from", "agent@7"), "agent has no version 7"),
        (("--from", "agent@1", "--timeframe", "5m"), "5m"),
    ):
        refused = run(*WHERE, *wrong)
        assert refused.exit_code != 0 and said in refused.stderr and "Traceback" not in refused.stderr, refused.output


def test_what_is_made_from_a_version_is_never_judged_on_what_that_one_knew() -> None:
    first = document(*BASIC, *SMALL, "--algorithm", "ppo")
    older = iso(int(simulated()[0, 440]))
    second = document(*WHERE, "--from", "agent@1", "--steps", 64, "--episode", 32, "--environments", 2, "--end", older)
    assert second["test_span"][1] < first["train_span"][1], "all that it was given itself is older"
    with JsonRegistry.open(Path("models")) as registry:
        one, two = (registry.load("agent", version).manifest for version in (1, 2))
    known = learned_to(one)
    assert known == first["test_span"][1] == learned_to(two)


def test_options_that_would_be_ignored_are_refused() -> None:
    for asked, said in (
        (("--from", "agent@1", "--votes-only", "--steps", 64, "--algorithm", "ppo"), "--algorithm, --steps cannot be"),
        (("--from", "agent@1", "--votes-only", "--seeds", 5), "--seeds cannot be given with --votes-only"),
        (("--import-sb3", "a.zip", "--sha256", "0" * 64, "--checkpoints", "kept"), "--checkpoints cannot be given"),
    ):
        done = run(*WHERE, *asked)
        assert (done.exit_code, done.stdout) == (2, "") and said in done.stderr, done.output


def test_a_finished_training_is_found_again_in_its_checkpoints() -> None:
    one = document(*BASIC, *SMALL, "--checkpoints", "kept")
    assert [file.name for file in Path("kept").iterdir()] == ["ppo-7.safetensors"]
    again = document(*BASIC, *SMALL, "--checkpoints", "kept")
    assert again["metrics"] == one["metrics"] and again["version"] == 2
    refused = run(*BASIC, "--checkpoints", "kept")
    assert refused.exit_code != 0 and "the checkpoint of another training" in refused.stderr


def test_a_policy_of_a_zip_needs_its_sum_and_the_right_one() -> None:
    Path("stranger.zip").write_bytes(b"PK")
    for wrong, said in (
        (("--import-sb3", "stranger.zip"), "--sha256 go together"),
        (("--import-sb3", "stranger.zip", "--sha256", "0" * 64), "it is another file than was meant"),
        (("--import-sb3", "absent.zip", "--sha256", "0" * 64), "absent.zip cannot be read"),
    ):
        refused = run(*WHERE, "--features", ",".join(NAMES), "--episode", 32, *wrong)
        assert (refused.exit_code, refused.stdout) == (2, "") and said in refused.stderr, refused.output


def test_what_cannot_be_is_refused_in_a_line() -> None:
    for wrong, said in (
        (("--algorithm", "sac", "--space", "discrete"), "sac learns continuous actions, not discrete ones"),
        (("--algorithm", "qr-dqn", "--space", "continuous"), "qr-dqn learns discrete actions"),
        (("--session", "abc"), "--session needs --from"),
        (("--episode", 500), "give more candles, or shorter episodes"),
        (("--set-value", "batch=7"), "no multiple of the batch of 7"),
        (("--set-value", "speed=7"), "KEY=VALUE would do"),
        (("--set-value", "rate=fast"), "a number would do"),
        (("--set-value", "rate=1e99"), "rate is a number of at most"),
        (("--set-value", "rate=2"), "rate lies in 0..1, not at 2"),
        (("--set-value", "epochs=1000000000"), "epochs is a whole number from 1 to 10,000,000"),
        (("--cash", 1e9), "a cash of at most 8 decimals and below 90 million, was 1000000000.0"),
        (("--checkpoints", "sim_A_1m.parquet"), "is no folder that you may write to; --checkpoints another"),
        (("--tensorboard", "sim_A_1m.parquet"), "is no folder that you may write to; --tensorboard another"),
        (("--reward", "glory"), "reward 'glory' is not known"),
        (("--limit", "5%"), "SHARE,LOSS would do"),
        (("--limit", "2,0.01", "--algorithm", "ppo-lagrangian"), "the limit's share lies in 0..1, not at 2"),
        (("--algorithm", "ppo", "--algorithm", "qr-dqn", "--algorithm", "sac"), "sac learns continuous actions"),
        (("--limit", "0.05,0.01"), "no other algorithm can keep to one"),
        (("--stop", 0.5, "--test", 0.5), "leave nothing to learn from"),
        (("--regimes", "absent.json"), "--regimes: absent.json cannot be read"),
        (("--report", "no/where.json"), "--report: there is no folder"),
        (("--report", "."), "--report: . is a folder"),
        (("--preset", "seed", "--algorithm", "sac"), "the preset seed is one of PPO"),
    ):
        done = run(*BASIC, *wrong)
        assert (done.exit_code, done.stdout) == (2, ""), done.output
        assert said in done.stderr and "Traceback" not in done.stderr, done.output


def test_a_policy_goes_on_learning_from_what_a_session_has_heard(tmp_path: Path) -> None:
    document(*BASIC, *SMALL)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    feed = Spec("sim", {"symbols": ["BTC/USDT"]})
    hosted.run(url, SessionConfig(feed=feed, strategies=(Spec("buy-and-hold"),), bars=600))
    asked = ("--from", "agent@candidate", "--session", hosted.NAME, "--db", url, "--registry", "models")
    found = document(*asked, "--steps", 64, "--episode", 32, "--environments", 2)
    assert (found["version"], found["parent"], found["rows"]) == (2, "agent@1", 450)
    other = run(*asked, "--symbol", "ETH/USDT")
    assert other.exit_code == 2 and f"session {hosted.NAME} heard BTC/USDT" in other.stderr
