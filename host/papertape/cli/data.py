"""`papertape data`: candles into the local store, and what candle files are worth."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from papertape.cli.data_simulate import simulate
from papertape.cli.options import home, json_option
from papertape.cli.output import Progress, print_json, print_table, print_text, say
from papertape.cli.run import Time

if TYPE_CHECKING:
    from papertape.contract.feed import Note
    from papertape.feeds.examination import Examined
    from papertape.store.candle_names import CandleName

_sources = click.argument("sources", nargs=-1, type=click.Path(path_type=Path), metavar="PATH...")


@click.group()
def data() -> None:
    """Candles in the local store, and what candle files are worth.

    The store is the folder candles in PAPERTAPE_HOME: one Parquet file for each exchange, symbol and timeframe.

    Example: papertape data import binance_BTC-USDT_1m.csv
    """


@data.command("import")
@_sources
@click.option("--exchange", help="Where file names do not say it.")
@click.option("--symbol", help="Where file names do not say it.")
@click.option("--timeframe", help="Where file names do not say it.")
@click.option(
    "--on-bad-row", type=click.Choice(["stop", "skip"]), default="stop", help="Stop at a bad row, or leave it out."
)
@json_option
def import_(
    sources: tuple[Path, ...],
    exchange: str | None,
    symbol: str | None,
    timeframe: str | None,
    on_bad_row: str,
    as_json: bool,
) -> None:
    """Brings candle files (Parquet, CSV, Feather, or folders of them) into the local store.

    A file called EXCHANGE_SYMBOL_TIMEFRAME, such as binance_BTC-USDT_1m.csv, says what it holds. Candles that the store
    has already stay as they are. A file with a bad row changes nothing.

    Example: papertape data import downloads/prices.csv --exchange kraken --symbol BTC/USD --timeframe 1h
    """
    from papertape.feeds.examination import import_candles
    from papertape.store.candle_names import candle_files

    if not sources:
        raise click.UsageError("name the files to import, or folders of them")
    groups: dict[CandleName, list[Path]] = {}
    for file in dict.fromkeys(file for source in sources for file in candle_files(source)):
        groups.setdefault(_name(file, exchange, symbol, timeframe), []).append(file)
    done = []
    with Progress("import", total=len(groups), unit="files") as progress:
        for name, files in groups.items():
            done.append(import_candles(_store(), name, files, on_bad_row == "skip"))
            progress.update(len(done))
    if as_json:
        print_json({"store": str(_store()), "files": [
            {"file": str(each.path), **each.name._asdict(), "rows": each.rows, "added": each.added,
             "notes": [_told(note) for note in each.notes]}
            for each in done
        ]})  # fmt: skip
        return
    print_table(
        ["exchange", "symbol", "timeframe", "candles added", "candles there now", "left out"],
        [[*each.name, f"{each.added:,}", f"{each.rows:,}", _left_out(each.notes)] for each in done],
        "<<<>><",
    )


@data.command()
@click.argument("file", metavar="[SESSION.toml]", required=False, type=click.Path())
@click.option("--exchange", metavar="ID", help="Exchange to ask, as ccxt calls it: binance, kraken, ...")
@click.option("--symbol", "symbols", multiple=True, metavar="S", help="Symbol, such as BTC/USDT. Repeatable.")
@click.option("--timeframe", metavar="TF", help="Length of a candle. Default: 1m.")
@click.option("--start", type=Time(), required=True, help="First open time, ISO 8601 or ms UTC.")
@click.option("--end", type=Time(), help="Open time to stop before, ISO 8601 or ms UTC. Default: now.")
@click.option("--ask-again", is_flag=True, help="Also for candles that the exchange said before it does not have.")
@json_option
@click.pass_context
def fetch(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Fetches history from an exchange into the local store: closed candles, and only those that are not there.

    It can be interrupted or killed at any time; the same command goes on where it was. A session file that follows an
    exchange says which one, which symbols, and how ccxt reaches it (URLs, proxies, time-outs); options go over it.

    Example: papertape data fetch --exchange binance --symbol BTC/USDT --start 2024-01-01
    """
    from papertape.cli.fetching import fetched, print_fetched, report

    outcome = fetched(_store(), **options)
    if as_json:
        print_json(report(_store(), outcome))
    else:
        print_fetched(outcome)
    if outcome.failed is not None:
        raise outcome.failed
    if outcome.stopped:
        say("Interrupted: what came is kept; the same command goes on from there.", level=-1)
        context.exit(1)


@data.command("list")
@json_option
def list_(as_json: bool) -> None:
    """What is in the local store.

    Example: papertape data list
    """
    from papertape.market.timeframe import iso
    from papertape.store.local_store import stored_files

    found = stored_files(_store())
    if as_json:
        print_json({"store": str(_store()), "files": [
            {"file": str(each.path), **each.name._asdict(), "rows": each.rows, "first_ts": each.first_ts,
             "last_ts": each.last_ts, "bytes": each.bytes}
            for each in found
        ]})  # fmt: skip
    elif not found:
        print_text(f"{_store()} holds no candles yet. Bring some in: papertape data import PATH...")
    else:
        print_table(
            ["exchange", "symbol", "timeframe", "candles", "from", "to", "bytes"],
            [
                [*each.name, f"{each.rows:,}", iso(each.first_ts), iso(each.last_ts), f"{each.bytes:,}"]
                for each in found
            ],
            "<<<><<>",
        )
        print_text("", f"To run on them: papertape run --feed replay --source {found[0].path}")


@data.command()
@_sources
@click.option("--symbol", "symbols", multiple=True, help="Names for files whose names do not say it, in order.")
@click.option("--timeframe", help="Where file names do not say it.")
@json_option
@click.pass_context
def check(
    context: click.Context, sources: tuple[Path, ...], symbols: tuple[str, ...], timeframe: str | None, as_json: bool
) -> None:
    """Looks through candle files, or the local store, as a replay would: bad and doubled rows, gaps, zero volumes,
    outliers, ranges that do not hold open and close, open times off the grid. Each is counted, and the first shown.
    Exits 1 if a file has bad rows, at which a replay would stop.

    Example: papertape data check downloads/ --json
    """
    from papertape.feeds.examination import examine
    from papertape.feeds.sources import Source, resolve
    from papertape.store.local_store import stored_files

    if sources:
        named = [str(source) for source in sources]
        found = resolve(named, symbols, timeframe)
    else:
        found = [Source(each.path, each.name.symbol, each.name.timeframe) for each in stored_files(_store())]
    done: list[Examined] = []
    with Progress("check", total=len(found), unit="files") as progress:
        for source in found:
            done.append(examine(source))
            progress.update(len(done))
    fit = not any(each.counts["skipped"] for each in done)
    if as_json:
        print_json({"ok": fit, "files": [_report(each) for each in done]})
    elif not done:
        print_text(f"{_store()} holds no candles yet. Check files by name: papertape data check PATH...")
    else:
        _print_checked(done)
    context.exit(0 if fit else 1)


data.add_command(simulate)


def _store() -> Path:
    return home() / "candles"


def _name(file: Path, exchange: str | None, symbol: str | None, timeframe: str | None) -> "CandleName":
    """What the store calls a file's candles: options say what the file's name does not."""
    from papertape.contract.errors import CandleFileError
    from papertape.market.timeframe import period
    from papertape.store.candle_names import CandleName

    said = CandleName.parse(file)
    given = {"exchange": exchange, "symbol": symbol, "timeframe": timeframe}
    if said is not None:
        for key, value in given.items():
            if value not in (None, getattr(said, key)):
                raise CandleFileError(
                    f"{file} says {key} {getattr(said, key)} by its name, not {value}; leave out --{key}"
                )
        return said
    missing = [f"--{key}" for key, value in given.items() if not value]
    if not exchange or not symbol or not timeframe:
        raise CandleFileError(f"{file}: its name does not say what it holds; give {', '.join(missing)}")
    period(timeframe)
    return CandleName(exchange, symbol, timeframe)


KINDS = {
    "bad": "skipped", "duplicates": "duplicate", "absent": "gap", "zero volume": "zero-volume", "outliers": "outlier",
    "widened": "widened", "off grid": "off-grid",
}  # fmt: skip
"""Columns of a check, and the notes that they count."""

WORDS = {
    "skipped": "bad rows", "duplicate": "duplicates", "gap": "absent", "zero-volume": "without volume",
    "outlier": "outliers", "widened": "with a range that does not hold open and close", "off-grid": "off the grid",
}  # fmt: skip
"""What is counted, in a sentence."""


def _print_checked(done: Sequence["Examined"]) -> None:
    headers = ["file", "symbol", "timeframe", "candles", *KINDS]
    rows = [
        [each.source.path.name, each.source.symbol, each.source.timeframe, f"{each.rows:,}"]
        + [f"{each.counts[kind]:,}" for kind in KINDS.values()]
        for each in done
    ]
    print_table(headers, rows, "<<<" + ">" * (len(headers) - 3))
    told = [
        f"{each.source.path}: {note.count:,} {WORDS[note.kind]}{_in_gaps(each, note)}, the first: {note.example}"
        for each in done
        for note in each.notes
    ]
    if told:
        print_text("", *told)


def _in_gaps(each: "Examined", note: "Note") -> str:
    """In how many gaps what is absent is, and the longest one, in words."""
    from papertape.market.timeframe import iso

    if note.kind != "gap" or each.longest_gap is None or each.gaps == 1:
        return ""
    return f" in {each.gaps:,} gaps, {each.longest_gap.candles:,} from {iso(each.longest_gap.first_ts)} in the longest"


def _report(each: "Examined") -> dict[str, Any]:
    return {
        "file": str(each.source.path), "symbol": each.source.symbol, "timeframe": each.source.timeframe,
        "rows": each.rows, "first_ts": each.first_ts, "last_ts": each.last_ts,
        **{column.replace(" ", "_"): each.counts[kind] for column, kind in KINDS.items()},
        "gaps": each.gaps, "longest_gap": each.longest_gap._asdict() if each.longest_gap else None,
        "notes": [_told(note) for note in each.notes],
    }  # fmt: skip


def _told(note: "Note") -> dict[str, Any]:
    return {
        "file": note.source, "kind": note.kind, "count": note.count, "first_ts": note.first_ts, "last_ts": note.last_ts,
        "example": note.example,
    }  # fmt: skip


def _left_out(notes: Sequence["Note"]) -> str:
    bad, double = (sum(note.count for note in notes if note.kind == kind) for kind in ("skipped", "duplicate"))
    parts = [f"{bad:,} bad"] if bad else []
    return ", ".join([*parts, f"{double:,} there already"] if double else parts)
