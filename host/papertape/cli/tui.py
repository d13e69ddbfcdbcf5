"""`papertape tui`: the terminal UI, in a terminal or in a browser; and that of `papertape run --tui`."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from papertape.cli.clock import now
from papertape.cli.options import db_option, home
from papertape.cli.output import say

if TYPE_CHECKING:
    from papertape.tui.app import PapertapeApp


_LINES_ALONE = ("dumb", "unknown")
"""What TERM says where nothing can be placed on a screen."""


@click.command()
@click.argument("file", metavar="[SESSION.toml]", required=False, type=click.Path())
@click.option("--session", metavar="ID", help="The session to show first; one that runs can be steered.")
@click.option("--web", is_flag=True, help="Serve it to browsers instead of showing it here.")
@click.option("--host", metavar="NAME", help="Where to serve it: 127.0.0.1, this machine alone, if left out.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="On which port. Default: 8000.")
@db_option
def tui(file: str | None, session: str | None, web: bool, host: str | None, port: int | None, db: str) -> None:
    """The terminal UI: starts sessions, watches those that run or ran, and steers them.

    It reads the ledger, so a session may run anywhere, and goes on when the screen is closed. A session file is shown
    to be looked over; Ctrl-S starts it. With --web, whoever can reach the port can start and steer sessions: there is
    no password.

    \b
    Examples:
      papertape tui
      papertape tui --session 7f3k
      papertape tui session.toml
      papertape tui --web --port 8080
    """
    from papertape.cli.session_file import read_file
    from papertape.contract.errors import ConfigError
    from papertape.engine.config import read_config
    from papertape.ledger.store import Ledger

    application = _application()
    if file is not None and session is not None:
        raise ConfigError("--session is for one that is there, SESSION.toml for a new one: leave one of them out")
    if not web and (host is not None or port is not None):
        raise ConfigError("--host and --port say where to serve it: they go with --web")
    name = config = None
    if file is not None:
        file = str(Path(file).absolute())
        config = read_config(read_file(file))
    if session is not None:
        with Ledger.open(db) as ledger:
            name = ledger.find(session).id
    if web:
        place = [file] if file is not None else ["--session", name] if name is not None else []
        serve([*place, "--db", db], host or "127.0.0.1", 8000 if port is None else port)
        return
    from papertape.tui.core.draft import draft_of

    _in_a_terminal()
    draft = None if config is None or file is None else (draft_of(config), Path(file).name)
    application(db, home(), now, name, draft).run()


def run_in_screen(arguments: Sequence[str], db: str) -> None:
    """Starts `papertape run` with arguments as a process of its own, and shows its session. Raises `NotStarted` where
    it comes to none."""
    from papertape.ledger.store import Ledger

    application = _application()
    _in_a_terminal()
    from papertape.tui.core.launching import Launch

    host = Launch(["run", *arguments], home() / "tui" / f"run-{os.getpid()}.log")
    say(f"starting; what it says meanwhile is in {host.log}")
    try:
        while (name := host.session()) is None:
            time.sleep(0.05)
    except KeyboardInterrupt:
        host.process.terminate()
        raise
    application(db, home(), now, name, begun=True).run()
    with Ledger.open(db) as ledger:
        row, runs = ledger.find(name), ledger.is_owned(name)
    if runs:
        say(
            f"session {name} goes on: `papertape tui --session {name}` shows it again, "
            f"`papertape sessions stop {name}` ends it"
        )
    else:
        say(f"session {name} is {row.status}: `papertape sessions show {name}` says what it came to")


def serve(arguments: Sequence[str], host: str, port: int) -> None:
    """Serves the UI to browsers until it is interrupted. Raises `MissingExtra` without textual-serve, and
    `PapertapeError` where there is no serving at that place."""
    import socket

    from papertape.contract.errors import MissingExtra, PapertapeError

    try:
        from papertape.tui.web import LOCAL, WebServer
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("textual_serve", "aiohttp", "jinja2"):
            raise
        raise MissingExtra("the terminal UI in a browser", "web") from error
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            port = probe.getsockname()[1]
    except OSError as error:
        raise PapertapeError(f"nothing can be served at {host}:{port}: {error.strerror}; try another --port") from error
    say(f"the terminal UI is at http://{f'[{host}]' if ':' in host else host}:{port}; Ctrl-C ends it")
    if host not in LOCAL:
        say("there is no password: whoever can reach that port can start and steer sessions, and a strategy is code")
    WebServer(arguments, host, port).serve()


def _application() -> "type[PapertapeApp]":
    from papertape.contract.errors import MissingExtra

    os.environ.setdefault("TEXTUAL_FPS", "120")  # what a key changes is painted at the next frame: it waits for none
    try:
        from papertape.tui.app import PapertapeApp
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("textual", "rich"):
            raise
        raise MissingExtra("the terminal UI", "tui") from error
    return PapertapeApp


def _in_a_terminal() -> None:
    """Raises `ConfigError` where there is no terminal to take: output that goes into a file or a pipe, or a
    terminal that can only write line after line."""
    from papertape.contract.errors import ConfigError

    if os.environ.get("TERM") in _LINES_ALONE and not os.environ.get("TEXTUAL_DRIVER"):
        raise ConfigError(
            f"TERM={os.environ['TERM']} says that this terminal can only write line after line: set TERM to what it "
            "is, such as xterm-256color, or have `papertape tui --web` serve a browser"
        )
    if not os.environ.get("TEXTUAL_DRIVER") and not (sys.__stdin__ and sys.__stdin__.isatty()):
        raise ConfigError("the terminal UI needs a terminal; `papertape tui --web` serves it to a browser")
