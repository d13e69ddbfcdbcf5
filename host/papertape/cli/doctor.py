"""`papertape doctor`: whether this machine, this ledger, these plugins and these models are fit to run."""

import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

import click

from papertape.cli import COMMANDS
from papertape.cli.options import db_option, home, json_option
from papertape.cli.output import print_json, print_table

LEAST_SQLITE = (3, 35, 0)
ENOUGH_DISK = 1_000_000_000
TOO_LITTLE_DISK = 50_000_000
MODELS = "papertape_ml.commands.models_fitness"
"""By name, as in the table of commands: the host imports nothing that builds on it."""
EXTRAS = {
    "postgres": ("psycopg",),
    "features": ("numba",),
    "exchange": ("ccxt",),
    "ml": ("torch", "xgboost", "optuna", "safetensors"),
    "lightgbm": ("lightgbm",),
    "catboost": ("catboost",),
    "tui": ("textual",),
}
"""What each brings that papertape imports."""


class Check(NamedTuple):
    """One finding. `found`: what there is; `cure`: what would do, empty where nothing is needed or `found` says it."""

    name: str
    status: Literal["ok", "warn", "fail"]
    found: str
    cure: str = ""


@click.command()
@db_option
@json_option
@click.pass_context
def doctor(context: click.Context, db: str, as_json: bool) -> None:
    """Says whether this machine, ledger, plugins and models are fit to run.

    Each line is ok, warn or fail, with what would do; the exit code is 1 if anything fails.

    Example: papertape doctor --db postgresql://papertape@localhost/papertape
    """
    kept = ledger(db)
    checks = [*machine(), *folder(home()), kept, *plugins(), *(models(db) if kept.status == "ok" else ())]
    fit = not any(check.status == "fail" for check in checks)
    if as_json:
        print_json({"fit": fit, "checks": [check._asdict() for check in checks]})
    else:
        print_table(["", "check", "found", "what would do"], [[c.status, c.name, c.found, c.cure] for c in checks])
    if not fit:
        context.exit(1)


def machine() -> Iterator[Check]:
    """Python, SQLite, and which optional parts are installed."""
    python = f"{platform.python_version()} on {platform.system()}"
    too_old = sys.version_info < (3, 11)
    yield Check("python", "fail", python, "install Python 3.11 or newer") if too_old else Check("python", "ok", python)
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        yield Check("sqlite", "fail", sqlite3.sqlite_version, "use a Python with SQLite 3.35 or newer, or PostgreSQL")
    else:
        yield Check("sqlite", "ok", sqlite3.sqlite_version)
    there = [extra for extra, modules in EXTRAS.items() if all(find_spec(module) is not None for module in modules)]
    yield Check("extras", "ok", ", ".join(there) or "none")


def folder(place: Path) -> Iterator[Check]:
    """Whether the folder of everything that papertape keeps can be written, and has room."""
    standing = next(part for part in (place, *place.absolute().parents) if part.exists())
    if not standing.is_dir():
        yield Check("home", "fail", f"{standing} is no folder", "name another folder in PAPERTAPE_HOME")
        return
    if not os.access(standing, os.W_OK | os.X_OK):
        yield Check("home", "fail", f"{standing} cannot be written", "name another folder in PAPERTAPE_HOME")
    else:
        yield Check("home", "ok", str(place) if standing == place else f"{place} (made on first use)")
    free = shutil.disk_usage(standing).free
    found = f"{free / 1e9:,.1f} GB free"
    if free < TOO_LITTLE_DISK:
        yield Check("disk", "fail", found, f"make room on the disk of {place}")
    elif free < ENOUGH_DISK:
        yield Check("disk", "warn", found, f"make room on the disk of {place} before long sessions")
    else:
        yield Check("disk", "ok", found)


def ledger(url: str) -> Check:
    """Whether the ledger answers and has the schema of this code; one that does not exist yet is in order."""
    from papertape.contract import PapertapeError
    from papertape.ledger.database import open_database
    from papertape.ledger.url import file_of, masked, parsed

    try:
        file = file_of(parsed(url))
        if file is not None and not file.exists():
            return Check("ledger", "ok", f"{masked(url)} (made on first use)")
        database = open_database(url)
    except PapertapeError as error:
        return Check("ledger", "fail", str(error))  # it says what would do
    database.close()
    return Check("ledger", "ok", database.name)


def plugins() -> Iterator[Check]:
    """How many components there are, then each plugin that was left out."""
    from papertape.engine.discovery import load_plugins

    found = load_plugins(reserved=COMMANDS)
    count = len({(part.distribution, part.plugin) for part in found.components})
    yield Check("plugins", "ok", f"{count} plugins with {len(found.components)} components")
    for name in found.disabled:
        yield Check(f"plugin {name}", "warn", "switched off", "take it out of PAPERTAPE_PLUGINS_DISABLED")
    for failure in found.failures:
        if not failure.distribution:
            yield Check(f"plugin {failure.plugin}", "warn", failure.reason, "correct PAPERTAPE_PLUGINS_DISABLED")
        else:
            cure = f"repair {failure.distribution}, or set PAPERTAPE_PLUGINS_DISABLED={failure.plugin}"
            yield Check(f"plugin {failure.plugin}", "fail", failure.reason, cure)


def models(db: str) -> Iterator[Check]:
    """What there is in the registry of a ledger that answers, then each version of an alias that cannot be served."""
    found: Iterator[Check] = import_module(MODELS).fitness(db)
    yield from found
