"""`papertape models`: the registry of models."""

from pathlib import Path

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import print_json, print_table, print_text
from papertape_ml.commands.models_attribution import attribution
from papertape_ml.commands.models_compare import compare
from papertape_ml.commands.models_explain import explain
from papertape_ml.commands.models_options import opened, registry_option, spoken
from papertape_ml.commands.models_output import document, moment, print_move, print_version, row_document
from papertape_ml.commands.models_promote import promote
from papertape_ml.commands.models_transfer import export, import_, register
from papertape_ml.commands.models_verify import verify


@click.group()
def models() -> None:
    """Models: their versions, what each is worth, and the aliases that point to them.

    The registry is in the ledger's database; --registry names one in a folder instead. A version is written NAME@3, or
    by an alias that points to it, NAME@champion.

    Example: papertape models list
    """


@models.command("list")
@click.argument("name", required=False)
@registry_option
@db_option
@json_option
def list_(name: str | None, registry: Path | None, db: str, as_json: bool) -> None:
    """All versions, or those of one model, and the aliases that point to them.

    Example: papertape models list signal
    """
    from papertape_ml.registry.lookup import pointers_to, rows_of
    from papertape_ml.registry.moves import targets

    with opened(registry, db) as found:
        rows = found.versions() if name is None else rows_of(found, name)
        pointers = targets(found.history(name))
    if as_json:
        versions = [row_document(row, pointers) for row in rows]
        print_json({"registry": found.place, "versions": versions})
    elif not rows:
        print_text(
            f"{found.place} holds no models yet: papertape train makes one, papertape models import FILE brings one in"
        )
    else:
        print_table(
            ["model", "version", "kind", "created", "aliases", "bytes", "checksum"],
            [
                [row.name, row.version, row.kind, moment(row.created), ", ".join(pointers_to(row, pointers)),
                 f"{row.size:,}", row.checksum[:19]]
                for row in rows
            ],
            "<><<<><",
        )  # fmt: skip


@models.command()
@click.argument("reference", metavar="NAME[@VERSION]")
@click.option("--live", is_flag=True, help="What it said in sessions, what happened, and whether its inputs drift.")
@click.option("--session", metavar="ID", help="With --live: in this session alone.")
@registry_option
@db_option
@json_option
def show(reference: str, live: bool, session: str | None, registry: Path | None, db: str, as_json: bool) -> None:
    """What a version is: where it comes from, what it reads and says, how it did. Without @, the newest.

    With --live, how it does: of each version and claim, the predictions in the ledger against what happened, over all
    time, 7 days and 24 hours before the newest, next to what the shares of the classes would have said; and the
    features of its newest session against those of its training.

    Example: papertape models show signal --live
    """
    from papertape_ml.registry.lookup import find, rows_of
    from papertape_ml.registry.moves import targets
    from papertape_ml.registry.names import Reference

    asked = Reference.parse(reference)
    if session is not None and not live:
        raise click.UsageError("--session goes with --live")
    with opened(registry, db) as found:
        row = find(found, asked)
        manifest = found.manifest(row.name, row.version)
        pointers = targets(found.history(row.name))
        manifests = {}
        if live:
            manifests = {each.version: found.manifest(row.name, each.version) for each in rows_of(found, row.name)}
    if live:
        from papertape_ml.commands.models_live import show_live

        show_live(row.name, None if asked == Reference(row.name) else row.version, manifests, db, session, as_json)
    elif as_json:
        print_json({"registry": found.place, **row_document(row, pointers), "manifest": manifest.document()})
    else:
        print_version(row, manifest, pointers)


@models.command("get-latest")
@click.argument("name")
@registry_option
@db_option
@json_option
def get_latest(name: str, registry: Path | None, db: str, as_json: bool) -> None:
    """Prints the newest version of a model as NAME@VERSION.

    Example: papertape models show $(papertape models get-latest signal)
    """
    from papertape_ml.registry.lookup import latest
    from papertape_ml.registry.moves import targets

    with opened(registry, db) as found:
        row = latest(found, name)
        pointers = targets(found.history(name))
    print_json(row_document(row, pointers)) if as_json else print_text(f"{row.name}@{row.version}")


@models.command("get-best")
@click.argument("name")
@click.option("--metric", required=True, metavar="M", help="Path into the metrics, such as test.logloss.")
@click.option("--lowest/--highest", default=None, help="Which is the best. Default: lowest for losses and errors.")
@registry_option
@db_option
@json_option
def get_best(name: str, metric: str, lowest: bool | None, registry: Path | None, db: str, as_json: bool) -> None:
    """Prints the version of a model with the best value of a metric as NAME@VERSION; the newest of equals.

    The metrics are those of each version's own test, which need not be on the same data.

    Example: papertape models get-best signal --metric test.logloss
    """
    from papertape_ml.registry.lookup import best
    from papertape_ml.registry.moves import targets

    with opened(registry, db) as found:
        row, value = best(found, name, metric, lowest=lowest)
        pointers = targets(found.history(name))
    if as_json:
        print_json({**row_document(row, pointers), "metric": metric, "value": value})
    else:
        print_text(f"{row.name}@{row.version}")


@models.command()
@click.argument("reference", metavar="NAME[@ALIAS]")
@registry_option
@db_option
@json_option
def history(reference: str, registry: Path | None, db: str, as_json: bool) -> None:
    """What happened to a model's aliases: who moved them, when, from where to where, and why.

    Example: papertape models history signal@champion
    """
    from papertape_ml.errors import BadModel, UnknownModel
    from papertape_ml.registry.lookup import rows_of
    from papertape_ml.registry.names import Reference

    asked = Reference.parse(reference)
    if asked.version is not None:
        raise BadModel(f"{reference}: aliases have a history; a version never changes. NAME or NAME@ALIAS would do")
    with opened(registry, db) as found:
        rows_of(found, asked.name)
        moves = found.history(asked.name, asked.alias)
    if asked.alias is not None and not moves:
        raise UnknownModel(f"{asked.name} has never had an alias {asked.alias!r} in {found.place}")
    if as_json:
        print_json({"registry": found.place, "history": [document(move) for move in moves]})
    elif not moves:
        print_text(f"{asked.name} has no aliases yet.")
    else:
        print_table(
            ["when", "alias", "action", "from", "to", "by", "why"],
            [[moment(each.at), each.alias, each.action, *each[4:6], each.by, each.why] for each in moves],
            "<<<>><<",
        )


@models.command()
@click.argument("reference", metavar="NAME@ALIAS")
@click.option("--why", default="rolled back by hand", metavar="TEXT", help="What the history says.")
@click.option("--by", metavar="NAME", help="Who the history says it was. Default: you.")
@registry_option
@db_option
@json_option
def rollback(reference: str, why: str, by: str | None, registry: Path | None, db: str, as_json: bool) -> None:
    """Makes an alias point where it did before its last move, in one step; again, to the one before that.

    Example: papertape models rollback signal@champion --why "loses since Monday"
    """
    from papertape_ml.errors import BadModel
    from papertape_ml.registry.names import Reference

    asked = Reference.parse(reference)
    if asked.alias is None:
        raise BadModel(f"{reference} names no alias: NAME@champion would do")
    with opened(registry, db) as found:
        move = found.rollback(asked.name, asked.alias, spoken(by, why))
    if as_json:
        print_json({"registry": found.place, **document(move)})
    else:
        print_move(move)


for _command in (attribution, compare, promote, explain, verify, export, import_, register):
    models.add_command(_command)
