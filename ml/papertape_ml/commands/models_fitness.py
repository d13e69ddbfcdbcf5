"""What `papertape doctor` says of models: whether the registry can be read, and its aliases can be served here."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from papertape.cli.doctor import Check
from papertape.cli.options import home
from papertape.cli.output import Progress
from papertape.contract.errors import MissingExtra, NoLedger, PapertapeError
from papertape_ml.commands.models_options import opened

if TYPE_CHECKING:
    from papertape_ml.registry.protocol import Registry, VersionRow


def fitness(db: str) -> Iterator[Check]:
    """One line for the registry in the ledger at `db`, then one for each version that an alias points to and that a
    session could not serve. Only the versions that aliases point to are read; `papertape models verify` reads all."""
    from papertape_ml.registry.lookup import pointers_to
    from papertape_ml.registry.moves import targets

    try:
        with opened(None, db) as registry:
            rows, pointers = registry.versions(), targets(registry.history())
            asked = [row for row in rows if pointers_to(row, pointers)]
            unfit = []
            with Progress("models", total=len(asked), unit="versions") as progress:
                for done, row in enumerate(asked, 1):
                    unfit += _unfit(registry, row, pointers_to(row, pointers)[0])
                    progress.update(done)
    except NoLedger:
        yield Check("models", "ok", "none yet")
        return
    except PapertapeError as error:
        yield Check("models", "fail", str(error))  # it says what would do
        return
    served = len(asked) - len(unfit)
    counts = f"{_many(len(rows), 'version')}; {served} of {len(asked)} that aliases point to can be served"
    yield Check("models", "ok", counts if rows else "none yet")
    yield from unfit


def _unfit(registry: "Registry", row: "VersionRow", alias: str) -> list[Check]:
    """What keeps a session from serving a version, if anything does."""
    from papertape_ml.models.loading import kinds
    from papertape_ml.serving import Verdicts, served

    name = f"model {row.name}@{row.version}"
    if row.kind not in kinds():
        return [Check(name, "warn", f"nothing here can load the kind {row.kind}", "install what made it")]
    try:
        served(registry.load(row.name, row.version), Verdicts(home() / "verdicts"))
    except MissingExtra as error:
        return [Check(name, "warn", str(error))]  # it names the extra
    except Exception as error:  # noqa: BLE001  # a loader may raise anything over bytes that it cannot read
        cure = f"let {alias} point elsewhere (papertape models rollback, or promote), or train or import it anew"
        return [Check(name, "fail", str(error) or type(error).__name__, cure)]
    return []


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
