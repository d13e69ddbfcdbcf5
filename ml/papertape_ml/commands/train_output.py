"""How training ends: the version that is registered, and its figures."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from papertape.cli.clock import now
from papertape.cli.output import duration, print_fields, print_json, print_table, print_text
from papertape.contract.errors import NoLedger, NoLedgerYet, PapertapeError
from papertape.ledger.url import file_of, parsed
from papertape.market.timeframe import iso
from papertape_ml.commands.models_options import opened, spoken
from papertape_ml.errors import NoRegistry
from papertape_ml.registry.lookup import paths, value_of
from papertape_ml.registry.protocol import VersionRow
from papertape_ml.training.trained import Trained, published


def check_place(registry: Path | None, db: str) -> None:
    """Raises now what would be raised after the training: by a registry or ledger that is there and cannot be used, or
    that cannot be made."""
    try:
        with opened(registry, db):
            return
    except NoLedgerYet:
        file = file_of(parsed(db))
        if file is not None:
            check_room(file.parent, NoLedger, "--db")
    except NoRegistry:
        if registry is None or (registry.exists() and (not registry.is_dir() or any(registry.iterdir()))):
            raise
        check_room(registry, NoRegistry, "--registry")


def check_room(folder: Path, error: type[PapertapeError], option: str) -> None:
    """Raises `error` for a folder that is none or that cannot be made or written to, and which option names it."""
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise error(f"nothing can be written to {folder}: {there} is no folder that you may write to; {option} another")


def register(trained: Trained, name: str, registry: Path | None, db: str) -> VersionRow:
    """Makes it the next version of a name and its candidate, in a registry that is made where there is none."""
    wish = spoken(None, "trained")
    with opened(registry, db, create=True) as found:
        return published(found, trained, name, now(), by=wish.by)


def document(row: VersionRow, trained: Trained, seconds: float) -> dict[str, Any]:
    """What `--json` ends with."""
    return {
        "model": row.name,
        "version": row.version,
        "kind": row.kind,
        "feature_set": list(trained.feature_set["names"]),
        "feature_set_hash": row.feature_set_hash,
        "checksum": row.checksum,
        "rows": trained.training["rows"],
        "train_span": trained.training["span"],
        "test_span": None if trained.test_span is None else list(trained.test_span),
        "metrics": trained.metrics,
        "baseline": trained.baseline,
        "seconds": round(seconds, 3),
        "label": trained.label,
        "config": trained.config,
        "seeds": trained.seeds,
        "data_hash": trained.training["hash"],
        "created": row.created,
    }


def finish(trained: Trained, options: Mapping[str, Any], began: float, **more: Any) -> None:
    """Registers it and prints what it came to. `began`: of the monotonic clock; `more`: further keys of the JSON."""
    row = register(trained, options["name"], options["registry"], options["db"])
    seconds = time.monotonic() - began
    if options["as_json"]:
        print_json(document(row, trained, seconds) | more)
    else:
        print_trained(row, trained, seconds)


def print_trained(row: VersionRow, trained: Trained, seconds: float) -> None:
    """The version on a page, with its figures in the test beside those of what knows nothing."""
    print_fields({
        "model": f"{row.name}@{row.version}, now {row.name}@candidate",
        "kind": row.kind,
        "label": trained.label.get("definition"),
        "feature set": f"{len(trained.feature_set['names'])} features, {row.feature_set_hash}",
        "rows": f"{trained.training['rows']:,}",
        "learned from": _span(trained.training["span"]),
        "tested on": _span(trained.test_span),
        "checksum": row.checksum,
        "took": duration(seconds),
    })  # fmt: skip
    scalars = {name: each for name, each in trained.baseline.items() if not isinstance(each, Mapping)}
    known: dict[str, Mapping[str, Any]] = {"prior": scalars} if scalars else {}
    known |= {name: each for name, each in trained.baseline.items() if isinstance(each, Mapping)}
    test = trained.metrics.get("test", {})
    rows = [
        [path, shown(value_of(test, path)), *(shown(value_of(each, path)) for each in known.values())]
        for path in paths(test)
    ]
    if rows:
        print_text("")
        print_table(["test", "model", *known], rows, "<" + ">" * (1 + len(known)))


def shown(value: float | None) -> str | None:
    """A figure in a table: four digits that count, none for what is not there."""
    return None if value is None else f"{value:,.0f}" if value == int(value) else f"{value:.4g}"


def _span(span: Any) -> str | None:
    return None if span is None else f"{iso(span[0])} to {iso(span[1])}"
