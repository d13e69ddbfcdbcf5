"""`papertape features build`: what a table is made of, how far it is, and what it came to."""

import time
from itertools import groupby
from pathlib import Path
from typing import Any

from papertape.cli.options import home
from papertape.cli.output import Progress, duration, print_fields
from papertape.contract.errors import ConfigError, RequestError
from papertape.contract.feature import FeatureFamily
from papertape.features.catalogue import Catalogue
from papertape.features.named_sets import named_set
from papertape.features.parallel import compile_missing, cores
from papertape.features.request import Feature
from papertape.features.stretches import Request
from papertape.features.tables import Find, build
from papertape.features.timeframes import base_warmup
from papertape.feeds.rows import EARLIEST, LATEST
from papertape.feeds.sources import Source, one_timeframe, resolve

FEW = 1 << 26
"""Values that are sooner computed here than other processes have started."""


def built(find: Find, out: Path, jobs: int | None, **options: Any) -> dict[str, Any]:
    """Builds a table; what it came to, as JSON values."""
    began = time.monotonic()
    catalogue = find()
    features = asked(catalogue, options["set_name"], options["names"])
    sources = source_files(options["sources"], options["symbols"], options["timeframe"])
    request = Request(
        by_symbol(sources),
        tuple(feature.asked for feature in features),
        one_timeframe(sources),
        options["reference"],
        EARLIEST if options["start"] is None else options["start"],
        LATEST if options["end"] is None else options["end"],
        options["on_bad_row"] == "skip",
    )
    if request.end <= request.start:
        raise ConfigError("--end must be later than --start")
    wanted = request.feature_set(catalogue)
    warmup = max(base_warmup(feature, len(request.symbols), request.timeframe) for feature in features)
    if jobs is None:
        total = request.total()
        jobs = 1 if total is not None and total * len(features) < FEW else cores()
    compile_kernels({feature.family.name: feature.family for feature in features}, jobs)
    with Progress("build", total=request.total(), unit="candles") as progress:
        rows = build(request, find, out, jobs, progress.update)
    return {
        "out": str(out), "rows": rows, "symbols": list(request.symbols), "timeframe": request.timeframe,
        "features": list(request.names), "feature_set_hash": wanted.hash, "warmup": warmup,
        "seconds": round(time.monotonic() - began, 3),
    }  # fmt: skip


def print_built(done: dict[str, Any]) -> None:
    print_fields({
        "table": done["out"], "rows": f"{done['rows']:,}", "symbols": ", ".join(done["symbols"]),
        "timeframe": done["timeframe"], "features": f"{len(done['features']):,}",
        "feature set": done["feature_set_hash"], "warm-up": f"{done['warmup']:,} candles",
        "took": duration(done["seconds"]),
    })  # fmt: skip


def asked(catalogue: Catalogue, set_name: str | None, names: str | None) -> tuple[Feature, ...]:
    """The features of `--set`, then those of `--features`; all that are scale-free where neither is given."""
    if set_name is None and names is None:
        set_name = "all"
    found = () if set_name is None else named_set(catalogue, set_name)
    if names is not None:
        found += catalogue.select([name.strip() for name in names.split(",") if name.strip()])
    catalogue.select([feature.asked for feature in found])
    if not found:
        raise ConfigError("--features names no feature; give names with commas between them, such as rsi_14,bb_width")
    return found


def source_files(paths: tuple[str, ...], symbols: tuple[str, ...], timeframe: str | None) -> list[Source]:
    """The candle files that are meant; without any, those of the local store."""
    store = home() / "candles"
    if not paths and not any(store.glob("*.parquet")):
        raise RequestError(f"{store} holds no candles yet; name files with --source, or bring some in: papertape data")
    return resolve(paths or [str(store)], symbols, timeframe)


def by_symbol(sources: list[Source]) -> tuple[tuple[Source, ...], ...]:
    """The files of each symbol, in the symbols' order."""
    return tuple(tuple(group) for _, group in groupby(sources, key=lambda source: source.symbol))


def compile_kernels(families: dict[str, FeatureFamily], jobs: int) -> None:
    """Compiles what the cache does not have, and shows how far that is."""
    with Progress("compile kernels", unit="kernels") as progress:

        def show(done: int, total: int) -> None:
            progress.total = total
            progress.update(done)

        compile_missing(families.values(), jobs, show)
