"""The commands of papertape's models, offered through the hook that is open to everybody."""

from collections.abc import Callable

import click

from papertape.contract.hookspecs import hookimpl


@hookimpl
def register_commands(register: Callable[[str, click.Command], None]) -> None:
    from papertape_ml.commands.models import models

    register("models", models)
