"""`papertape run`: what scripts rely on, stops by signals, resumes, and what must not change a session."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.program import PROGRAM, document, host, papertape, refusal

SIM = ("--feed", "sim", "--symbol", "BTC/USDT", "--symbol", "ETH/USDT", "--strategy", "ema-cross:fast=3,slow=8")
SLOWLY = (*SIM, "--bars", 600, "--pace", "600x")
"""A minute candle every 100 ms: a minute, in which somebody can step in."""
KEYS = {
    "session", "status", "bars", "snapshots", "seconds", "bars_per_second", "first_ts", "last_ts", "digest", "db",
    "books", "plugins",
}  # fmt: skip
BOOK_KEYS = {
    "name", "cash", "equity", "return", "orders", "fills", "trades", "fees", "max_drawdown", "sharpe", "positions",
}  # fmt: skip
PLUGIN_KEYS = {"name", "version", "calls", "errors", "p50_us", "p99_us", "status"}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))


def test_with_nothing_said_it_runs_the_demo() -> None:
    found = document("run", "--bars", 60)
    assert found.keys() >= KEYS
    assert (found["status"], found["bars"], found["snapshots"]) == ("finished", 180, 60)
    assert all(book.keys() >= BOOK_KEYS for book in found["books"])
    assert all(plugin.keys() >= PLUGIN_KEYS and plugin["status"] == "ok" for plugin in found["plugins"])
    assert {plugin["calls"] for plugin in found["plugins"] if plugin["name"] != "weighted-vote"} == {60}
    assert "weighted-vote" in {book["name"] for book in found["books"]} and len(found["books"]) > 5
    assert found["digest"].startswith("sha256:") and found["db"].startswith("sqlite:")


def test_without_json_it_ends_with_a_table_and_what_shows_more() -> None:
    done = papertape("run", *SIM, "--bars", 60)
    assert done.exit_code == 0
    assert "ema-cross" in done.stdout and "digest sha256:" in done.stdout
    assert "papertape sessions export" in done.stdout and "papertape sessions verify" in done.stdout


def test_books_are_named_after_their_strategies() -> None:
    found = document("run", *SIM, "--strategy", "ema-cross", "--strategy", "macd:name=mine", "--bars", 5)
    assert [book["name"] for book in found["books"]] == ["ema-cross", "ema-cross-2", "mine"]


def test_options_go_over_the_session_file(tmp_path: Path) -> None:
    file = tmp_path / "session.toml"
    file.write_text('strategies = ["macd"]\ncash = 500\nbars = 7\n[feed]\nkind = "sim"\nsymbols = ["BTC/USDT"]\n')
    (book,) = document("run", file)["books"]
    assert (book["name"], book["cash"]) == ("macd", "500")
    found = document("run", file, "--cash", 700, "--strategy", "momentum", "--bars", 9)
    assert (found["books"][0]["name"], found["books"][0]["cash"], found["snapshots"]) == ("momentum", "700", 9)


@pytest.mark.parametrize("options", [("--checkpoint-every", 1), ("--checkpoint-every", 17), ("--pace", "600000x")])
def test_commits_and_pace_change_no_digest(options: tuple[object, ...]) -> None:
    plain = document("run", *SIM, "--bars", 50)
    assert document("run", *SIM, "--bars", 50, *options)["digest"] == plain["digest"]


def test_the_order_of_hashes_changes_no_digest() -> None:
    digests = set()
    for seed in ("0", "1", "77"):
        arguments = [*PROGRAM, "-q", "run", "--bars", "80", "--json"]
        done = subprocess.run(arguments, capture_output=True, text=True, env={**_environment(), "PYTHONHASHSEED": seed})
        digests.add(json.loads(done.stdout)["digest"])
    assert len(digests) == 1


def _environment() -> dict[str, str]:
    import os

    return dict(os.environ)


def test_a_recorded_session_can_be_replayed_as_a_market_for_others() -> None:
    first = document("run", *SIM, "--bars", 40)
    same = document("run", "--feed", "replay", "--session", first["session"], "--strategy", SIM[-1], "--bars", 40)
    assert same["digest"] == first["digest"]
    other = document("run", "--feed", "replay", "--session", first["session"], "--strategy", "momentum", "--bars", 40)
    assert other["last_ts"] == first["last_ts"] and other["digest"] != first["digest"]


# Stops and resumes


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_the_step_and_it_says_how_to_go_on(number: signal.Signals) -> None:
    whole = document("run", *SIM, "--bars", 600)
    with host(*SLOWLY) as process:
        process.send_signal(number)
        out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    (listed,) = (row for row in document("sessions", "list")["sessions"] if row["status"] == "stopped")
    assert f"papertape run --resume {listed['session']}" in out
    resumed = document("run", "--resume", listed["session"])
    assert (resumed["status"], resumed["snapshots"], resumed["digest"]) == ("finished", 600, whole["digest"])
    assert document("sessions", "verify", listed["session"])["equal"]


def test_a_killed_session_is_resumed_from_its_last_commit() -> None:
    whole = document("run", *SIM, "--bars", 600)
    with host(*SLOWLY) as process:
        process.kill()
    (listed,) = (row for row in document("sessions", "list")["sessions"] if row["status"] == "interrupted")
    assert document("run", "--resume", listed["session"])["digest"] == whole["digest"]


def test_a_second_host_is_refused() -> None:
    with host(*SLOWLY) as process:
        (listed,) = document("sessions", "list")["sessions"]
        assert listed["status"] == "running"
        said = refusal("run", "--resume", listed["session"], code=1)
        assert said.startswith(f"session {listed['session']} is run by process {process.pid} on this machine")


def test_a_finished_session_is_only_told_about() -> None:
    first = document("run", *SIM, "--bars", 30)
    done = papertape("run", "--resume", first["session"], "--json")
    assert json.loads(done.stdout) == first
    assert f"session {first['session']} has finished already" in done.stderr
    assert "digest sha256:" in papertape("run", "--resume", first["session"]).stdout


@pytest.mark.parametrize(
    "option",
    [
        ("--feed", "sim"), ("--source", "x"), ("--symbol", "BTC/USDT"), ("--timeframe", "1m"), ("--cash", "1"),
        ("--strategy", "macd"), ("--fusion", "weighted-vote"), ("--sizer", "fixed-fraction"), ("--risk", "cool-down"),
        ("--fee-bps", "1"), ("--slippage-bps", "1"), ("--bars", "1"), ("--start", "0"), ("--end", "1"),
        ("--warmup", "1"), ("--on-bad-row", "skip"), ("--seed", "7"), ("--session", "x"),
    ],
)  # fmt: skip
def test_resume_takes_no_session_option_beside_it(option: tuple[str, str]) -> None:
    assert option[0] in refusal("run", "--resume", "abc", *option)


def test_resume_takes_no_session_file_beside_it() -> None:
    assert "SESSION.toml" in refusal("run", "session.toml", "--resume", "abc")


def test_messages_can_be_json_lines() -> None:
    done = papertape("run", *SIM, "--bars", 20, "--log-format", "json", "--pace", "600000x")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert lines[0]["event"] == "started" and all("session" in line for line in lines)
