"""`papertape models register`, `export` and `import`: versions into a registry, out of it, and from one to another."""

from pathlib import Path

import click

from papertape.cli.clock import now
from papertape.cli.options import db_option, json_option
from papertape.cli.output import Progress, print_json, print_table, print_text
from papertape_ml.commands.models_options import opened, registry_option, spoken
from papertape_ml.commands.models_output import row_document

_by = click.option("--by", metavar="NAME", help="Who the history says it was. Default: you.")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--why", default="registered", metavar="TEXT", help="What the history of the alias says.")
@_by
@registry_option
@db_option
@json_option
def register(folder: Path, why: str, by: str | None, registry: Path | None, db: str, as_json: bool) -> None:
    """Makes the files in a folder, described by its manifest.json, the next version of a model, and its candidate.

    Where there is no registry yet, it is made. The same content given twice is one version.

    Example: papertape models register my-model/
    """
    from papertape_ml.registry.loose_folder import read_folder
    from papertape_ml.registry.moves import targets

    wish = spoken(by, why)
    manifest, files = read_folder(folder, now())
    with opened(registry, db, create=True) as found:
        row = found.publish(manifest, files)
        pointers = targets(found.history(row.name))
        if pointers.get((row.name, "candidate")) != row.version:
            found.move(row.name, "candidate", row.version, wish)
            pointers = targets(found.history(row.name))
    if as_json:
        print_json({"registry": found.place, **row_document(row, pointers)})
    else:
        print_text(f"{row.name}@{row.version} is in {found.place}, as the candidate.")


@click.command()
@click.argument("reference", metavar="NAME[@VERSION]")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@registry_option
@db_option
@json_option
def export(reference: str, file: Path | None, registry: Path | None, db: str, as_json: bool) -> None:
    """Writes a version to one new FILE (default: NAME-VERSION.tar), which `papertape models import` takes in elsewhere.

    Example: papertape models export signal@champion champion.tar
    """
    from papertape_ml.registry.archive import write_archive
    from papertape_ml.registry.lookup import find
    from papertape_ml.registry.names import Reference

    with opened(registry, db) as found:
        row = find(found, Reference.parse(reference))
        version = found.load(row.name, row.version)
    target = file if file is not None else Path(f"{row.name}-{row.version}.tar")
    size = write_archive(target, version)
    if as_json:
        print_json({"model": row.name, "version": row.version, "checksum": row.checksum, "file": target, "bytes": size})
    else:
        print_text(f"{target} holds {row.name}@{row.version} ({size:,} bytes, {row.checksum}).")


@click.command("import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--why", default="imported", metavar="TEXT", help="What the history of an alias that comes along says.")
@_by
@registry_option
@db_option
@json_option
def import_(sources: tuple[Path, ...], why: str, by: str | None, registry: Path | None, db: str, as_json: bool) -> None:
    """Takes in versions that `export` wrote, or all those of a folder with a registry.json.

    A version gets the next number of its model here and keeps its checksum; what is there already is not doubled.
    Aliases of a folder come along where there are none of that name yet. Where there is no registry yet, it is made.

    Example: papertape models import champion.tar models/
    """
    from papertape_ml.errors import BadModel
    from papertape_ml.registry.moves import targets
    from papertape_ml.registry.transfer import Brought, bring

    wish = spoken(by, why)
    for source in sources:
        if not source.exists():
            raise BadModel(f"{source} cannot be read: No such file or directory")
    done: list[Brought] = []
    with opened(registry, db, create=True) as found, Progress("import", unit="versions") as progress:
        for source in sources:
            for each in bring(found, source, wish):
                done.append(each)
                progress.update(len(done))
        pointers = targets(found.history())
    if as_json:
        versions = [{**row_document(each.row, pointers), "new": each.new} for each in done]
        print_json({"registry": found.place, "versions": versions})
    elif done:
        print_table(
            ["model", "version", "state", "aliases set", "checksum"],
            [
                [row.name, row.version, "new" if new else "there already", ", ".join(aliases), row.checksum[:19]]
                for row, new, aliases in done
            ],
            "<><<<",
        )
    else:
        print_text("There is nothing to import.")
