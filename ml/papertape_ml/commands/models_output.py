"""How versions and moves are shown."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from papertape.cli.output import print_fields, print_table, print_text
from papertape.market.timeframe import iso

if TYPE_CHECKING:
    from papertape_ml.registry.manifest import Manifest
    from papertape_ml.registry.moves import Move
    from papertape_ml.registry.protocol import VersionRow

LAST = 253_402_300_799_999  # ms UTC: what a calendar can show


def moment(at: int) -> str:
    """A time of day in UTC."""
    return iso(at) if at <= LAST else str(at)


def document(move: "Move") -> dict[str, Any]:
    """A move as `--json` shows it."""
    found = move._asdict()
    return {"model": found.pop("name"), **found}


def row_document(row: "VersionRow", pointers: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    """A version as `--json` shows it."""
    from papertape_ml.registry.lookup import pointers_to

    found = row._asdict()
    return {"model": found.pop("name"), **found, "aliases": pointers_to(row, pointers)}


def print_version(row: "VersionRow", manifest: "Manifest", pointers: Mapping[tuple[str, str], int]) -> None:
    """A version on a page."""
    from papertape_ml.registry.lookup import paths, pointers_to, value_of

    span = manifest.training.get("span")
    print_fields({
        "model": f"{row.name}@{row.version}",
        "aliases": ", ".join(pointers_to(row, pointers)) or None,
        "kind": row.kind,
        "created": moment(row.created) + (" (imported)" if row.imported else ""),
        "parent": manifest.parent,
        "checksum": row.checksum,
        "feature set": row.feature_set_hash,
        "reads": f"{len(manifest.contract.inputs)} x {manifest.contract.dtype}: {_some(manifest.contract.inputs)}",
        "says": _some(manifest.contract.outputs),
        "label": _flat(manifest.label),
        "trained on": f"{moment(span[0])} to {moment(span[1])}" if span else None,
        "config": _flat(manifest.config),
        "seeds": _flat(manifest.seeds),
        "code": _flat(manifest.code),
    })  # fmt: skip
    if metrics := paths(manifest.metrics):
        print_text("")
        print_table(["metric", "value"], [[path, value_of(manifest.metrics, path)] for path in metrics], "<>")
    print_text("")
    print_table(["file", "bytes", "SHA-256"], [[n, f"{f.size:,}", f.sha256] for n, f in manifest.files.items()], "<><")


def print_move(move: "Move") -> None:
    """Where an alias points now."""
    came = f" (before: {move.from_version})" if move.from_version is not None else ""
    print_text(f"{move.name}@{move.alias} points to version {move.to_version} now{came}.")


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:8]) + (f", and {len(names) - 8} more" if len(names) > 8 else "")


def _flat(values: Mapping[str, Any]) -> str | None:
    from papertape_ml.registry.canonical import canonical

    return ", ".join(f"{key}={canonical(value).decode()}" for key, value in values.items()) or None
