"""`papertape features`: the catalogue, tables of features, and the proof that they keep their promises."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from papertape.cli.options import json_option
from papertape.cli.output import print_json, say
from papertape.cli.run import Time

if TYPE_CHECKING:
    from papertape.features.catalogue import Catalogue

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


@click.group()
def features() -> None:
    """The feature catalogue, tables of features, and the proof that they hold.

    Example: papertape features list --category momentum
    """


_source = click.option("--source", "sources", multiple=True, metavar="PATH", help="Candle file or folder. Repeatable.")
_symbol = click.option("--symbol", "symbols", multiple=True, metavar="S", help="Symbol, such as BTC/USDT. Repeatable.")
_timeframe = click.option("--timeframe", metavar="TF", help="Of the candles, where the sources have several.")
SETS = "all, core, signal, levels, or a category"
_set = click.option("--set", "set_name", metavar="NAME", help=f"A named set: {SETS}.")
_features = click.option("--features", "names", metavar="A,B,...", help="Features by name, after those of --set.")
_reference = click.option("--reference", metavar="S", help="Symbol that REF in a name stands for. Default: the first.")


@features.command("list")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--category", metavar="C", help="Of this category alone: trend, momentum, volatility, ...")
@click.option("--family", metavar="F", help="Of this family alone: ema, rsi, ...")
@click.option("--set", "set_name", metavar="NAME", help=f"Of this set alone: {SETS}.")
@json_option
def list_(names: tuple[str, ...], as_json: bool, **wanted: str | None) -> None:
    """What features there are: parameters, inputs, warm-up, range and unit; of features named, their definition too.

    Any of them can be asked for with other parameters (rsi_9), and of a higher timeframe (rsi_14@1h). Numbers that are
    left out are the default ones: bb_width is bb_width_20_2.

    Example: papertape features list rsi_14 bb_width
    """
    from papertape.cli.features_list import chosen, print_definitions, print_features, report

    if names and any(wanted.values()):
        raise click.UsageError("name features, or choose them by category, family or set, not both")
    known = catalogue()
    found = known.select(names) if names else chosen(known, **wanted)
    if as_json:
        print_json(report(found, definitions=bool(names)))
    elif names:
        print_definitions(found)
    else:
        print_features(found, whole=not any(wanted.values()))


@features.command()
@_source
@_symbol
@_timeframe
@click.option("--set", "set_name", metavar="NAME", help=f"A named set: {SETS}. Default, without --features: all.")
@_features
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.parquet", help="Where to.")
@_reference
@click.option("--start", type=Time(), help="First open time, ISO 8601 or ms UTC; candles before it only warm up.")
@click.option("--end", type=Time(), help="Open time to stop before, ISO 8601 or ms UTC.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes, one symbol in each. Default: all cores.")
@click.option(
    "--on-bad-row", type=click.Choice(["stop", "skip"]), default="stop", help="Stop at a bad row, or leave it out."
)
@click.option(
    "--external",
    multiple=True,
    metavar="KIND:name=N,...",
    help="External series as the feature N, such as file:name=fear,path=fear.csv,lag=1h. Repeatable.",
)
@json_option
def build(as_json: bool, **options: Any) -> None:
    """Computes features of candle files into a Parquet table, larger than memory if need be.

    Columns: ts (open time, ms UTC), symbol, then the features under the names asked for, NaN while warming up. Rows
    stand symbol by symbol, in each in time order. The metadata holds the feature set and its hash
    (papertape.feature_set, papertape.feature_set_hash) and the SHA-256 of the sources (papertape.sources).

    Example: papertape features build --source candles/ --symbol BTC/USDT --set core --out features.parquet
    """
    from papertape.cli.features_build import built, print_built

    with ends_like_interrupt():
        done = built(**options)
    if as_json:
        print_json(done)
    else:
        print_built(done)


@features.command()
@_source
@_symbol
@_timeframe
@_set
@_features
@_reference
@click.option(
    "--bars",
    type=click.IntRange(50, 10_000_000),
    metavar="N",
    help="Candles of each symbol. Default: as warm-up needs.",
)
@click.option("--seed", type=click.IntRange(0), default=7, metavar="N", help="Of the simulated candles. Default: 7.")
@json_option
@click.pass_context
def check(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Proves on candles that features keep their promises; all that there are, unless some are chosen.

    Of each feature: a live step gives what history gives, bit for bit; state that is kept and put back changes nothing;
    neither does a changed future; a later start gives the same after the warm-up, as its memory promises; so do other
    symbols beside; values are in their range; the candles are left alone. Without --source the candles are simulated,
    with holes, outliers and missing volume. Exits 1 if a proof fails; -v shows every feature.

    Example: papertape features check --set momentum --source candles/
    """
    from papertape.cli.features_check import checked, print_checked, report

    done = checked(catalogue(), **options)
    if as_json:
        print_json(report(done))
    else:
        print_checked(done)
    context.exit(0 if done.ok else 1)


@features.command("compile")
@_set
@_features
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes. Default: all cores.")
@json_option
def compile_(set_name: str | None, names: str | None, jobs: int | None, as_json: bool) -> None:
    """Compiles kernels ahead, of all features unless some are chosen; for an image or a machine that is to start fast.

    What is compiled lies in the user's cache folder; whatever is there already is left as it is.

    Example: papertape features compile --set core
    """
    from papertape.cli.features_build import asked
    from papertape.cli.kernels import compile_kernels
    from papertape.features.machine_code import cache_folder
    from papertape.features.parallel import cores

    known = catalogue()
    wanted = list(known.listed()) if set_name is None and names is None else asked(known, set_name, names)
    compiled = compile_kernels(wanted, jobs or cores())
    families = len({feature.family.name for feature in wanted})
    if as_json:
        print_json({"families": families, "compiled": compiled, "folder": str(cache_folder())})
    else:
        many = "1 family is" if families == 1 else f"{families:,} families are"
        say(f"{many} in {cache_folder()}; kernels compiled just now: {compiled:,}")


@contextmanager
def ends_like_interrupt() -> Iterator[None]:
    """SIGTERM does what Ctrl-C does: what is half done is put away.

    pyarrow imports pandas, where there is one, with the first array that it is given, and would lose an interrupt then
    or leave pandas half imported. So it is given one first, and an interrupt waits until that is over.
    """
    waiting: list[int] = []
    before = {number: signal.signal(number, lambda got, _: waiting.append(got)) for number in _INTERRUPTS}
    try:
        import numpy as np
        import pyarrow as pa

        pa.array(np.zeros(1))
        for number in _INTERRUPTS:
            signal.signal(number, signal.default_int_handler)
        if waiting:
            raise KeyboardInterrupt
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def catalogue() -> "Catalogue":
    """The features that are installed here; plugins and families that are left out are told on stderr."""
    from papertape.cli.features_build import installed

    found = installed()
    for line in found.left_out:
        say(f"left out: {line}")
    return found
