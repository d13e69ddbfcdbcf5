"""Which registry is meant: a folder that is named, or the ledger's database."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from papertape_ml.registry.protocol import Registry


def open_registry(folder: Path | None, url: str, *, create: bool = False) -> "Registry":
    """The JSON registry in `folder`, or, without one, the SQL registry in the ledger at `url`. Close it after use.

    Raises NoRegistry, or as `papertape.ledger.database.open_database` does, where there is none; `create` makes it.
    """
    if folder is not None:
        from papertape_ml.registry.json_registry import JsonRegistry

        return JsonRegistry.open(folder, create=create)
    from papertape_ml.registry.sql_registry import SqlRegistry

    return SqlRegistry.open(url, create=create)
