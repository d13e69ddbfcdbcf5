"""`papertape db`: the ledger's schema, its health, and a copy of it."""

from pathlib import Path

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import print_json, print_text


@click.group()
def db() -> None:
    """The ledger's schema, its health, and a copy of it.

    Example: papertape db check
    """


@db.command()
@db_option
@json_option
def upgrade(db: str, as_json: bool) -> None:
    """Brings the ledger to the schema of this papertape, making it where there is none. All of it, or nothing.

    Example: papertape db upgrade --db postgresql://papertape@localhost/papertape
    """
    from papertape.ledger import migrate
    from papertape.ledger.database import connect, revision

    database = connect(db, create=True)
    try:
        before = revision(database)
        migrate.upgrade(database)
        after = revision(database)
    finally:
        database.close()
    if as_json:
        print_json({"db": database.name, "from": before, "to": after})
    elif before == after:
        print_text(f"{database.name} is at schema {after} already.")
    else:
        print_text(f"{database.name} is now at schema {after} (before: {before or 'no ledger'}).")


@db.command()
@db_option
@json_option
def current(db: str, as_json: bool) -> None:
    """Says the ledger's schema and the one that this papertape needs.

    Example: papertape db current --json
    """
    from papertape.ledger.database import HEAD, connect, revision

    database = connect(db)
    try:
        found = revision(database)
    finally:
        database.close()
    if as_json:
        print_json({"db": database.name, "revision": found, "head": HEAD, "current": found == HEAD})
    elif found == HEAD:
        print_text(f"{database.name} is at schema {found}, as this papertape needs it.")
    else:
        print_text(f"{database.name} is at schema {found or 'none'}, this papertape needs {HEAD}.")


@db.command()
@db_option
@json_option
@click.pass_context
def check(context: click.Context, db: str, as_json: bool) -> None:
    """Compares the ledger's tables with those of this papertape and looks for damage; exits 1 if it finds any.

    Example: papertape db check --db sqlite:///backup.db
    """
    from papertape.ledger.care import damages
    from papertape.ledger.database import open_database
    from papertape.ledger.migrate import differences

    database = open_database(db)
    try:
        different, damaged = differences(database), damages(database)
    finally:
        database.close()
    fit = not different and not damaged
    if as_json:
        print_json({"db": database.name, "ok": fit, "differences": different, "damages": damaged})
    else:
        for line in different:
            print_text(f"differs: {line}")
        for line in damaged:
            print_text(f"damaged: {line}")
        print_text(f"{database.name} is {'in order' if fit else 'not in order; a backup may be'}.")
    context.exit(0 if fit else 1)


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@db_option
@json_option
def backup(file: Path, db: str, as_json: bool) -> None:
    """Copies the ledger, as it is at one moment, to a new FILE; sessions may go on meanwhile.

    Example: papertape db backup friday.db
    """
    from papertape.ledger import care
    from papertape.ledger.database import open_database

    database = open_database(db)
    try:
        size = care.backup(database, file)
    finally:
        database.close()
    if as_json:
        print_json({"db": database.name, "file": str(file), "bytes": size})
    else:
        print_text(f"{file} is a copy of {database.name} ({size:,} bytes).")
