"""Every version read again: are its bytes those that were published, and does it still give its golden rows?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from papertape_ml.errors import DamagedVersion
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.protocol import Registry, VersionRow

GoldenCheck = Callable[[Manifest, Mapping[str, bytes]], str | None]
"""Loads a model from checked bytes and runs its golden rows: what is wrong, in a line, or None."""


class Verified(NamedTuple):
    """What came of a version. `golden`: `ok`, `failed`, or `not run`; `problem`: what is wrong, None if nothing is."""

    row: VersionRow
    golden: str
    problem: str | None


def verify(
    registry: Registry, rows: Iterable[VersionRow], checks: Mapping[str, GoldenCheck] | None = None
) -> Iterator[Verified]:
    """Reads the versions one by one. `checks`: by kind of model; golden rows of other kinds are not run.

    A check that raises has failed: whatever the bytes do, the other versions are verified too.
    """
    for row in rows:
        try:
            found = registry.load(row.name, row.version)
        except DamagedVersion as error:
            yield Verified(row, "not run", str(error))
            continue
        check = (checks or {}).get(row.kind)
        if check is None:
            yield Verified(row, "not run", None)
            continue
        try:
            problem = check(found.manifest, found.files)
        except Exception as error:  # noqa: BLE001  # a loader may raise anything over bytes that it cannot read
            problem = f"{type(error).__name__}: {error}"
        yield Verified(row, "failed" if problem else "ok", problem)
