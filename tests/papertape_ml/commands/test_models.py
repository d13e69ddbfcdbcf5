"""`papertape models`: what each command does, prints and refuses."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from tests.papertape_ml.commands import program

from papertape.cli import cli
from papertape_ml.commands.models import models
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.suite import FILES, example, wish

PLACES = ("ledger", "folder")
run = partial(program.run, "models")
document = partial(program.document, "models")
refused = partial(program.refused, "models")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, ...]:
    """The options that name a registry: none for the one in the ledger."""
    return () if request.param == "ledger" else ("--registry", str(tmp_path / "models"))


def folder(path: Path, created: int = 1, **changes: Any) -> Path:
    """A folder to register: a manifest as people write it, and files, of a kind that only its maker can load."""
    path.mkdir(exist_ok=True)
    manifest = example(created, **{"kind": "weights", **changes}).document()
    del manifest["files"], manifest["format"], manifest["seeds"]
    (path / "manifest.json").write_text(json.dumps(manifest, indent=2, default=dict), "utf-8")
    for name, data in FILES.items():
        (path / name).write_bytes(data)
    return path


def test_a_model_is_registered_listed_shown_and_found(place: tuple[str, ...], tmp_path: Path) -> None:
    first = document("register", folder(tmp_path / "m"), *place)
    assert (first["model"], first["version"], first["aliases"]) == ("signal", 1, ["candidate"])
    second = document("register", folder(tmp_path / "m", 2, metrics={"test": {"logloss": 0.5}}), *place)
    assert document("register", tmp_path / "m", *place) == second, "the same content is the same version"
    listed = document("list", *place)["versions"]
    assert [(each["version"], each["aliases"], each["size"]) for each in listed] == [
        (1, [], 15),
        (2, ["candidate"], 15),
    ]
    assert document("list", "signal", *place)["versions"] == listed
    shown = document("show", "signal@1", *place)
    assert (shown["checksum"], shown["manifest"]["golden"]["inputs"][0]) == (first["checksum"], [50.0, None])
    assert document("show", "signal@candidate", *place)["version"] == document("show", "signal", *place)["version"] == 2
    assert document("get-latest", "signal", *place)["checksum"] == second["checksum"]
    best = document("get-best", "signal", "--metric", "test.logloss", *place)
    assert (best["version"], best["metric"], best["value"]) == (2, "test.logloss", 0.5)
    assert document("get-best", "signal", "--metric", "test.logloss", "--highest", *place)["version"] == 1


def test_text_says_the_same(place: tuple[str, ...], tmp_path: Path) -> None:
    assert "signal@1" in run("register", folder(tmp_path / "m"), *place).stdout
    assert run("get-latest", "signal", *place).stdout == "signal@1\n"
    assert run("get-best", "signal", "--metric", "test.accuracy", *place).stdout == "signal@1\n"
    assert "candidate" in run("list", *place).stdout
    shown = run("show", "signal", *place).stdout
    assert "rsi_14, returns_1" in shown and "booster.json" in shown and "test.logloss" in shown
    verified = run("verify", *place).stdout
    assert "1 of 1 versions" in verified and "kinds that nothing here can load: weights" in verified
    assert "registered" in run("history", "signal", *place).stdout


def test_an_alias_goes_back_and_its_history_says_who_and_why(place: tuple[str, ...], tmp_path: Path) -> None:
    for created in (1, 2):
        run("register", folder(tmp_path / "m", created), *place, "--by", "ann", "--why", f"try {created}")
    back = document("rollback", "signal@candidate", "--why", "too bold", "--by", "bob", *place)
    assert (back["action"], back["from_version"], back["to_version"]) == ("rollback", 2, 1)
    entries = document("history", "signal@candidate", *place)["history"]
    assert [(each["by"], each["why"]) for each in entries] == [("ann", "try 1"), ("ann", "try 2"), ("bob", "too bold")]
    assert entries == document("history", "signal", *place)["history"]
    assert all(each["at"] > 1_600_000_000_000 for each in entries)
    assert "nothing to go back to" in refused("rollback", "signal@candidate", *place)


def test_a_version_travels_as_one_file(place: tuple[str, ...], tmp_path: Path) -> None:
    made = document("register", folder(tmp_path / "m"), *place)
    out = document("export", "signal@candidate", *place)
    assert (out["file"], out["checksum"]) == ("signal-1.tar", made["checksum"])
    elsewhere = ("--registry", str(tmp_path / "elsewhere"))
    [brought] = document("import", "signal-1.tar", *elsewhere)["versions"]
    assert (brought["checksum"], brought["new"], brought["imported"]) == (made["checksum"], True, True)
    assert document("import", "signal-1.tar", *elsewhere)["versions"][0]["new"] is False
    assert "is there already" in refused("export", "signal@1", *place)
    assert "1" in run("export", "signal@1", "again.tar", *place).stdout
    assert (tmp_path / "again.tar").read_bytes() == (tmp_path / "signal-1.tar").read_bytes()


def test_a_folder_with_a_registry_comes_with_its_aliases(place: tuple[str, ...], tmp_path: Path) -> None:
    starters = JsonRegistry.open(tmp_path / "starters", create=True)
    for n in range(2):
        starters.publish(example(n), FILES)
    starters.move("signal", "champion", 2, wish())
    assert "champion" in run("import", tmp_path / "starters", *place).stdout
    assert document("show", "signal@champion", *place)["version"] == 2
    assert "there already" in run("import", tmp_path / "starters", *place).stdout


def test_verify_names_what_is_damaged_and_exits_1(tmp_path: Path) -> None:
    place = ("--registry", str(tmp_path / "models"))
    for created in (1, 2):
        run("register", folder(tmp_path / "m", created), *place)
    assert document("verify", *place)["ok"]
    [damaged, _] = JsonRegistry.open(tmp_path / "models").versions()
    (tmp_path / "models" / "versions" / damaged.checksum[7:] / "booster.json").write_bytes(b"?")
    done = document("verify", *place, exit_code=1)
    assert [each["ok"] for each in done["versions"]] == [False, True] and not done["ok"]
    assert "booster.json" in done["versions"][0]["problem"]
    assert document("verify", "signal@2", *place)["ok"] and document("verify", "signal", *place, exit_code=1)
    assert "1 of 2 versions" in run("verify", *place).stdout
    assert "damaged" in refused("export", "signal@1", *place, exit_code=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "sgnal"), "it has signal"),
        (("show", "signal@9"), "its newest is 1"),
        (("show", "signal@champion"), "it has candidate"),
        (("show", "../signal"), "lower-case letters"),
        (("show", "signal@1x"), "NAME@3 or NAME@champion"),
        (("list", "nothing"), "it has signal"),
        (("history", "signal@1"), "NAME@ALIAS"),
        (("history", "signal@champion"), "never had"),
        (("rollback", "signal"), "NAME@champion"),
        (("rollback", "signal@champion"), "points nowhere"),
        (("rollback", "signal@candidate", "--why", "\x1b[31m"), "control characters"),
        (("register", "m", "--by", " "), "--by"),
        (("get-best", "signal", "--metric", "loss"), "test.logloss"),
        (("import", "nowhere.tar"), "cannot be read"),
        (("import", "m/booster.json"), "no archive"),
        (("import", "m"), "no registry"),
        (("register", "nowhere"), "cannot be read"),
        (("register", "."), "no manifest.json"),
        (("list", "--registry", "nowhere"), "no registry in nowhere"),
        (("list", "--db", "sqlite:///nowhere.db"), "no ledger"),
    ],
)
def test_a_wrong_request_is_answered_in_a_plain_line(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    run("register", folder(tmp_path / "m"), "--registry", "models")
    before = sorted(tmp_path.rglob("*"))
    elsewhere = "--registry" in arguments or "--db" in arguments
    assert said in refused(*arguments, *(() if elsewhere else ("--registry", "models")))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["sub", "link", "pipe", ".hidden", "emp\u202ety", "huge"])
def test_a_folder_with_something_odd_in_it_is_refused(name: str, tmp_path: Path) -> None:
    odd = folder(tmp_path / "m") / name
    if name == "sub":
        odd.mkdir()
    elif name == "link":
        odd.symlink_to("/etc/passwd")
    elif name == "pipe":
        os.mkfifo(odd)
    else:
        with odd.open("wb") as file:
            file.truncate(1 << 40 if name == "huge" else 0)
    assert "is no folder of a model's version" in refused("register", tmp_path / "m", "--registry", tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_names_from_a_hostile_registry_do_not_act_on_the_terminal(tmp_path: Path) -> None:
    place = ("--registry", str(tmp_path / "models"))
    run("register", folder(tmp_path / "m", config={"\x1b[31m": "\u202e"}, label={"\n": "\x07"}), *place)
    shown = run("show", "signal", *place).stdout
    assert not set(shown) & {"\x1b", "\u202e", "\x07"} and "1b[31m" in shown


def test_an_empty_registry_says_what_would_fill_it(tmp_path: Path) -> None:
    place = ("--registry", str(tmp_path / "models"))
    JsonRegistry.open(tmp_path / "models", create=True)
    assert "papertape models import" in run("list", *place).stdout
    assert document("list", *place)["versions"] == [] and document("verify", *place)["ok"]


def test_every_command_has_an_example_and_the_common_options() -> None:
    with click.Context(models) as context:
        leaves = [models.get_command(context, name) for name in models.list_commands(context)]
    for leaf in leaves:
        assert leaf is not None and "Example: papertape models" in (leaf.help or "")
        assert {"as_json", "registry", "db", "debug"} <= {param.name for param in leaf.params}


def test_the_commands_come_in_as_those_of_any_plugin_and_load_nothing_heavy() -> None:
    code = "import sys\nimport papertape_ml.commands.models\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"alembic", "pyarrow", "sqlalchemy", "torch", "xgboost"} & set(loaded)
    assert "models" in CliRunner().invoke(cli, ["--help"]).stdout


def test_importing_what_is_not_there_makes_no_registry(place: tuple[str, ...], home: Path, tmp_path: Path) -> None:
    assert "nowhere.tar cannot be read" in refused("import", "nowhere.tar", *place)
    assert not (tmp_path / "models").exists() and not (home / "ledger.db").exists()


def test_a_model_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    for number in range(10):
        run("register", folder(tmp_path / str(number), name=f"m{number}"))
    said = refused("show", "sizer")
    assert said.endswith("it has m0, m1, m2, m3, m4, m5, m6, m7 and 2 more\n")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("classifier", "papertape run --strategy classifier:model=signal@champion"),
        ("gate", "papertape run --strategy classifier:direction=...,gate=signal@champion"),
        ("predictor", "papertape run --strategy predictor:model=signal@champion"),
        ("sizer", "no prediction is kept"),
    ],
)
def test_a_model_that_was_not_asked_yet_says_how_it_would_be(kind: str, said: str, tmp_path: Path) -> None:
    run("register", folder(tmp_path / "m", kind=kind))
    assert said in run("show", "signal", "--live").stdout
    assert said in document("show", "signal", "--live")["problem"]
