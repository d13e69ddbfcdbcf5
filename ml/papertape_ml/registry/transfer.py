"""Versions from one registry, or out of an archive, into another."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from papertape_ml.registry.archive import read_archive
from papertape_ml.registry.json_registry import INDEX, JsonRegistry
from papertape_ml.registry.manifest import Manifest
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
        yield _version(registry, *read_archive(source))


def _registry(registry: Registry, origin: Registry, wish: Wish) -> Iterator[Brought]:
    pointers = targets(origin.history())
    for row in origin.versions():
        found = origin.load(row.name, row.version)
        brought = _version(registry, found.manifest, dict(found.files))
        taken = {alias for _, alias in targets(registry.history(row.name))}
        free = [alias for (name, alias), to in pointers.items() if (name, to) == row[:2] and alias not in taken]
        for alias in free:
            registry.move(row.name, alias, brought.row.version, wish, expected=None)
        yield brought._replace(aliases=tuple(free))


def _version(registry: Registry, manifest: Manifest, files: dict[str, bytes]) -> Brought:
    there = any(row.checksum == manifest.checksum for row in registry.versions(manifest.name))
    return Brought(registry.publish(manifest, files, imported=True), not there)
