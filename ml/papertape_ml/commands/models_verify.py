"""`papertape models verify`: are the stored bytes those that were published, and do they say what they said then?"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import Progress, print_json, print_table, print_text
from papertape_ml.commands.models_options import opened, registry_option

if TYPE_CHECKING:
    from papertape_ml.registry.protocol import VersionRow
    from papertape_ml.registry.verify import GoldenCheck


@click.command()
@click.argument("reference", metavar="[NAME[@VERSION]]", required=False)
@registry_option
@db_option
@json_option
@click.pass_context
def verify(context: click.Context, reference: str | None, registry: Path | None, db: str, as_json: bool) -> None:
    """Reads every file of all versions, of one model's, or of one version, compares the checksums, and has each model
    answer its golden rows again.

    Files that were imported are parsed in a process of their own. Exits 1 if a version is damaged or answers otherwise.

    Example: papertape models verify signal
    """
    from papertape_ml.registry.lookup import find, rows_of
    from papertape_ml.registry.names import Reference
    from papertape_ml.registry.verify import Verified, verify

    done: list[Verified] = []
    with opened(registry, db) as found:
        asked = Reference.parse(reference) if reference is not None else None
        if asked is None:
            rows = found.versions()
        else:
            rows = rows_of(found, asked.name) if asked == Reference(asked.name) else [find(found, asked)]
        with Progress("verify", total=len(rows), unit="versions") as progress:
            for each in verify(found, rows, golden_checks(rows)):
                done.append(each)
                progress.update(len(done))
    bad = [each for each in done if each.problem is not None]
    if as_json:
        print_json({"registry": found.place, "ok": not bad, "versions": [
            {"model": row.name, "version": row.version, "checksum": row.checksum, "ok": problem is None,
             "golden": golden, "problem": problem}
            for row, golden, problem in done
        ]})  # fmt: skip
    else:
        if bad:
            print_table(["model", "version", "problem"], [[b.row.name, b.row.version, b.problem] for b in bad], "<><")
        unknown = sorted({each.row.kind for each in done if each.golden == "not run" and each.problem is None})
        print_text(f"{len(done) - len(bad):,} of {len(done):,} versions in {found.place} are in order.")
        if unknown:
            print_text(f"Golden rows were not run for kinds that nothing here can load: {', '.join(unknown)}.")
    context.exit(1 if bad else 0)


def golden_checks(rows: "list[VersionRow]") -> "Mapping[str, GoldenCheck]":
    """How golden rows are run, by kind of model."""
    from papertape_ml.models.loading import kinds
    from papertape_ml.registry.manifest import Manifest

    imported = {row.checksum for row in rows if row.imported}

    def check(manifest: Manifest, files: Mapping[str, bytes]) -> str | None:
        from papertape_ml.models.golden import Golden, reproduces
        from papertape_ml.models.loading import load
        from papertape_ml.models.strangers import checked_in_child

        golden = dict(manifest.golden.rows())
        if manifest.checksum in imported:
            verdict = checked_in_child(manifest.kind, dict(files), golden)
            return None if verdict.accepted else f"{verdict.outcome}: {verdict.detail}"
        reproduces(load(manifest.kind, dict(files)), Golden.from_document(golden))
        return None

    return dict.fromkeys(kinds(), check)
