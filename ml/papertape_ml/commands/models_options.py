"""Which registry a command of models means, and who gives it."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from papertape.cli.clock import now

if TYPE_CHECKING:
    from papertape_ml.registry.moves import Wish
    from papertape_ml.registry.protocol import Registry

F = TypeVar("F", bound=Callable[..., Any])


def registry_option(function: F) -> F:
    """`--registry PATH`, as the argument `registry`."""
    return click.option(
        "--registry",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="A registry in a folder, instead of the one in the ledger.",
    )(function)


@contextmanager
def opened(folder: Path | None, db: str, *, create: bool = False) -> Iterator["Registry"]:
    """The registry in a folder, or in the ledger."""
    from papertape_ml.registry.opening import open_registry

    with open_registry(folder, db, create=create) as registry:
        yield registry


def spoken(by: str | None, why: str) -> "Wish":
    """The wish of whoever gives the command, now."""
    from papertape_ml.registry.moves import LONGEST_BY, LONGEST_WHY, Wish
    from papertape_ml.registry.names import free_text

    return Wish(
        now(), free_text("--by", by if by is not None else _user(), LONGEST_BY), free_text("--why", why, LONGEST_WHY)
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
