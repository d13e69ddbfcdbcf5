"""Options that many commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from papertape.cli.output import VERBOSITY

F = TypeVar("F", bound=Callable[..., Any])
DEBUG = "papertape.debug"
"""Key in click's `Context.meta`: whether `--debug` was given."""


def json_option(function: F) -> F:
    """`--json`, as the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")(function)


def home() -> Path:
    """The folder of everything that papertape keeps: PAPERTAPE_HOME, by default ~/.papertape."""
    return Path(os.environ.get("PAPERTAPE_HOME") or "~/.papertape").expanduser()


def db_option(function: F) -> F:
    """`--db URL`, as the argument `db`: always a URL, by default that of the SQLite file in PAPERTAPE_HOME."""

    def resolve(context: click.Context, param: click.Parameter, url: str | None) -> str:
        from papertape.ledger.url import default_url

        return url or default_url(home())

    return click.option(
        "--db",
        metavar="URL",
        callback=resolve,
        help="The ledger: sqlite:///FILE.db or postgresql://... Default: ledger.db in PAPERTAPE_HOME.",
    )(function)


def common_options() -> list[click.Option]:
    """`--debug`, `-v` and `-q`, understood before and after a command's name."""
    return [
        _noted(["--debug"], "Show the traceback of an error.", DEBUG, True),
        _noted(["-v", "--verbose"], "Say more.", VERBOSITY, 1),
        _noted(["-q", "--quiet"], "Say nothing but errors.", VERBOSITY, -1),
    ]


def with_common_options(command: click.Command) -> click.Command:
    """`command`, its leaves taking the common options wherever they do not use the same spelling themselves."""
    if isinstance(command, click.Group):
        for part in command.commands.values():
            with_common_options(part)
        return command
    taken = {spelling for param in command.params for spelling in param.opts}
    command.params += [option for option in common_options() if not taken & set(option.opts)]
    return command


def _noted(spellings: list[str], text: str, key: str, value: object) -> click.Option:
    def note(context: click.Context, param: click.Parameter, given: bool) -> None:
        if given:
            context.meta[key] = value

    return click.Option(spellings, is_flag=True, is_eager=True, expose_value=False, callback=note, help=text)
