"""`papertape features check`: what is proven of which features on which candles, and what came of it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from papertape.cli.features_build import asked, by_symbol, source_files
from papertape.cli.features_candles import SYMBOLS, read, simulated
from papertape.cli.kernels import compile_kernels
from papertape.cli.output import Progress, duration, print_table, print_text, say, verbosity
from papertape.contract.candle import Floats
from papertape.contract.errors import ConfigError
from papertape.features.catalogue import Catalogue
from papertape.features.check import PROOFS, Proof, prove
from papertape.features.parallel import cores
from papertape.features.request import Feature
from papertape.features.timeframes import base_warmup, resampled
from papertape.feeds.sources import one_timeframe
from papertape.market.timeframe import divides, period

LEAST, MOST = 3_000, 60_000
"""Candles of each symbol, where nobody says how many."""
STARTS = 5
"""Late starts that are tried, spread over the candles."""
VALUES = 4_000_000
"""Values of all symbols that are proven at a time, which limits the memory."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check: `bars`, candles of all symbols; `needed`, of each symbol for all proofs to have values."""

    symbols: tuple[str, ...]
    timeframe: str
    bars: int
    needed: int
    proofs: list[Proof]
    seconds: float

    @property
    def ok(self) -> bool:
        return not any(proof.failures for proof in self.proofs)


def checked(catalogue: Catalogue, bars: int | None, seed: int, reference: str | None, **options: Any) -> Checked:
    """Proves features on candles of files, or on simulated ones where no file is named."""
    began = time.monotonic()
    features = _features(catalogue, options["set_name"], options["names"])
    if options["sources"]:
        found = source_files(options["sources"], options["symbols"], options["timeframe"])
        files, timeframe = by_symbol(found), one_timeframe(found)
        symbols = tuple(each[0].symbol for each in files)
    else:
        if options["symbols"]:
            raise ConfigError("--symbol chooses from --source; without it the candles are simulated")
        files, timeframe, symbols = (), options["timeframe"] or "1m", SYMBOLS
    if reference is not None and reference not in symbols:
        raise ConfigError(f"no reference {reference!r} among the symbols; there is {', '.join(symbols)}")
    if len(symbols) == 1 and options["names"] is None:
        several = [feature for feature in features if feature.family.panel]
        features = tuple(feature for feature in features if not feature.family.panel)
        if not features:
            raise ConfigError(f"the features of {options['set_name']} look at several symbols; there is but one")
        if several:
            say(f"{len(several)} features look at several symbols; there is but one")
    bars = _bars(features, timeframe, len(symbols)) if bars is None else bars
    with Progress("read" if files else "simulate", total=bars * len(symbols), unit="candles") as progress:
        candles = read(files, bars, progress.update) if files else simulated(bars, timeframe, seed, progress.update)
    compile_kernels(features, cores())
    proofs: dict[str, Proof] = {}
    with Progress("prove", total=len(features), unit="features") as progress:
        for some, name, history in _portions(features, timeframe, candles):
            had = len(proofs)

            def show(done: int, total: int, had: int = had, many: int = len(some)) -> None:
                progress.update(had + many * done // total)

            found_here = prove(some, symbols, history, period(name), reference, STARTS, show)
            proofs |= {proof.feature.asked: proof for proof in found_here}
    told = [proofs[feature.asked] for feature in features]
    count = sum(one.shape[1] for one in candles)
    needed = _needed(features, timeframe, len(symbols))
    return Checked(symbols, timeframe, count, needed, told, time.monotonic() - began)


def _features(catalogue: Catalogue, set_name: str | None, names: str | None) -> tuple[Feature, ...]:
    if set_name is None and names is None:
        return tuple(catalogue.listed())
    return asked(catalogue, set_name, names)


def _bars(features: Sequence[Feature], timeframe: str, symbols: int) -> int:
    """As many candles as are needed, within bounds."""
    return max(LEAST, min(MOST, _needed(features, timeframe, symbols)))


def _needed(features: Sequence[Feature], timeframe: str, symbols: int) -> int:
    """As many candles as let every late start but the last ones reach past the warm-up."""
    return max(base_warmup(feature, symbols, timeframe) for feature in features) * 3 // 2


def _portions(
    features: Sequence[Feature], timeframe: str, candles: list[Floats]
) -> Iterator[tuple[list[Feature], str, list[Floats]]]:
    """Features of one timeframe that are proven together, that timeframe, and its candles."""
    groups: dict[str, list[Feature]] = {}
    for feature in features:
        groups.setdefault(feature.timeframe or timeframe, []).append(feature)
    for name, group in groups.items():
        if not divides(timeframe, name):
            raise ConfigError(f"feature {group[0].asked!r}: {name} candles cannot be made from {timeframe} candles")
        history = candles if name == timeframe else [resampled(one, timeframe, name)[0] for one in candles]
        size = max(1, VALUES // sum(one.shape[1] for one in history))
        for begin in range(0, len(group), size):
            yield group[begin : begin + size], name, history


def print_checked(done: Checked) -> None:
    """What failed, line by line; then a table: of families, or with `-v` of features."""
    failed = [proof for proof in done.proofs if proof.failures]
    (_print_features if verbosity() > 0 else _print_families)(done.proofs)
    for proof in failed:
        for name, what in proof.failures.items():
            print_text("", f"{proof.feature.name}: {name}: {what}")
    number, counted, unproven = len(done.proofs), counts(done), len(_not_proven(done.proofs))
    lacking = {"without a late start": counted["late_start_untried"], "without a value": counted["without_values"]}
    lacks = ", ".join(f"{count:,} {words}" for words, count in lacking.items() if count)
    print_text(
        "",
        f"{number:,} {'feature' if number == 1 else 'features'} on {done.bars:,} candles of "
        f"{', '.join(done.symbols)} ({done.timeframe}): "
        + (f"{len(failed):,} FAILED" if failed else "none failed" if lacks else "all proven")
        + (f", but {lacks}; {done.needed:,} candles of each symbol would do" if lacks else "")
        + (f": {unproven:,} not proven" if unproven else "")
        + f" ({duration(done.seconds)})",
    )


def counts(done: Checked) -> dict[str, int]:
    """How many features there are, how many failed, and for how many the candles are too few to say much."""
    return {
        "features": len(done.proofs),
        "failed": sum(bool(proof.failures) for proof in done.proofs),
        "without_values": sum(not proof.defined for proof in done.proofs),
        "late_start_untried": sum(not proof.late_starts for proof in done.proofs),
    }


def report(done: Checked) -> dict[str, Any]:
    """The same for scripts. `not_proven`: names of those that did not fail for want of candles or of values."""
    return {
        "ok": done.ok, "symbols": list(done.symbols), "timeframe": done.timeframe, "candles": done.bars,
        "proofs": list(PROOFS),
        "features": [
            {
                "name": proof.feature.asked, "family": proof.feature.family.name,
                "memory": proof.feature.family.memory, "warmup": proof.warmup, "defined": proof.defined,
                "late_starts": proof.late_starts, "late_difference": proof.late, "failures": proof.failures,
            }
            for proof in done.proofs
        ],
        "not_proven": [proof.feature.asked for proof in _not_proven(done.proofs)],
        "counts": counts(done),
        "seconds": round(done.seconds, 3),
    }  # fmt: skip


def _not_proven(proofs: Sequence[Proof]) -> list[Proof]:
    return [proof for proof in proofs if not proof.failures and not proof.tried]


def _print_features(proofs: Sequence[Proof]) -> None:
    print_table(
        ["feature", "memory", "warm-up", "defined", "late starts", "late difference", *PROOFS],
        [
            [proof.feature.name, proof.feature.family.memory, f"{proof.warmup:,}", f"{proof.defined:.1%}",
             proof.late_starts, f"{proof.late:.0e}" if proof.late else "none",
             *("FAILED" if name in proof.failures else _said(proof, name) for name in PROOFS)]
            for proof in proofs
        ],
        "<<>>>>",
    )  # fmt: skip


def _print_families(proofs: Sequence[Proof]) -> None:
    groups: dict[str, list[Proof]] = {}
    for proof in proofs:
        groups.setdefault(proof.feature.family.name, []).append(proof)
    rows = []
    for name, group in groups.items():
        idle = _not_proven(group)
        bad, late = sum(bool(proof.failures) for proof in group), max(proof.late for proof in group)
        rows.append([
            name, group[0].feature.family.memory, len(group), f"{max(proof.warmup for proof in group):,}",
            f"{min(proof.defined for proof in group):.1%}", min(proof.late_starts for proof in group),
            f"{late:.0e}" if late else "none",
            f"{bad} FAILED" if bad else f"{len(idle)} not proven" if idle else "ok",
        ])  # fmt: skip
    headers = ["family", "memory", "features", "warm-up", "defined", "late starts", "late difference", "proofs"]
    print_table(headers, rows, "<<>>>>><")


def _said(proof: Proof, name: str) -> str:
    """Of a proof that nothing speaks against: `-` where nothing was compared."""
    idle = (
        (name != "input" and not proof.defined)
        or (name == "late start" and not proof.late_starts)
        or (name == "symbols" and proof.feature.family.panel)
    )
    return "-" if idle else "ok"
