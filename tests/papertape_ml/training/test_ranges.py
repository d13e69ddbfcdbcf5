"""Training of a range predictor, and its command."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from papertape.cli import cli
from papertape_ml.models.loading import load
from papertape_ml.registry.json_registry import JsonRegistry

pytest.importorskip("numba")
pytest.importorskip("xgboost")

FEATURES = "atr_pct,hour_sin,hour_cos"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Candles whose volatility is twice as high at every other hour: the clock knows what comes, the past does not."""
    rng, count = np.random.default_rng(5), 4_000
    ts = 1_700_000_000_000 // 3_600_000 * 3_600_000 + 900_000 * np.arange(count)
    loud = np.where(ts // 10_800_000 % 8 < 3, 3.0, 0.7)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.001, count) * loud))
    opens = np.concatenate(([100.0], close[:-1]))
    high = np.maximum(opens, close) * (1 + 0.0003 * loud * rng.random(count))
    low = np.minimum(opens, close) * (1 - 0.0003 * loud * rng.random(count))
    file = tmp_path_factory.mktemp("candles") / "x_A-USDT_15m.csv"
    rows = zip(*(each.tolist() for each in (ts, opens, high, low, close)), strict=True)
    lines = [",".join(map(repr, row)) for row in rows]
    file.write_text("ts,open,high,low,close,volume\n" + "\n".join(f"{line},1.0" for line in lines) + "\n")
    return file


def train(source: Path, registry: Path, *more: str) -> tuple[int, str]:
    command = ["train", "range", "--source", str(source), "--registry", str(registry), "--features", FEATURES]
    done = CliRunner().invoke(cli, [*command, "--label", "range:6", "--folds", "2", "--threads", "1", *more])
    return done.exit_code, done.stdout if done.exit_code == 0 else done.output


def test_what_the_clock_knows_is_learned_and_beats_the_naive_scale(source: Path, tmp_path: Path) -> None:
    code, output = train(source, tmp_path / "models", "--json")
    assert code == 0, output
    document = json.loads(output)
    test, naive = document["metrics"]["test"], document["baseline"]["naive"]
    assert test["skill_low"] > 0.02 and test["p_value"] < 0.01
    assert test["pinball"] < naive["pinball"] and naive["skill"] == 0.0
    assert 0.7 < test["coverage"] < 0.9 and 0.4 < test["beyond"] < 0.6
    assert set(test["ends"]) == {"high_6c", "low_6c"} and len(document["metrics"]["folds"]) == 2
    with JsonRegistry.open(tmp_path / "models") as registry:
        found = registry.load("range", 1)
        assert registry.history("range")[0].alias == "candidate"
    model = load("range", dict(found.files))
    assert model.contract.outputs[:3] == ("high_6c", "low_6c", "high_6c_q10")
    assert found.manifest.golden.exact is not None
    assert set(found.manifest.statistics["importances"]) == set(FEATURES.split(","))


def test_a_page_for_people_and_what_it_refuses(source: Path, tmp_path: Path) -> None:
    code, output = train(source, tmp_path / "models", "--end", "2023-12-05")
    assert code == 0 and "naive" in output and "range@1" in output and "high_6c" in output
    for wrong, said in (
        (("--label", "direction:6c"), "does not learn the label"),
        (("--features", "hour_sin"), "atr_pct"),
        (("--end", "2023-11-19T12:00"), "bring more candles"),
    ):
        code, output = train(source, tmp_path / "models", *wrong)
        assert code == 2 and said in output, (code, output)
