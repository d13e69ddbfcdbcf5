"""`papertape data simulate`: the simulated market as candle files, to train on or to share."""

from pathlib import Path
from typing import Any

import click

from papertape.cli.options import json_option
from papertape.cli.output import Progress, print_json, print_text
from papertape.cli.run import Time

EXCHANGE = "sim"
"""What the names of the files say."""


@click.command()
@click.option("--bars", "batches", type=click.IntRange(min=1), required=True, metavar="N", help="Candles of a symbol.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the files.")
@click.option("--symbol", "symbols", multiple=True, metavar="S", help="Symbol. Repeatable. Default: those of the demo.")
@click.option("--timeframe", metavar="TF", help="Length of a candle. Default: 1m.")
@click.option("--start", type=Time(), help="First open time, ISO 8601 or ms UTC. Default: 2024-01-01.")
@click.option("--seed", type=click.IntRange(min=0), help="Another one gives another market. Default: 7.")
@click.option("--edge", type=float, help="Planted: how much oftener than half a candle goes the last one's way.")
@json_option
def simulate(batches: int, out: Path, as_json: bool, **options: Any) -> None:
    """Writes the candles that the feed `sim` gives with the same options, a file for each symbol.

    Example: papertape data simulate --bars 20000 --out candles/
    """
    import numpy as np

    from papertape.feeds.sim import SimFeed
    from papertape.store.candle_files import Columns
    from papertape.store.candle_names import CandleName
    from papertape.store.local_store import write_candles

    feed = SimFeed(batches=batches, **{key: value for key, value in options.items() if value not in (None, ())})
    names = [CandleName(EXCHANGE, symbol, feed.timeframe).file_name() for symbol in feed.symbols]
    pieces: list[list[Columns]] = [[] for _ in names]
    with Progress("simulate", total=batches, unit="candles") as progress:
        for done, block in enumerate(feed.blocks(), 1):
            for kept, rows in zip(pieces, zip(*block.rows, strict=True), strict=True):
                values = np.array(rows, np.float64)
                kept.append(Columns(values[:, 0].astype(np.int64), *values[:, 1 : len(Columns._fields)].T))
            progress.update(min(batches, done * len(block.times)))
    files = [
        {"file": out / name, "symbol": symbol, "timeframe": feed.timeframe, "rows": write_candles(out / name, kept)}
        for name, symbol, kept in zip(names, feed.symbols, pieces, strict=True)
    ]
    if as_json:
        print_json({"files": files})
    else:
        print_text(f"{out} holds {batches:,} simulated candles of {', '.join(feed.symbols)}.")
