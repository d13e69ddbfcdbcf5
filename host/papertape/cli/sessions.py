"""`papertape sessions`: what ran, what came of it, and what to tell one that runs."""

import json
from typing import TYPE_CHECKING, Any

import click

from papertape.cli.comparing import diff
from papertape.cli.options import db_option, json_option
from papertape.cli.output import Progress, Rows, print_json, print_table, print_text, say
from papertape.cli.steering import command, stop
from papertape.contract.errors import ConfigError, SessionDiffers

if TYPE_CHECKING:
    from papertape.ledger.store import Ledger, SessionRow

WHAT = ("orders", "fills", "funding", "trades", "signals", "predictions", "equity", "tape")


@click.group()
def sessions() -> None:
    """What ran, what came of it, and what to tell a session that runs.

    Example: papertape sessions list
    """


@sessions.command("list")
@db_option
@json_option
def list_sessions(db: str, as_json: bool) -> None:
    """All sessions of the ledger, the newest first.

    Example: papertape sessions list --json
    """
    from papertape.market.timeframe import iso

    with _ledger(db) as ledger:
        rows = [_listed(ledger, row) for row in ledger.sessions()]
        name = ledger.database.name
    if as_json:
        print_json({"sessions": rows})
    elif not rows:
        print_text(f"No sessions in {name} yet: `papertape run` makes one.")
    else:
        print_table(
            ["session", "status", "started", "symbols", "tf", "batches", "last candle"],
            [
                [
                    row["session"],
                    row["status"],
                    iso(row["created_at"]),
                    " ".join(row["symbols"]),
                    row["timeframe"],
                    f"{row['snapshots']:,}",
                    "" if row["last_ts"] is None else iso(row["last_ts"]),
                ]
                for row in rows
            ],
            "<<<<<>",
        )


@sessions.command()
@click.argument("session")
@db_option
@json_option
def show(session: str, db: str, as_json: bool) -> None:
    """What a session came to, or how it stands.

    Example: papertape sessions show 7f3k
    """
    from papertape.cli.closing import print_closing

    with _ledger(db) as ledger:
        row = ledger.find(session)
        document = _document(ledger, row)
        name = ledger.database.name
    if as_json:
        print_json(document)
    else:
        print_closing(document, name)
        _print_models(document.get("models", []))


@sessions.command()
@click.argument("session")
@click.option("--what", type=click.Choice(WHAT), default="trades", show_default=True, help="What to write out.")
@click.option("--format", "style", type=click.Choice(["csv", "jsonl", "parquet"]), default="csv", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False), help="File to write; stdout if left out (not for Parquet).")
@db_option
def export(session: str, what: str, style: str, out: str | None, db: str) -> None:
    """Writes a session's orders, fills, round trips, signals, predictions, equity or tape as a table.

    Signals come with the versions of the models that their source could ask then, predictions with what happened.
    Money and quantities are exact decimal text; times are ms UTC.

    Example: papertape sessions export 7f3k --what fills --format parquet --out fills.parquet
    """
    from papertape.reports.export import write

    if style == "parquet" and out is None:
        raise ConfigError("Parquet is not text: say where to write it, --out FILE.parquet")
    with _ledger(db) as ledger:
        row = ledger.find(session)
        count = write(ledger, row.id, what, style, Rows() if out is None else out)
    say(f"{count:,} {'row' if count == 1 else 'rows'} of {what}" + ("" if out is None else f" in {out}"))


@sessions.command()
@click.argument("session")
@db_option
@json_option
def digest(session: str, db: str, as_json: bool) -> None:
    """The digest of all that a session did, as of its newest checkpoint.

    Example: papertape sessions digest 7f3k
    """
    with _ledger(db) as ledger:
        row = ledger.find(session)
    if as_json:
        print_json({"session": row.id, "digest": row.digest, "snapshots": row.snapshots, "status": row.status})
    else:
        print_text(row.digest)


@sessions.command()
@click.argument("session")
@db_option
@json_option
def verify(session: str, db: str, as_json: bool) -> None:
    """Runs a session's tape again and compares; exits 1 and names the first difference if there is one.

    Example: papertape sessions verify 7f3k
    """
    from papertape.engine.discovery import load_plugins
    from papertape.engine.verify import verify as fold_again

    with _ledger(db) as ledger:
        row = ledger.find(session)
        with Progress("verify", row.snapshots, "batches") as progress:
            found = fold_again(ledger, row, load_plugins(), progress.update)
    if as_json:
        print_json(
            {
                "session": row.id,
                "equal": found.equal,
                "batches": found.batches,
                "checkpoints": found.checkpoints,
                "digest": found.digest,
                "recorded": found.recorded,
                "difference": found.difference,
                "changed_code": list(found.code),
                "elsewhere": found.elsewhere,
            }
        )
    elif found.equal:
        print_text(
            f"session {row.id}: {found.batches:,} batches folded again, equal at all {found.checkpoints} checkpoints",
            found.digest,
        )
        if found.elsewhere:
            print_text(
                f"its models answered on another machine ({found.elsewhere}): figures were compared within 1e-6, "
                "and the digest was not"
            )
        if found.code:
            print_text(f"the code of {', '.join(found.code)} has changed; what it does on this tape has not")
    if not found.equal:
        code = f" (the code of {', '.join(found.code)} is not what it was all the time)" if found.code else ""
        raise SessionDiffers(f"session {row.id} differs from its tape{code}: {found.difference or 'closing balances'}")


sessions.add_command(diff)
sessions.add_command(stop)
sessions.add_command(command)


def _ledger(db: str) -> "Ledger":
    from papertape.ledger.database import open_database
    from papertape.ledger.store import Ledger

    return Ledger(open_database(db))


def _status(ledger: "Ledger", row: "SessionRow") -> str:
    """As recorded; a session that was running when its host died is `interrupted`."""
    return "interrupted" if row.status == "running" and not ledger.is_owned(row.id) else row.status


def _listed(ledger: "Ledger", row: "SessionRow") -> dict[str, Any]:
    return {
        "session": row.id,
        "status": _status(ledger, row),
        "created_at": row.created_at,
        "symbols": json.loads(row.symbols),
        "timeframe": row.timeframe,
        "bars": row.bars,
        "snapshots": row.snapshots,
        "first_ts": row.first_ts,
        "last_ts": row.last_ts,
        "digest": row.digest,
    }


def _document(ledger: "Ledger", row: "SessionRow") -> dict[str, Any]:
    from papertape.reports.models import answering
    from papertape.reports.summary import summarise

    models = answering(ledger, row.id)
    said = {"models": [one.document() for one in models]} if models else {}
    if row.summary and row.status == "finished":
        return dict(json.loads(row.summary)) | said
    return summarise(ledger, row) | {"status": _status(ledger, row)} | said


def _print_models(models: list[dict[str, Any]]) -> None:
    """Which versions answered, from which batch on, to whom."""
    if models:
        print_text("")
        print_table(
            ["model", "version", "from batch", "asked by", "checksum"],
            [
                [
                    one["reference"],
                    f"{one['name']}@{one['version']}" + (f" not taken: {one['failed']}" if "failed" in one else ""),
                    f"{one['batch']:,}",
                    " ".join(one["by"]),
                    one["checksum"],
                ]
                for one in models
            ],
            "<<><<",
        )
