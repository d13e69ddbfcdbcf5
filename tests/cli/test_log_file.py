"""`papertape run --log-file`: what a session says, and what goes wrong, in files of a limited size."""

import json
import logging
import re
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.cli.program import document, papertape, refusal

from papertape.cli.log_file import LOGGER, log_file
from papertape.contract.errors import ConfigError

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) +([a-z0-9]{6}|-) (.*)")
TRADING = ("--feed", "sim", "--symbol", "BTC/USDT", "--strategy", "ema-cross:fast=3,slow=8", "--bars", 60)
VISIBLY = (*TRADING, "--pace", "600000x")
FAILING = """from papertape import Strategy

class Failing(Strategy):
    def on_snapshot(self, snapshot):
        1 / 0
"""
STABLE = ["ts", "level", "session", "event", "message"]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def parsed(file: Path) -> list[tuple[str, str, str]]:
    """Level, session and message of every line of a text log."""
    found = [LINE.fullmatch(line) for line in file.read_text("utf-8").splitlines()]
    assert found and all(found), file.read_text("utf-8")
    return [(match[1], match[2], match[3]) for match in found if match]


def entries(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_every_line_has_its_time_level_and_session(tmp_path: Path) -> None:
    done = papertape("run", *VISIBLY, "--log-file", "run.log")
    assert done.exit_code == 0, done.stderr
    lines = parsed(tmp_path / "run.log")
    name = lines[0][2].split()[1]
    assert {session for _, session, _ in lines} == {name}
    assert lines[-1][2].startswith("session finished: 60 candles in 60 batches, digest sha256:")
    said = done.stderr.splitlines()
    assert [message for _, _, message in lines[:-1]] == said, "the terminal has what it had"
    assert any(" @ " in line for line in said)


def test_as_json_every_line_begins_with_the_same_keys_on_the_terminal_too(tmp_path: Path) -> None:
    done = papertape("run", *VISIBLY, "--log-file", "run.log", "--log-format", "json")
    lines = entries(tmp_path / "run.log")
    assert [json.loads(line) for line in done.stderr.splitlines()] == lines[:-1]
    assert all(list(line)[: len(STABLE)] == STABLE for line in lines)
    assert [line["event"] for line in lines][::-1][:2] == ["ended", "fill"] and lines[0]["event"] == "started"
    assert {line["session"] for line in lines} == {document("sessions", "list")["sessions"][0]["session"]}
    fill = next(line for line in lines if line["event"] == "fill")
    assert fill.keys() >= {"book", "symbol", "side", "quantity", "price", "fee", "at", "batch"}
    assert isinstance(fill["price"], str)


def test_files_are_begun_anew_at_their_size_and_the_newest_are_kept(tmp_path: Path) -> None:
    options = ("--log-file", "run.log", "--log-file-size", "500B", "--log-files", 3)
    for _ in range(4):
        assert papertape("run", *VISIBLY, *options).exit_code == 0
    files = sorted(tmp_path.glob("run.log*"))
    assert [file.name for file in files] == ["run.log", "run.log.1", "run.log.2"]
    assert all(0 < file.stat().st_size <= 500 for file in files)
    newest = document("sessions", "list")["sessions"][0]["session"]
    assert parsed(files[0])[-1][1] == newest and "session finished" in parsed(files[0])[-1][2]
    lines = [line for file in reversed(files) for line in file.read_text().splitlines()]
    assert lines == sorted(lines, key=lambda line: line[:24]), "no line is torn, none out of order"


def test_a_resumed_session_goes_on_in_its_log(tmp_path: Path) -> None:
    name = document("run", *VISIBLY, "--log-file", "run.log")["session"]
    before = len(parsed(tmp_path / "run.log"))
    assert papertape("run", "--resume", name, "--log-file", "run.log", "--log-file-size", "1MB").exit_code == 0
    assert len(parsed(tmp_path / "run.log")) >= before


def test_errors_of_plugins_are_errors(tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(FAILING)
    papertape("run", "--strategy", "failing.py", "--bars", 20, "--log-file", "run.log", "--log-format", "json")
    errors = [line for line in entries(tmp_path / "run.log") if line["level"] == "error"]
    assert [line["event"] for line in errors][-2:] == ["error", "quarantined"]
    assert errors[0]["plugin"] == "failing" and "ZeroDivisionError" in str(errors[0]["message"])


def test_what_ends_a_command_early_is_in_the_log(tmp_path: Path) -> None:
    assert "no strategy is called 'nosuch'" in refusal("run", "--strategy", "nosuch", "--log-file", "run.log")
    ((level, session, message),) = parsed(tmp_path / "run.log")
    assert (level, session) == ("ERROR", "-") and message.startswith("UnknownComponent: no strategy is called 'nosuch'")


def test_an_unexpected_error_is_there_with_its_traceback_line_by_line(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), log_file(tmp_path / "x.log", "text", 10_000, 2):
        _ = 1 / 0
    lines = parsed(tmp_path / "x.log")
    assert [message for _, _, message in lines][:2] == [
        "ZeroDivisionError: division by zero",
        "Traceback (most recent call last):",
    ]
    with pytest.raises(ZeroDivisionError), log_file(tmp_path / "y.log", "json", 10_000, 2):
        _ = 1 / 0
    (entry,) = entries(tmp_path / "y.log")
    assert (entry["event"], entry["level"], entry["session"]) == ("failed", "error", None)
    assert "Traceback" in str(entry["traceback"])


def test_warnings_other_libraries_and_threads_that_end_are_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda gone: None)
    with warnings.catch_warnings(), log_file(tmp_path / "x.log", "json", 10_000, 2):
        warnings.simplefilter("always")
        warnings.warn("odd\nthing", stacklevel=1)
        logging.getLogger("some.library").warning("a socket is %s", "lost")
        logging.getLogger("some.library").info("chatter")
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    warned, lost, gone = entries(tmp_path / "x.log")
    assert "odd\nthing" in str(warned["message"]) and warned["logger"] == "py.warnings"
    assert (lost["message"], lost["logger"], lost["level"]) == ("a socket is lost", "some.library", "warning")
    assert "a thread has ended" in str(gone["message"]) and "ZeroDivisionError" in str(gone["traceback"])


def test_nothing_that_was_set_up_stays(tmp_path: Path) -> None:
    before = (list(logging.getLogger().handlers), list(LOGGER.handlers), threading.excepthook, warnings.showwarning)
    with log_file(tmp_path / "x.log", "text", 10_000, 2):
        pass
    after = (list(logging.getLogger().handlers), list(LOGGER.handlers), threading.excepthook, warnings.showwarning)
    assert after == before


def test_nothing_in_a_message_can_forge_a_line_or_act_on_a_terminal(tmp_path: Path) -> None:
    with log_file(tmp_path / "x.log", "text", 10_000, 2):
        LOGGER.error("a\n2026-01-01T00:00:00.000Z INFO - all is well\x1b[2J")
    ((_, _, message),) = parsed(tmp_path / "x.log")
    assert message == r"a\n2026-01-01T00:00:00.000Z INFO - all is well\x1b[2J"


def test_a_log_that_cannot_be_written_any_more_is_said_once_and_ends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    with log_file(folder / "x.log", "text", 200, 2):
        LOGGER.info("x" * 150)
        (folder / "x.log").unlink()
        folder.rmdir()
        for _ in range(3):
            LOGGER.info("y" * 150)
    said = capsys.readouterr().err
    assert said.count("x.log cannot be written any more") == 1 and "Traceback" not in said


@pytest.mark.parametrize("path", ["nowhere/run.log", "."])
def test_a_path_that_cannot_be_written_is_refused_before_anything_runs(path: str, tmp_path: Path) -> None:
    said = refusal("run", *VISIBLY, "--log-file", path)
    assert said.startswith(f"--log-file {path} cannot be written: ")
    assert not (tmp_path / "home" / "ledger.db").exists()
    with pytest.raises(ConfigError), log_file(Path(path), "text", 1, 2):
        pass


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--log-file-size", "much"), "'much' is no size"),
        (("--log-file-size", "0"), "'0' is no size"),
        (("--log-file-size", "1.5MB"), "'1.5MB' is no size"),
        (("--log-files", "1"), "1 is not in the range x>=2"),
    ],
)
def test_sizes_and_counts_that_mean_nothing_are_refused(options: Sequence[str], words: str) -> None:
    assert words in refusal("run", "--log-file", "run.log", *options)


def test_what_libraries_say_that_nobody_listens_to_is_harmless_on_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert logging.lastResort is not None
    logging.lastResort.handle(logging.makeLogRecord({"levelno": logging.WARNING, "msg": "a\n2026-01-01 b\x1b[2J"}))
    assert capsys.readouterr().err == r"a\n2026-01-01 b\x1b[2J" + "\n"
