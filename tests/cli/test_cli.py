"""The edge: what a wrong request, a failure, an interruption and a closed pipe look like from outside."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from papertape import PapertapeError, RequestError, __version__
from papertape.cli import COMMANDS, cli
from papertape.cli.options import json_option, with_common_options
from papertape.cli.root import Entry, Root

PROGRAM = [sys.executable, "-c", "from papertape.cli import cli; cli(prog_name='papertape')"]


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="papertape")


@click.command()
@click.argument("error")
def fail(error: str) -> None:
    raise {
        "request": RequestError("symbol 'X' is unknown; name one of A, B"),
        "known": PapertapeError("the disk is full\x1b[2J; make room"),
        "unknown": KeyError("surprise"),
        "odd": GeneratorExit("odd"),
        "interrupt": KeyboardInterrupt(),
    }[error]


FAILING = Root("test", table={"fail": Entry(__name__, "fail", "Fails.")})


def failed(error: str, *args: str) -> Result:
    return CliRunner().invoke(FAILING, ["fail", error, *args], prog_name="test")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        ("request", 2, "Error: symbol 'X' is unknown; name one of A, B"),
        ("known", 1, r"Error: the disk is full\x1b[2J; make room"),
        ("unknown", 1, "Error: KeyError: 'surprise' (unexpected; --debug shows the traceback)"),
        ("odd", 1, "Error: GeneratorExit: odd (unexpected; --debug shows the traceback)"),
    ],
)
def test_a_failure_is_one_plain_line_on_stderr_and_an_exit_code(error: str, code: int, line: str) -> None:
    result = failed(error)
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", line + "\n")


def test_debug_shows_the_traceback_before_or_after_the_commands_name() -> None:
    for result in (failed("unknown", "--debug"), run("--debug", "plugins", "show", "no-such-thing")):
        assert "Traceback (most recent call last)" in result.stderr
        assert result.stderr.splitlines()[-1].startswith("Error: ")


def test_an_interruption_leaves_no_traceback() -> None:
    result = failed("interrupt")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.strip() == "Interrupted."


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["plguins"], "no command 'plguins'; did you mean plugins?"),
        (["zzz"], "no command 'zzz'; there is none of a similar name."),
        (["plugins", "lst"], "No such command 'lst'"),
        (["--nope"], "No such option"),
        (["plugins", "show"], "Missing argument 'NAME'"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
        (["plugins", "show", "ema-crss"], "no component is called 'ema-crss'; did you mean ema-cross?"),
    ],
)
def test_a_wrong_request_exits_2_in_two_lines_at_most_and_says_what_would_do(args: list[str], message: str) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert 1 <= len(result.stderr.splitlines()) <= 2 and "Traceback" not in result.stderr


def test_the_program_without_a_command_shows_its_help() -> None:
    result = run()
    assert "plugins" in result.stderr and result.exit_code == 2


def test_it_says_its_version() -> None:
    assert run("--version").stdout == f"papertape, version {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_entry_of_the_table_is_a_command_with_that_short_help_and_an_example(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None and command.name == name
    assert (command.help or "").splitlines()[0] == COMMANDS[name].help
    leaves = command.commands.values() if isinstance(command, click.Group) else [command]
    assert all("Example" in (leaf.help or "") for leaf in leaves), "every command's --help has an example"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom papertape.cli import cli\ntry: cli(['--help'])\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "sqlalchemy", "pyarrow", "alembic", "pluggy", "papertape.contract", "textual", "torch"}
    assert "Commands:" in done.stdout and not heavy & set(done.stderr.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0 and "_PAPERTAPE_COMPLETE" in result.stdout


def test_completion_offers_commands() -> None:
    env = os.environ | {"_PAPERTAPE_COMPLETE": "bash_complete", "COMP_WORDS": "papertape plu", "COMP_CWORD": "1"}
    done = subprocess.run(PROGRAM, env=env, capture_output=True, text=True)
    assert "plain,plugins" in done.stdout.split()


def test_a_reader_that_leaves_early_causes_no_complaint() -> None:
    process = subprocess.Popen([*PROGRAM, "plugins", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), complaint) == (1, b"")


def test_sigint_from_outside_ends_without_a_traceback() -> None:
    code = "import click, os, signal, time\nfrom papertape.cli.root import Root\n"
    code += "cli = Root('t', table={})\n"
    code += "@cli.command()\ndef wait():\n    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "    os.kill(os.getpid(), signal.SIGINT)\n    while True: time.sleep(0.05)\n"
    code += "cli.table = {'wait': None}\ncli.get_command = lambda ctx, name: wait\ncli(['wait'])\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr.strip()) == (1, "Interrupted.")


def test_common_options_are_not_given_twice() -> None:
    @click.command()
    @json_option
    @click.option("-v", "volume")
    def own(as_json: bool, volume: str | None) -> None: ...

    once = [param.name for param in with_common_options(own).params]
    assert [param.name for param in with_common_options(own).params] == once
    assert once.count("debug") == 1 and "verbose" not in once


PLUGIN = """
import click
from papertape import hookimpl

@click.command(help="Greets.\\x1b[31m")
def hello():
    click.echo("hello")

@hookimpl
def register_commands(register):
    register("hello", hello)
"""


def test_a_plugins_command_is_listed_and_runs(tmp_path: Path) -> None:
    (tmp_path / "greeter.py").write_text(PLUGIN, "utf-8")
    info = tmp_path / "greeter-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greeter\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text("[papertape]\ngreeter = greeter\n", "utf-8")
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    listed = subprocess.run([*PROGRAM, "--help"], env=env, capture_output=True, text=True)
    assert "Commands of plugins:\n  hello  Greets." in listed.stdout and "\x1b" not in listed.stdout
    ran = subprocess.run([*PROGRAM, "hello"], env=env, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "hello\n")


def test_doctor_finds_a_machine_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "not" / "there" / "yet"))
    document = json.loads(run("doctor", "--json").stdout)
    statuses = {check["name"]: check["status"] for check in document["checks"]}
    assert {"python", "sqlite", "home", "disk", "ledger", "plugins"} <= statuses.keys()
    assert statuses["home"] == statuses["ledger"] == "ok"


@pytest.mark.parametrize("url", ["nope://x", "sqlite:///:memory:", "postgresql://ann:secret@127.0.0.1:1/x"])
def test_doctor_fails_over_a_ledger_that_cannot_be_used(url: str) -> None:
    result = run("doctor", "--db", url, "--json")
    (ledger,) = [check for check in json.loads(result.stdout)["checks"] if check["name"] == "ledger"]
    assert (result.exit_code, ledger["status"]) == (1, "fail")
    assert "secret" not in result.output


def test_doctor_fails_over_a_home_that_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "file" / "home"))
    result = run("doctor")
    assert result.exit_code == 1 and f"{tmp_path / 'file'} is no folder" in result.stdout
