"""Which versions of models answered in a session, from when on: which bytes made a trade."""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from papertape.engine.recorded import entries_of_models
from papertape.engine.tape import HEADER
from papertape.ledger.records import PredictionRow, SignalRow
from papertape.ledger.series import unpack_series
from papertape.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class Answering:
    """A version that answers to a reference from a batch on. `by`: the components that ask it. `failed`: why it does
    not, where it could not be taken. `claims`: as the tape has them: horizon (ms), outputs and outcomes by name."""

    batch: int
    reference: str
    name: str
    version: int
    checksum: str
    by: tuple[str, ...]
    failed: str | None
    claims: Mapping[str, Mapping[str, Any]]

    def document(self) -> dict[str, Any]:
        """JSON values."""
        found: dict[str, Any] = {
            "reference": self.reference, "name": self.name, "version": self.version, "checksum": self.checksum,
            "batch": self.batch, "by": list(self.by),
        }  # fmt: skip
        return found if self.failed is None else found | {"failed": self.failed}


def answering(ledger: Ledger, session: str) -> list[Answering]:
    """What the session's tape says of its models, in order; nothing for one without models."""
    found: list[Answering] = []
    by: dict[str, tuple[str, ...]] = {}
    for row in entries_of_models(ledger, session):
        document = json.loads(row.payload)
        if row.kind == HEADER:
            by = {reference: tuple(each["by"]) for reference, each in document.get("models", {}).items()}
            found += [_answering(0, reference, each, by) for reference, each in document.get("models", {}).items()]
        else:
            found.append(_answering(row.batch, document["reference"], document, by))
    return found


def _answering(batch: int, reference: str, document: Mapping[str, Any], by: Mapping[str, tuple[str, ...]]) -> Answering:
    return Answering(
        batch,
        reference,
        document["name"],
        document["version"],
        document["checksum"],
        by.get(reference, ()),
        document.get("failed"),
        document.get("claims", {}),
    )


Asked = Callable[[str, int], list[Answering]]
"""The versions that a source could ask in a batch, by its name and the batch's number."""


def asked_by(found: list[Answering]) -> Asked:
    """Which versions answered whom and when."""
    lines: dict[str, list[Answering]] = {}
    for one in found:
        if one.failed is None:
            lines.setdefault(one.reference, []).append(one)

    def asked(source: str, batch: int) -> list[Answering]:
        return [
            line[bisect_right(line, batch, key=lambda one: one.batch) - 1]
            for line in lines.values()
            if source in line[0].by or any(name.startswith(f"{source}/") for name in line[0].by)
        ]

    return asked


def signals(ledger: Ledger, session: str) -> Iterator[tuple[SignalRow, str]]:
    """A session's signals, each with the versions that its source (or the sizer of its book) could ask then: reference,
    version and checksum of each, JSON; empty for none."""
    asked = asked_by(answering(ledger, session))
    for row in ledger.rows(session, SignalRow):
        versions = {
            one.reference: {"version": f"{one.name}@{one.version}", "checksum": one.checksum}
            for one in asked(row.source, row.batch)
        }
        yield row, (json.dumps(versions, sort_keys=True) if versions else "")


class SaidRow(NamedTuple):
    """A prediction with its figures by name. `said`: outputs of the claim, `happened`: outcomes, JSON; empty where the
    market did not tell, or has not yet (`completed` is then empty too)."""

    number: int
    batch: int
    at: int
    reference: str
    name: str
    version: int
    checksum: str
    claim: str
    symbol: str
    until: int
    said: str
    happened: str
    completed: int | None


def predictions(ledger: Ledger, session: str) -> Iterator[SaidRow]:
    """A session's predictions, with the names that its tape gives to their figures."""
    known = claims(ledger, session)
    for row in ledger.rows(session, PredictionRow):
        checksum, said = known.get((row.name, row.version), ("", {}))
        claim = said.get(row.claim, {"outputs": [], "outcomes": []})
        yield SaidRow(
            row.number, row.batch, row.at, row.reference, row.name, row.version, checksum, row.claim, row.symbol,
            row.until, _named(claim["outputs"], row.said),
            "" if row.happened is None else _named(claim["outcomes"], row.happened), row.completed,
        )  # fmt: skip


def claims(ledger: Ledger, session: str) -> dict[tuple[str, int], tuple[str, Mapping[str, Mapping[str, Any]]]]:
    """Checksum and claims of every version that a session's tape names, those before it included, by name and version.

    A claim: `horizon` (ms), and the names of its `outputs` and `outcomes` in the order in which rows pack them.
    """
    found: dict[tuple[str, int], tuple[str, Mapping[str, Mapping[str, Any]]]] = {}
    for row in entries_of_models(ledger, session):
        document = json.loads(row.payload)
        each = document.get("models", {}).values() if row.kind == HEADER else [document]
        for one in [version for entry in each for version in (entry, entry.get("previous"))]:
            if one is not None and "claims" in one:
                found[one["name"], one["version"]] = (one["checksum"], one["claims"])
    return found


def _named(names: list[str], packed: bytes) -> str:
    return json.dumps(dict(zip(names, unpack_series(packed).tolist(), strict=True)))
