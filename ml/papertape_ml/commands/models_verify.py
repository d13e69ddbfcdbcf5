"""`papertape models verify`: are the stored bytes those that were published?"""

from pathlib import Path

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import Progress, print_json, print_table, print_text
from papertape_ml.commands.models_options import opened, registry_option


@click.command()
@click.argument("reference", metavar="[NAME[@VERSION]]", required=False)
@registry_option
@db_option
@json_option
@click.pass_context
def verify(context: click.Context, reference: str | None, registry: Path | None, db: str, as_json: bool) -> None:
    """Reads every file of all versions, of one model's, or of one version, and compares the checksums.

    Exits 1 if a version is damaged.

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
            for each in verify(found, rows):
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
        print_text(f"{len(done) - len(bad):,} of {len(done):,} versions in {found.place} are in order.")
    context.exit(1 if bad else 0)
