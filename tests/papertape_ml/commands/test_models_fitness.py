"""`papertape doctor` on models: a version that an alias points to is held against what a session would ask of it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.papertape_ml.serving.versions import files, signal

from papertape.cli.doctor import doctor
from papertape_ml.registry.manifest import Golden, Manifest
from papertape_ml.registry.sql_registry import SqlRegistry
from papertape_ml.registry.suite import FILES, example, wish


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path))
    return tmp_path


def found(home: Path, *published: tuple[Manifest, Mapping[str, bytes]]) -> dict[str, list[str]]:
    """The doctor's status and finding, by the names of checks, after versions were published and an alias set."""
    url = f"sqlite:///{home / 'ledger.db'}"
    with SqlRegistry.open(url, create=True) as registry:
        for manifest, contents in published:
            row = registry.publish(manifest, contents)
            registry.move(row.name, "champion", row.version, wish())
    done = CliRunner().invoke(doctor, ["--json", "--db", url])
    document = json.loads(done.stdout)
    assert (done.exit_code == 0) == document["fit"]
    return {each["name"]: [each["status"], each["found"]] for each in document["checks"] if "model" in each["name"]}


def test_models_that_a_session_could_serve_are_counted(home: Path) -> None:
    assert found(home) == {"models": ["ok", "none yet"]}
    counted = "1 version; 1 of 1 that aliases point to can be served"
    assert found(home, (signal(), files())) == {"models": ["ok", counted]}


def test_one_whose_answers_are_others_fails_by_name(home: Path) -> None:
    inputs = signal().golden.inputs
    other = Golden(inputs, ((0.1, 0.1, 0.8, 2.0, 0.8),) * len(inputs))
    checks = found(home, (replace(signal(), golden=other), files()))
    assert checks["models"] == ["ok", "1 version; 0 of 1 that aliases point to can be served"]
    assert checks["model signal@1"][0] == "fail" and "golden row" in checks["model signal@1"][1]


def test_a_kind_that_nothing_here_can_load_is_a_warning(home: Path) -> None:
    checks = found(home, (example(kind="slope"), FILES))
    assert checks["model signal@1"] == ["warn", "nothing here can load the kind slope"]
