"""Discovery: what plugins register is found, whoever breaks the contract is named, and the rest go on."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from papertape import Strategy, UnknownComponent
from papertape.contract import RequestError
from papertape.engine.discovery import load_plugins, load_strategy_file

GOOD = """
from papertape import Param, Strategy, hookimpl

class Fine(Strategy):
    'Does nothing, well.'
    version = '7.1'
    window = Param(5, min=1, help='candles')
    seen = []

    def on_snapshot(self, snapshot):
        self.seen.append(snapshot)

@hookimpl
def register_strategies(register):
    register('fine', Fine)
"""
HOOK = "from papertape import Strategy, Sizer, hookimpl\n@hookimpl\n"
BROKEN = {
    "bad-import": ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
    "leaves": ("raise SystemExit(3)", "SystemExit: 3"),
    "does-not-parse": ("def (", "SyntaxError"),
    "no-class": (HOOK + "def register_sizers(register): register('half', 0.5)", "must be a class derived from Sizer"),
    "wrong-base": (
        "from papertape import Strategy\n" + HOOK + "def register_sizers(register): register('half', Strategy)",
        "must be a class derived from Sizer, was class Strategy",
    ),
    "no-method": (
        "from papertape import Strategy\nclass Mute(Strategy): pass\n"
        + HOOK
        + "def register_strategies(register): register('mute', Mute)",
        "class Mute has no method on_snapshot",
    ),
    "unknown-hook": (HOOK + "def register_strategys(register): pass", "unknown hook 'register_strategys'"),
    "wrong-arguments": (HOOK + "def register_strategies(register, app): pass", "definition"),
    "raises": (HOOK + "def register_strategies(register): 1 / 0", "ZeroDivisionError: division by zero"),
    "bad-name": (GOOD.replace("'fine'", r"'fi\x1b[31mne'"), "has a bad name"),
    "takes-a-name": (GOOD.replace("'fine'", "'ema-cross'"), "already registered by plugin 'ema-cross'"),
    "takes-a-command": (
        "import click\nfrom papertape import hookimpl\n@hookimpl\n"
        "def register_commands(register): register('doctor', click.Command('doctor'))",
        "already registered by plugin 'papertape'",
    ),
    "no-screen": (HOOK + "def register_screens(register): register('mine', Sizer)", "must be a function"),
    "half-good": (GOOD.replace("'fine'", "'half-fine'") + "    register('', Fine)", "has a bad name"),
    "swallows": (
        HOOK + "def register_strategies(register):\n    try: register('x', 1)\n    except Exception: pass",
        "must be a class derived from Strategy",
    ),
    "twice": (GOOD.replace("'fine'", "'dup'") + "    register('dup', Fine)", "already registered by plugin 'twice'"),
}


def install(folder: Path, name: str, source: str) -> None:
    """A distribution in `folder` with one plugin in a module of its own."""
    module = "plugin_" + name.replace("-", "_")
    (folder / f"{module}.py").write_text(source, "utf-8")
    info = folder / f"{module}-2.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dist-{name}\nVersion: 2.5\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[papertape]\n{name} = {module}\n", "utf-8")


def papertape(folder: Path, *args: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The command line in a process that finds the distributions in `folder`."""
    env = os.environ | {"PYTHONPATH": str(folder), "PAPERTAPE_HOME": str(folder / "home")} | environment
    command = [sys.executable, "-c", "from papertape.cli import cli; cli(prog_name='papertape')", *args]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    install(folder, "good", GOOD)
    for name, (source, _) in BROKEN.items():
        install(folder, name, source)
    return folder


@pytest.fixture(scope="module")
def listed(folder: Path) -> dict[str, Any]:
    done = papertape(folder, "plugins", "list", "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_left_out_with_name_distribution_and_reason(listed: dict[str, Any], name: str) -> None:
    (failure,) = [failure for failure in listed["failures"] if failure["plugin"] == name]
    assert (failure["distribution"], failure["version"]) == (f"dist-{name}", "2.5")
    assert BROKEN[name][1] in failure["reason"] and "\n" not in failure["reason"]
    assert not [part for part in listed["components"] if part["plugin"] == name]


def test_the_rest_go_on(listed: dict[str, Any]) -> None:
    by_name = {part["name"]: part for part in listed["components"]}
    assert by_name["ema-cross"]["distribution"] == "papertape"
    fine = {"kind": "strategy", "name": "fine", "plugin": "good", "distribution": "dist-good", "version": "7.1"}
    assert by_name["fine"] == fine | {"summary": "Does nothing, well."}


def test_the_table_lists_failures_and_nothing_hostile_reaches_the_terminal(folder: Path) -> None:
    done = papertape(folder, "plugins", "list")
    assert done.returncode == 0
    assert "bad-import" in done.stdout and "nothing_of_that_name" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_doctor_fails_over_plugins_that_do_not_load(folder: Path) -> None:
    done = papertape(folder, "doctor", "--json")
    assert done.returncode == 1
    failed = {check["name"] for check in json.loads(done.stdout)["checks"] if check["status"] == "fail"}
    assert failed == {f"plugin {name}" for name in BROKEN}


def test_plugins_can_be_switched_off_and_a_wrong_name_there_is_reported(folder: Path) -> None:
    done = papertape(folder, "plugins", "list", "--json", PAPERTAPE_PLUGINS_DISABLED="good, macd,goood")
    document = json.loads(done.stdout)
    assert document["disabled"] == ["good", "macd"]
    assert not {"fine", "macd"} & {part["name"] for part in document["components"]}
    (failure,) = [failure for failure in document["failures"] if failure["plugin"] == "goood"]
    assert "did you mean good?" in failure["reason"]


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownComponent, match=r"no strategy is called 'ema-crss'; did you mean ema-cross\?.*list"):
        load_plugins().find("strategy", "ema-crss")


def test_a_name_whose_plugin_was_left_out_is_answered_with_the_reason(folder: Path) -> None:
    done = papertape(folder, "plugins", "show", "raises", "--kind", "strategy")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the plugin of that name is left out; ZeroDivisionError: division by zero" in done.stderr


def test_every_instance_has_module_and_class_variables_of_its_own(tmp_path: Path) -> None:
    part = load_strategy_file(written(tmp_path, GOOD))
    one, other = part.create("one", {}), part.create("other", {"window": "9"})
    assert (one.window, other.window) == (5, 9)
    assert type(one).seen is not type(other).seen


def written(folder: Path, source: str, name: str = "idea.py") -> Path:
    path = folder / name
    path.write_text(source, "utf-8")
    return path


def test_a_file_with_a_hook_gives_what_the_hook_registers(tmp_path: Path) -> None:
    part = load_strategy_file(written(tmp_path, GOOD))
    assert (part.name, part.version, issubclass(part.object, Strategy)) == ("fine", "7.1", True)


def test_a_file_with_one_class_needs_no_hook(tmp_path: Path) -> None:
    source = GOOD[: GOOD.index("@hookimpl")] + "class Finer(Fine):\n    pass\n"
    part = load_strategy_file(written(tmp_path, source, "my idea.py"))
    assert (part.name, part.object.__name__) == ("my-idea", "Finer")


def test_the_same_file_twice_gives_two_modules(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD, "json.py")
    one, other = load_strategy_file(path), load_strategy_file(path)
    assert one.object is not other.object
    assert one.code_hash() == other.code_hash()
    assert sys.modules["json"] is json


def test_the_code_hash_follows_the_source(tmp_path: Path) -> None:
    before = load_strategy_file(written(tmp_path, GOOD)).code_hash()
    assert before is not None and before.startswith("sha256:")
    assert load_strategy_file(written(tmp_path, GOOD + "\n")).code_hash() != before


def test_dataclasses_with_postponed_annotations_work_in_a_file(tmp_path: Path) -> None:
    source = (
        "from __future__ import annotations\nimport dataclasses\n@dataclasses.dataclass\nclass A:\n    b: int\n" + GOOD
    )
    assert load_strategy_file(written(tmp_path, source)).create("fine", {}).window == 5


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\ndef f(:\n", r"idea\.py, line 2: invalid syntax"),
        ("x = 1\n1 / 0\n", r"idea\.py, line 2, fails when it is loaded: ZeroDivisionError: division by zero"),
        ("x = 1\n", r"holds no strategy; it needs a class derived from Strategy, or a function generate_signal"),
        ("", "holds no strategy"),
        ("import sys\nsys.exit()\n", "line 2, fails when it is loaded: SystemExit"),
        ("a = '\x00'\n", "null bytes"),
        (GOOD[: GOOD.index("@hookimpl")] + "class B(Strategy): pass\n", r"holds 2 strategies \(Fine, B\)"),
        (GOOD.replace("'fine'", "'no good'"), "has a bad name"),
        ("from papertape import Strategy\nclass Mute(Strategy): pass\n", "no method on_snapshot"),
        ("CONFIG = 3\ndef generate_signal(data, config, state): pass", "CONFIG must be a dict"),
    ],
)
def test_a_file_without_exactly_one_working_strategy_says_what_would_do(
    tmp_path: Path, source: str, message: str
) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        load_strategy_file(written(tmp_path, source))
    assert "\n" not in str(caught.value) and caught.value.exit_code == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"nope\.py cannot be read: No such file"):
        load_strategy_file(tmp_path / "nope.py")
