"""`papertape features build`: what a table is made of, how far it is, and what it came to."""

import time
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from papertape.cli import COMMANDS
from papertape.cli.kernels import compile_kernels
from papertape.cli.options import home
from papertape.cli.output import Progress, duration, print_fields, say
from papertape.contract.errors import ConfigError, PluginError, RequestError
from papertape.contract.series import Series
from papertape.engine.config import SessionConfig, Spec, parse_spec
from papertape.engine.discovery import load_plugins
from papertape.engine.external import series_of
from papertape.features.catalogue import Catalogue
from papertape.features.external import external_family
from papertape.features.known import Known
from papertape.features.named_sets import named_set
from papertape.features.parallel import cores
from papertape.features.request import Feature
from papertape.features.stretches import Request
from papertape.features.tables import build
from papertape.features.timeframes import base_warmup
from papertape.feeds.rows import EARLIEST, LATEST
from papertape.feeds.sources import Source, one_timeframe, resolve

FEW = 1 << 26
"""Values that are sooner computed here than other processes have started."""


def built(out: Path, jobs: int | None, external: tuple[str, ...], **options: Any) -> dict[str, Any]:
    """Builds a table; what it came to, as JSON values."""
    began = time.monotonic()
    specs = tuple(map(parse_spec, external))
    find = partial(installed, specs)
    catalogue = find()
    for line in catalogue.left_out:
        say(f"left out: {line}")
    features = asked(catalogue, options["set_name"], options["names"])
    for name in {"ts", "symbol"}.intersection(feature.asked for feature in features):
        raise ConfigError(f"feature {name!r} cannot be in a table, which has a column of that name; call it otherwise")
    sources = source_files(options["sources"], options["symbols"], options["timeframe"])
    request = Request(
        by_symbol(sources),
        tuple(feature.asked for feature in features),
        one_timeframe(sources),
        options["reference"],
        EARLIEST if options["start"] is None else options["start"],
        LATEST if options["end"] is None else options["end"],
        options["on_bad_row"] == "skip",
        {name: Known.of(each, name) for name, each in _series(specs).items()},
    )
    if out.suffix.lower() != ".parquet":
        raise ConfigError(f"--out {out} must be called NAME.parquet: a table is a Parquet file")
    if out.is_dir():
        raise ConfigError(f"--out {out} is a folder; name a file, such as {out / 'features.parquet'}")
    if out.absolute() in {source.path for source in sources}:
        raise ConfigError(f"--out {out} is one of the sources; name another file")
    if request.end <= request.start:
        raise ConfigError("--end must be later than --start")
    wanted = request.feature_set(catalogue)
    warmup = max(base_warmup(feature, len(request.symbols), request.timeframe) for feature in features)
    total = _total(request)
    if jobs is None:
        jobs = 1 if total is not None and total * len(features) < FEW else cores()
    compile_kernels(features, jobs)
    with Progress("build", total=total, unit="candles") as progress:
        rows = build(request, find, out, jobs, progress.update)
    doubtful = [
        feature.asked for feature in features
        if feature.asked in request.external
        or base_warmup(feature, len(request.symbols), request.timeframe) * len(request.symbols) > rows
    ]  # fmt: skip
    return {
        "out": str(out), "rows": rows, "symbols": list(request.symbols), "timeframe": request.timeframe,
        "features": list(request.names), "without_values": _without_values(out, doubtful),
        "feature_set_hash": wanted.hash, "warmup": warmup, "seconds": round(time.monotonic() - began, 3),
    }  # fmt: skip


def _total(request: Request) -> int | None:
    try:
        return request.total()
    except (OSError, ValueError):  # a file that is not what its name says: the reading names it
        return None


def _without_values(out: Path, names: Sequence[str]) -> list[str]:
    """Which columns of a table hold nothing but NaN."""
    with pq.ParquetFile(out) as file:
        groups = range(file.num_row_groups)
        return [
            name for name in names
            if all(np.isnan(file.read_row_group(group, [name]).column(name).to_numpy()).all() for group in groups)
        ]  # fmt: skip


def print_built(done: dict[str, Any]) -> None:
    print_fields({
        "table": done["out"], "rows": f"{done['rows']:,}", "symbols": ", ".join(done["symbols"]),
        "timeframe": done["timeframe"], "features": f"{len(done['features']):,}",
        "feature set": done["feature_set_hash"], "warm-up": f"{done['warmup']:,} candles",
        "took": duration(done["seconds"]),
    })  # fmt: skip
    if missing := done["without_values"]:
        say(f"no value in the whole table: {', '.join(missing)}; warm-up or a series from elsewhere begins too late")


def installed(external: tuple[Spec, ...] = ()) -> Catalogue:
    """The features that are installed here, and external series under their names; worker processes find them so too.

    Raises `ConfigError` for a series that has no name, or one that is taken."""
    plugins = load_plugins(reserved=COMMANDS)
    catalogue = plugins.catalogue()
    catalogue.left_out[:0] = [f"plugin {failure.plugin}: {failure.reason}" for failure in plugins.failures]
    for name, series in _series(external).items():
        try:
            catalogue.add(external_family(name, series))
        except PluginError as error:
            raise ConfigError(f"external series {name!r}: {error}") from None
    return catalogue


def _series(specs: tuple[Spec, ...]) -> dict[str, Series]:
    return series_of(SessionConfig(external=specs), load_plugins(reserved=COMMANDS)) if specs else {}


def asked(catalogue: Catalogue, set_name: str | None, names: str | None) -> tuple[Feature, ...]:
    """The features of `--set`, then those of `--features`; all that are scale-free where neither is given."""
    if set_name is None and names is None:
        set_name = "all"
    found = () if set_name is None else named_set(catalogue, set_name)
    if names is not None:
        more = catalogue.select([name.strip() for name in names.split(",") if name.strip()])
        for twice in {feature.asked for feature in found}.intersection(feature.asked for feature in more):
            raise ConfigError(f"feature {twice!r} is in the set {set_name} already; leave it out of --features")
        found += more
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
