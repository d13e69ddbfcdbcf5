"""The terminal UI in a browser: each page that is opened has a process of its own, served by textual-serve.

Whoever can open the page can start and steer sessions, and a strategy is code. So only pages of this very server may
open its websocket, and where it serves this machine alone it answers to no other name: a page from elsewhere must not
reach it through the browser that shows both.
"""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

ARGUMENTS = "PAPERTAPE_TUI_ARGUMENTS"
"""Where the arguments of the processes are: a ledger's URL may hold a password, and command lines are for everybody to
read."""
_PROGRAM = (
    "import json, os; from papertape.cli import cli; "
    f"cli(json.loads(os.environ.pop({ARGUMENTS!r})), prog_name='papertape')"
)
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


class WebServer(Server):
    """Serves `papertape tui` with some arguments."""

    def __init__(self, arguments: Sequence[str], host: str, port: int) -> None:
        command = f"{shlex.quote(sys.executable)} -c {shlex.quote(_PROGRAM)}"
        super().__init__(command, host=host, port=port, title="papertape")
        os.environ[ARGUMENTS] = json.dumps(["tui", *arguments])

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Turns away what comes from another site, or under another name."""
        name = urlsplit(f"//{request.host}").hostname
        if self.host in LOCAL and name not in LOCAL:
            raise web.HTTPForbidden(text=f"this serves {self.host} alone, and was asked for as {name}")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="another site asked for this")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def handle_index(self, request: web.Request) -> Any:
        """The page, whose addresses are those by which it was asked for: a host such as 0.0.0.0 is none to go to."""
        self.public_url = f"{request.scheme}://{request.host}"
        return await super().handle_index(request)

    async def on_startup(self, app: web.Application) -> None:
        """What is said is said by the command line."""

    def initialize_logging(self) -> None:
        """Its log of requests is not shown."""
