"""Versions from one registry, or out of an archive, into another."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from papertape_ml.registry.archive import read_archive
from papertape_ml.registry.json_registry import INDEX, JsonRegistry
from papertape_ml.registry.moves import Wish, targets
from papertape_ml.registry.protocol import Registry, VersionRow


class Brought(NamedTuple):
    """A version that was brought in. `new`: it was not there before; `aliases`: those that point to it by this."""

    row: VersionRow
    new: bool
    aliases: tuple[str, ...] = ()


def bring(registry: Registry, source: Path, wish: Wish) -> Iterator[Brought]:
    """Imports an archive, or all versions of a folder with a registry, in their order.

    Content that is there already is not doubled (and mended if it was damaged). Aliases of a folder come along where
    this registry has none of that name for the model: an import never moves a pointer that somebody set.
    """
    if source.is_dir() or source.name == INDEX:
        with JsonRegistry.open(source) as origin:
            yield from _registry(registry, origin, wish)
    else:
        manifest, files = read_archive(source)
        there = {row.checksum for row in registry.versions(manifest.name)}
        yield Brought(registry.publish(manifest, files, imported=True), manifest.checksum not in there)


def _registry(registry: Registry, origin: Registry, wish: Wish) -> Iterator[Brought]:
    taken = targets(registry.history())
    pointers = {key: to for key, to in targets(origin.history()).items() if key not in taken}
    there = {row.checksum for row in registry.versions()}
    for row in origin.versions():
        found = origin.load(row.name, row.version)
        brought = registry.publish(found.manifest, found.files, imported=True)
        free = [alias for (name, alias), to in pointers.items() if (name, to) == row[:2]]
        for alias in free:
            registry.move(row.name, alias, brought.version, wish, expected=None)
        yield Brought(brought, brought.checksum not in there, tuple(free))
