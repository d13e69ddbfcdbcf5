"""`papertape sessions`: looking at what ran, and telling one that runs what to do."""

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests.cli.program import document, host, papertape, refusal
from tests.cli.test_run import SIM, SLOWLY


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))


@pytest.fixture
def finished() -> dict[str, Any]:
    return document("run", *SIM, "--bars", 120)


def exported(session: str, what: str) -> list[dict[str, str]]:
    done = papertape("sessions", "export", session, "--what", what)
    assert done.exit_code == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_the_newest_session_is_listed_first(finished: dict[str, Any]) -> None:
    stopped_at = document("run", *SIM, "--bars", 10)
    first, second = document("sessions", "list")["sessions"]
    assert {first["session"], second["session"]} == {finished["session"], stopped_at["session"]}
    assert first["created_at"] >= second["created_at"]
    assert finished["session"] in papertape("sessions", "list").stdout


def test_show_says_what_the_run_had_said(finished: dict[str, Any]) -> None:
    assert document("sessions", "show", finished["session"]) == finished
    assert finished["digest"] in papertape("sessions", "show", finished["session"]).stdout


def test_a_session_is_named_by_the_beginning_of_its_id(finished: dict[str, Any]) -> None:
    assert papertape("sessions", "digest", finished["session"][:4]).stdout == finished["digest"] + "\n"
    assert document("sessions", "digest", finished["session"])["digest"] == finished["digest"]


def test_what_is_exported_agrees_with_the_summary(finished: dict[str, Any]) -> None:
    (book,) = finished["books"]
    rows = {what: exported(finished["session"], what) for what in ("orders", "fills", "trades", "signals", "equity")}
    assert len(rows["fills"]) == book["fills"] and len(rows["trades"]) == book["trades"] > 0
    assert len([row for row in rows["orders"] if row["status"] != "refused"]) == book["orders"]
    assert len(rows["equity"]) == finished["snapshots"]
    assert rows["fills"][-1]["cash"] == book["cash"]
    assert float(rows["equity"][-1]["equity"]) == pytest.approx(float(book["equity"]))
    assert rows["trades"][0].keys() >= {
        "opened_at",
        "closed_at",
        "quantity",
        "profit",
        "fees",
        "reason",
        "best",
        "worst",
    }


@pytest.mark.parametrize("style", ["jsonl", "parquet"])
def test_exports_can_be_files_of_other_kinds(finished: dict[str, Any], style: str, tmp_path: Path) -> None:
    file = tmp_path / "fills"
    papertape("sessions", "export", finished["session"], "--what", "fills", "--format", style, "--out", file)
    if style == "jsonl":
        prices = [json.loads(line)["price"] for line in file.read_text().splitlines()]
    else:
        import pyarrow.parquet as pq

        prices = pq.read_table(file).column("price").to_pylist()
    assert prices == [row["price"] for row in exported(finished["session"], "fills")]


def test_verify_exits_1_and_names_what_differs(finished: dict[str, Any]) -> None:
    from sqlalchemy import text

    from papertape.ledger.store import Ledger

    assert "equal at all" in papertape("sessions", "verify", finished["session"]).stdout
    with Ledger.open(finished["db"]) as ledger, ledger.database.write() as connection:
        connection.execute(text("UPDATE fills SET price = '7.5' WHERE seq = (SELECT min(seq) FROM fills)"))
    done = papertape("sessions", "verify", finished["session"], "--json")
    assert done.exit_code == 1
    assert "price is 7.5 in the ledger" in json.loads(done.stdout)["difference"]
    assert "Error: session" in done.stderr and "price is 7.5 in the ledger" in done.stderr


def test_the_operator_tells_a_running_session_what_to_do() -> None:
    with host(*SLOWLY) as process:
        (listed,) = document("sessions", "list")["sessions"]
        name = listed["session"]
        plugin = "ema-cross"
        told = ["pause", "resume", f"disable {plugin}", f"enable {plugin}", "flatten", f"restart {plugin}"]
        for order in map(str.split, [*told, "pace hold", "step", "pace 900x"]):
            done = papertape("sessions", "command", name, *order)
            assert done.exit_code == 0, done.stderr
            assert f"session {name} will {order[0]}" in done.stdout
        assert papertape("sessions", "stop", name).exit_code == 0
        process.communicate(timeout=60)
        assert process.returncode == 0
    resumed = document("run", "--resume", name)
    assert (resumed["status"], resumed["snapshots"]) == ("finished", 600)
    said = [json.loads(row["payload"])["command"] for row in exported(name, "tape") if row["kind"] == "command"]
    assert said == ["pause", "resume", "disable", "enable", "flatten", "restart"]
    paces = [json.loads(row["payload"]) for row in exported(name, "tape") if row["kind"] == "pace"]
    assert [one.get("pace", one["command"]) for one in paces] == [SLOWLY[-1], "hold", "step", "900x", "max"]
    assert document("sessions", "verify", name)["equal"]


def test_a_disabled_plugin_stays_silent_after_a_restart() -> None:
    with host(*SLOWLY) as process:
        name = document("sessions", "list")["sessions"][0]["session"]
        papertape("sessions", "command", name, "disable", "ema-cross")
        time.sleep(0.2)
        papertape("sessions", "stop", name)
        process.communicate(timeout=60)
    document("run", "--resume", name)
    (command,) = [row for row in exported(name, "tape") if row["kind"] == "command"]
    assert all(int(row["batch"]) < int(command["batch"]) for row in exported(name, "signals"))


def test_a_session_that_does_not_run_obeys_nobody(finished: dict[str, Any]) -> None:
    name = finished["session"]
    for order in (("stop", name), ("command", name, "pause")):
        assert f"session {name} does not run (finished)" in refusal("sessions", *order, code=1)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (("disable",), "disable takes the name of a plugin"),
        (("pause", "ema-cross"), "pause takes no plugin"),
        (("pause", "--book", "ema-cross"), "--book goes with flatten alone"),
        (("disable", "nobody"), "has no 'nobody'; it has ema-cross"),
        (("flatten", "--book", "nobody"), "has no 'nobody'; it has ema-cross"),
        (("restart", "nobody"), "has no 'nobody'; it has ema-cross"),
        (("pace",), "pace takes a pace: max, realtime, hold"),
        (("pace", "soon"), "'soon' is no pace: say max, realtime, hold"),
        (("dance",), "'dance' is not one of"),
    ],
)
def test_a_command_that_means_nothing_is_refused(finished: dict[str, Any], order: tuple[str, ...], words: str) -> None:
    assert words in refusal("sessions", "command", finished["session"], *order)


def test_an_unknown_session_is_answered_with_those_there_are(finished: dict[str, Any]) -> None:
    for command in ("show", "digest", "verify", "stop", "export"):
        assert "no session 'zzz' is in the ledger" in refusal("sessions", command, "zzz")


def test_without_a_ledger_nothing_is_listed() -> None:
    assert "there is no ledger at" in refusal("sessions", "list")
