"""`papertape train`: what it prints and registers, and what it refuses."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from tests.papertape_ml.data.test_leaks import PEEKING
from tests.papertape_ml.training.market import candles, catalogue

from papertape.cli.root import Entry, Root
from papertape.engine.discovery import Plugins
from papertape.features.catalogue import Catalogue
from papertape_ml.commands import train_boosted
from papertape_ml.commands.train import KINDS, train
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.moves import targets
from papertape_ml.search import space
from papertape_ml.search.objectives import OBJECTIVES
from papertape_ml.search.study import PRUNERS

pytest.importorskip("numba")
pytest.importorskip("xgboost")

FEATURES = ("--features", "rsi_5,returns_1,hour_sin")
SOURCE = ("--source", "sim_A_1m.parquet")
PLACE = ("--registry", "models")
BASIC = (*SOURCE, *FEATURES, *PLACE, "--label", "direction:1c,band=0", "--folds", 2, "--threads", 1)


@pytest.fixture(autouse=True)
def know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the host know a few families alone, as if no other were installed; some more where given."""
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def families(*more: Any) -> None:
        known = Catalogue([*catalogue().families.values(), *more])
        monkeypatch.setattr(Plugins, "catalogue", lambda self: known)

    families()
    write(tmp_path / "sim_A_1m.parquet")
    return families


def write(path: Path, edge: float = 0.35, count: int = 2_400) -> None:
    names = ("ts", "open", "high", "low", "close", "volume")
    rows = dict(zip(names, candles(edge, 2_400)["A"][:, :count], strict=True))
    pq.write_table(pa.table({**rows, "ts": rows["ts"].astype(np.int64)}), path)


def run(*arguments: object, group: str = "train") -> Result:
    """As through the whole program."""
    entries = {"train": "papertape_ml.commands.train", "features": "papertape.cli.features"}
    table = {name: Entry(module, name, "") for name, module in entries.items()}
    return CliRunner().invoke(Root("papertape", table=table), [group, *map(str, arguments)])


def document(*arguments: object) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refused(*arguments: object, exit_code: int = 2) -> str:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (exit_code, ""), done.output
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1 and "Traceback" not in done.stderr and "unexpected" not in done.stderr, done.stderr
    return errors[0]


def test_a_model_is_trained_registered_and_described() -> None:
    found = document("classifier", *BASIC, "--seed", 3)
    keys = [
        "model",
        "version",
        "kind",
        "feature_set",
        "feature_set_hash",
        "checksum",
        "rows",
        "train_span",
        "test_span",
    ]
    assert list(found)[:12] == [*keys, "metrics", "baseline", "seconds"]
    assert (found["model"], found["version"], found["kind"]) == ("signal", 1, "classifier")
    assert found["feature_set"] == ["rsi_5", "returns_1", "hour_sin"]
    assert found["metrics"]["test"]["accuracy"] > 0.8 and found["baseline"]["logloss"] > 0.6
    assert found["train_span"][0] < found["test_span"][0] < found["test_span"][1] <= found["train_span"][1]
    with JsonRegistry.open(Path("models")) as registry:
        (row,) = registry.versions()
        assert (row.checksum, row.feature_set_hash) == (found["checksum"], found["feature_set_hash"])
        assert targets(registry.history()) == {("signal", "candidate"): 1}
        manifest = registry.manifest("signal", 1)
    assert dict(manifest.metrics["test"]) == found["metrics"]["test"] and manifest.seeds["seed"] == 3
    again = document("classifier", *BASIC, "--seed", 3)
    with JsonRegistry.open(Path("models")) as registry:
        same = registry.manifest("signal", 2)
    assert again["version"] == 2 and dict(same.files) == dict(manifest.files)
    assert same.training == manifest.training and same.metrics == manifest.metrics


def test_text_says_the_same_with_a_line_for_each_fold() -> None:
    done = run("gated", *BASIC, "--name", "pair", "--cap", 0.3, "--label", "direction:1c")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["model", "pair@1,", "now", "pair@candidate"]
    assert any(line.startswith("action_rate") for line in lines)
    assert [line.split()[0] for line in lines[-3:]] == ["fold", "1", "2"]


def test_without_a_registry_it_goes_into_the_ledger() -> None:
    options = [each for each in BASIC if each not in PLACE]
    assert document("classifier", *options)["version"] == 1
    assert (Path("home") / "ledger.db").exists()


def test_features_that_know_nothing_of_the_future_pass_the_check() -> None:
    done = run("classifier", *BASIC, "--check")
    assert done.exit_code == 0 and "hold nothing of the future" in done.stderr


def test_a_feature_that_peeks_is_caught_and_nothing_is_trained(know: Callable[..., None]) -> None:
    know(PEEKING)
    said = refused("classifier", *BASIC, "--features", "rsi_5,peek", "--check", exit_code=1)
    assert "nothing was trained" in said and "peek: " in said and "rsi_5" not in said
    assert "first at 20" in said and not Path("models").exists()


def test_a_table_with_a_column_from_the_future_is_caught() -> None:
    built = run("build", *SOURCE, *FEATURES, "--out", "t.parquet", "--jobs", 1, group="features")
    assert built.exit_code == 0, built.output
    options = [each for each in BASIC if each not in FEATURES]
    assert document("classifier", *options, "--table", "t.parquet", "--check")["rows"] > 2_000
    table = pq.read_table("t.parquet")
    shifted = pa.array(np.roll(table.column("returns_1").to_numpy(), -1))
    place = table.schema.get_field_index("returns_1")
    pq.write_table(table.set_column(place, "returns_1", shifted), "t.parquet")
    said = refused("classifier", *options, "--table", "t.parquet", "--check", exit_code=1)
    assert "returns_1: " in said and "rsi_5" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "sgnal"), "did you mean signal"),
        (("--features", "rsi_5,rsy_3"), "rsy_3"),
        (("--label", "direction"), "write direction:H"),
        (("--label", "act:6"), "a classifier does not learn the label"),
        (("--label", "direction:6,12"), "one horizon"),
        (("--symbol", "B"), "B"),
        (("--source", "nowhere.parquet"), "nowhere.parquet"),
        (("--timeframe", "1h"), "1h"),
        (("--preset", "wizard"), "'default', 'seed'"),
        (("--cap", 0.2), "three classes"),
        (("--calibration", "isotonic"), "isotonic calibration needs 5000 rows"),
        (("--start", "2024-01-02T12:00"), "bring more candles"),
        (("--folds", 60), "fewer --folds"),
        (("--start", "2024-02-01", "--end", "2024-01-01"), "--end must be later"),
        (("--table", "sim_A_1m.parquet"), "does not go with --table"),
        (("--name", "../signal"), "lower-case"),
        (("--search", 3, "--study", "nonsense"), "is no URL"),
        (("--search", 3, "--study", "nosql://here"), "is no URL of a database"),
        (("--study-name", "mine"), "--study-name goes with --search"),
    ],
)
def test_a_wrong_request_is_answered_in_a_plain_line(arguments: tuple[object, ...], said: str) -> None:
    assert said in refused("classifier", *BASIC, *arguments)
    assert not Path("models").exists()


def test_candles_that_never_move_have_one_class_only() -> None:
    flat = np.ones(900)
    columns = dict.fromkeys(("open", "high", "low", "close"), flat)
    pq.write_table(pa.table({"ts": 60_000 * np.arange(900), **columns, "volume": flat}), "sim_A_1m.parquet")
    assert "only one class occurs" in refused("classifier", *BASIC)


def test_a_place_that_is_no_registry_is_refused_before_anything_is_trained() -> None:
    Path("models").mkdir()
    (Path("models") / "registry.json").write_text("{}")
    assert "models" in refused("classifier", *BASIC, "--features", "rsi_5", exit_code=1)
    assert [path.name for path in Path("models").iterdir()] == ["registry.json"]


@pytest.mark.parametrize("kind", ["classifier", "predictor", "range", "sizer", "stacking"])
def test_every_kind_looks_at_the_place_first(kind: str) -> None:
    Path("models").mkdir()
    (Path("models") / "registry.json").write_text("{}")
    material = ("--session", "none") if kind == "stacking" else ("--source", "nowhere")
    assert "models" in refused(kind, *material, *PLACE, exit_code=1)


@pytest.mark.parametrize(("option", "place"), [("--registry", "file/models"), ("--db", "sqlite:///file/x/ledger.db")])
def test_a_place_where_nothing_can_be_made_is_refused_before_anything_is_read(option: str, place: str) -> None:
    Path("file").write_text("")
    assert f"file is no folder that you may write to; {option} another" in refused(
        "classifier", "--source", "nowhere", option, place
    )


def test_to_look_for_studies_makes_none() -> None:
    assert "no studies yet" in run("trials").stdout
    assert "it has none yet" in refused("trials", "s1")
    assert not Path("home").exists()


def test_cuda_that_is_absent_is_named() -> None:
    import xgboost

    if xgboost.build_info()["USE_CUDA"]:
        pytest.skip("this build of the library has CUDA")
    assert "CUDA was asked for" in refused("classifier", *BASIC, "--device", "cuda")


def test_a_search_is_in_the_manifest_and_every_trial_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "ROUNDS", 10)
    options = (
        *BASIC,
        "--features",
        "returns_1,hour_sin",
        "--label",
        "tp-before-sl:0.06,0.06,3m",
        "--search",
        2,
        "--study-name",
        "s1",
    )
    report = document("tpsl", *options, "--objective", "sharpe")["metrics"]["search"]
    assert report["needed_embargo"] >= report["embargo"] > 0
    assert (report["trials"], report["completed"], report["objective"]) == (2, 2, "sharpe")
    assert len(list(Path("home/studies/s1").glob("*.parquet"))) == 2
    assert document("trials") == {"studies": ["s1"]}
    trials = document("trials", "s1")
    assert [each["number"] for each in trials["all_trials"]] == [0, 1]
    assert {"rate", "depth"} <= trials["all_trials"][0]["settings"].keys()
    assert "sharpe" in run("trials", "s1").stdout.splitlines()[0]
    assert "other data or settings" in refused("tpsl", *options, "--objective", "logloss")
    assert "it has s1" in refused("trials", "s2")


def test_every_kind_has_an_example_and_the_common_options() -> None:
    with click.Context(train) as context:
        assert train.list_commands(context) == list(KINDS)
        for name in train.list_commands(context):
            command = train.get_command(context, name)
            assert command is not None and f"Example: papertape train {name}" in (command.help or ""), name
            assert {"as_json", "debug"} <= {param.name for param in command.params}


def test_what_is_offered_is_what_a_search_has() -> None:
    assert tuple(OBJECTIVES) == train_boosted.OBJECTIVES and PRUNERS == train_boosted.PRUNERS


def test_help_loads_nothing_heavy() -> None:
    code = (
        "from papertape.cli import cli\ntry: cli(['train', '-h'])\nexcept SystemExit: import sys; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "classifier" in loaded
    assert not {"alembic", "numpy", "optuna", "pyarrow", "torch", "xgboost"} & set(loaded.split())
