"""What a command that trains learns from, out of its options."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from papertape.cli.features_build import asked, by_symbol, installed, source_files
from papertape.cli.kernels import compile_kernels
from papertape.cli.output import say
from papertape.contract.errors import ConfigError
from papertape.features.catalogue import Catalogue
from papertape.features.feature_set import FeatureSet
from papertape.features.stretches import Request
from papertape.feeds.rows import EARLIEST, LATEST
from papertape.feeds.sources import Source, one_timeframe
from papertape_ml.commands.train_options import Defaults
from papertape_ml.data import Dataset, Leak, from_candles, from_table, leaks, read_candles, table_set
from papertape_ml.data.build import Market, Missing
from papertape_ml.errors import FutureSeen
from papertape_ml.labels import LabelSpec, parse


@dataclass(frozen=True, slots=True)
class Material:
    """What is learned from: the candles (6, n) of each symbol, the features that are read, and the label.

    `sources`: the files of the candles, by symbol; `skip`: whether bad rows are left out; `table`: where the features
    lie already; `label`: None for a kind that makes its own.
    """

    candles: Market
    wanted: FeatureSet
    label: LabelSpec | None
    sources: tuple[tuple[Source, ...], ...]
    skip: bool = False
    table: Path | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any], defaults: Defaults, catalogue: Catalogue | None = None) -> "Material":
        """From the values of `train_options.data_options`; without `catalogue`, with the features that are installed.
        Raises `RequestError` kinds that name what is wrong."""
        label = parse(options["label"]) if options.get("label") is not None else None
        sources = by_symbol(source_files(options["sources"], options["symbols"], options["timeframe"]))
        known, table = catalogue or found(), options.get("table")
        if table is not None:
            names = _names_of(table, options)
        else:
            names = tuple(feature.asked for feature in asked(known, *_chosen(options, defaults)))
        start = EARLIEST if options["start"] is None else options["start"]
        end = LATEST if options["end"] is None else options["end"]
        if end <= start:
            raise ConfigError("--end must be later than --start")
        timeframe = one_timeframe([file for files in sources for file in files])
        wanted = Request(sources, names, timeframe, options.get("reference")).feature_set(known)
        compile_kernels(wanted.features, 1)
        skip = options["on_bad_row"] == "skip"
        return cls(read_candles(sources, start, end, skip), wanted, label, sources, skip, table)

    def dataset(self, missing: Missing = "keep") -> Dataset:
        """Features and labels. Raises `RequestError` where there is nothing to learn from."""
        assert self.label is not None, "a kind that makes its own label makes its own rows"
        if self.table is not None:
            return from_table(self.table, self.sources, self.wanted, self.label, missing, self.skip)
        return from_candles(self.candles, self.wanted, self.label, missing)

    def leaks(self, dataset: Dataset) -> list[Leak]:
        """The features of a dataset of these candles that hold the future."""
        return leaks(dataset, self.candles, self.wanted)


def found() -> Catalogue:
    """The features that are installed here; what is left out is told on stderr."""
    catalogue = installed()
    for line in catalogue.left_out:
        say(f"left out: {line}")
    return catalogue


def refuse(found: Sequence[Leak]) -> None:
    """Raises `FutureSeen`, which names the features, if there are any."""
    if found:
        told = "; ".join(f"{leak.feature}: {leak.reason}" for leak in found[:5])
        more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
        raise FutureSeen(f"nothing was trained, for what no session could know is in {told}{more}")


def _chosen(options: Mapping[str, Any], defaults: Defaults) -> tuple[str | None, str | None]:
    """The set and the names that are meant."""
    set_name, names = options["set_name"], options["names"]
    if set_name is not None or names is not None:
        return set_name, names
    assert defaults.features is not None, "a kind that says itself what it reads has its own material"
    return (None, defaults.features) if "," in defaults.features else (defaults.features, None)


def _names_of(table: Path, options: Mapping[str, Any]) -> tuple[str, ...]:
    for option, key in (("--set", "set_name"), ("--features", "names"), ("--start", "start"), ("--end", "end")):
        if options[key] is not None:
            raise ConfigError(f"{option} does not go with --table, whose features are taken as they are")
    return tuple(table_set(table)["names"])
