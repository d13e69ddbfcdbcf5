"""The starter models come in by one command, and trade in the session that `make paper` runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from papertape.cli import cli

MODELS = Path(__file__).parents[1] / "models"


def done(*arguments: object) -> dict[str, Any]:
    result = CliRunner().invoke(cli, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_they_are_what_they_were_and_trade_in_the_line_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path))
    done("models", "import", MODELS)
    verified = done("models", "verify")
    assert verified["ok"] and {each["golden"] for each in verified["versions"]} == {"ok"}
    pointers = {(each["model"], alias) for each in done("models", "list")["versions"] for alias in each["aliases"]}
    assert {(name, "champion") for name in ("signal", "price", "sizer", "stacking")} <= pointers

    session = done("run", MODELS / "line-up.toml", "--bars", 700)
    assert not [plugin for plugin in session["plugins"] if plugin["errors"]]
    fills = {book["name"]: book["fills"] for book in session["books"]}
    assert fills["classifier"] and fills["predictor"] and fills["stacking"]
    assert done("sessions", "verify", session["session"])["equal"]
