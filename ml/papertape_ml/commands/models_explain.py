"""`papertape models explain`: what a model looks at, in all, and in one decision."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import print_json, print_table, print_text
from papertape.cli.run import Time
from papertape_ml.commands.models_evidence import evidence_options, subject, terms
from papertape_ml.commands.models_options import opened, registry_option

if TYPE_CHECKING:
    from papertape_ml.promotion.judgement import Terms
    from papertape_ml.promotion.subject import Subject

TOP = 20
ROWS = 3_000
"""Decisions on which inputs are shuffled."""
_BAR = 24


@click.command()
@click.argument("version", metavar="NAME[@VERSION]")
@click.option("--top", type=click.IntRange(1), default=TOP, metavar="N", help=f"So many features. Default: {TOP}.")
@click.option("--at", type=Time(), help="Takes one decision apart: the newest close at or before this time.")
@evidence_options
@registry_option
@db_option
@json_option
def explain(
    version: str, top: int, at: int | None, registry: Path | None, db: str, as_json: bool, **options: Any
) -> None:  # fmt: skip
    """Shows which features a version looks at.

    From its manifest: the importances that training found (SHAP values of trees; of networks what is lost when a
    feature is shuffled). With --source: what is lost when a feature's values are shuffled among those candles'
    decisions. With --source and --at, of trees: what each feature added to one decision, in log-odds.

    Example: papertape models explain signal@champion --source candles/ --symbol BTC/USDT --at 2024-03-01T12:00:00Z
    """
    from papertape_ml.promotion.subject import on_candles
    from papertape_ml.registry.lookup import find
    from papertape_ml.registry.names import Reference

    with opened(registry, db) as found:
        row = find(found, Reference.parse(version))
        if not options["sources"] and at is None:
            manifest = found.manifest(row.name, row.version)
            kept = manifest.statistics.get("importances")
            if not kept:
                raise _no_importances(version)
            by = str(manifest.statistics.get("importances_by", "training"))
            _show(f"{row.name}@{row.version}", by, dict(kept), top, as_json)
            return
        this = on_candles(subject(found, row))
    given = terms(options, this.timeframe)
    if at is None:
        _show(str(this), "permutation", _lost(this, given), top, as_json)
    else:
        _take_apart(this, given, at, top, as_json)


def _no_importances(reference: str) -> Exception:
    from papertape_ml.errors import BadModel

    return BadModel(
        f"the manifest of {reference} keeps no importances; --source PATH shuffles its features on candles instead"
    )


def _show(name: str, by: str, importances: Mapping[str, float], top: int, as_json: bool) -> None:
    ordered = sorted(importances.items(), key=lambda each: -each[1])
    if as_json:
        print_json({"model": name, "by": by, "importances": dict(ordered)})
        return
    print_text(f"{name}: importance of {len(ordered)} features, by {by}")
    most = max((abs(value) for _, value in ordered), default=0.0) or 1.0
    print_table(
        ["feature", "importance", ""],
        [[feature, f"{value:.4f}", _bar(value / most)] for feature, value in ordered[:top]],
        "<><",
    )


def _lost(this: "Subject", given: "Terms") -> dict[str, float]:
    """By feature what is lost without it, on decisions of the candles; all candles of a feature's window together."""
    import numpy as np

    from papertape_ml.judging.contributions import permuted
    from papertape_ml.promotion.comparison import SEED
    from papertape_ml.promotion.evidence import evidence_of, feature_set, rows_of
    from papertape_ml.promotion.judged import judged

    wanted = feature_set(this, given.catalogue, tuple(given.candles), given.reference)
    whole = evidence_of(given.candles, this.timeframe, this.label, given.start, given.end)
    places = np.unique(np.arange(min(ROWS, len(whole))) * len(whole) // min(ROWS, len(whole)))
    some = whole.part(places)
    rows = rows_of(this, wanted, some)
    count = len(this.served.features)
    groups = [range(place, rows.shape[1], count) for place in range(count)]
    outputs = this.manifest.contract.outputs
    found = permuted(
        this.served.model, rows, lambda answers: judged(str(this), some, outputs, answers).loss, groups, SEED
    )  # fmt: skip
    return dict(zip(this.served.features, found.tolist(), strict=True))


def _take_apart(this: "Subject", given: "Terms", at: int, top: int, as_json: bool) -> None:
    import numpy as np

    from papertape.contract.errors import ConfigError, RequestError
    from papertape.market.timeframe import iso, period
    from papertape_ml.judging.contributions import contributions
    from papertape_ml.promotion.evidence import at_every_candle, feature_set

    if len(given.candles) > 1:
        raise ConfigError(f"--at takes one decision apart: choose a --symbol of {', '.join(given.candles)}")
    ((symbol, candles),) = given.candles.items()
    wanted = feature_set(this, given.catalogue, (symbol,), given.reference)
    closes = candles[0] + period(this.timeframe)
    place = int(np.searchsorted(closes, at, side="right")) - 1
    if place < 0:
        raise RequestError(f"no candle of {symbol} had closed by {iso(at)}; the first closes at {iso(int(closes[0]))}")
    (values,) = at_every_candle({symbol: candles}, wanted)
    row = np.ascontiguousarray(values[place])
    parts = contributions(this.served.model, row)
    answers = dict(
        zip(this.manifest.contract.outputs, this.served.model.predict(row[None, :])[0].tolist(), strict=True)
    )
    close = int(closes[place])
    if as_json:
        inputs = [None if np.isnan(value) else value for value in row.tolist()]
        print_json({
            "model": str(this), "symbol": symbol, "at": close, "answers": answers,
            "inputs": dict(zip(this.served.features, inputs, strict=True)),
            "margins": [
                {"part": each.part, "output": each.output, "base": each.base, "margin": each.margin,
                 "added": dict(zip(this.served.features, each.added, strict=True))}
                for each in parts
            ],
        })  # fmt: skip
        return
    print_text(f"{this} on {symbol} at the close of {iso(close)}: {_said(answers)}")
    for each in parts:
        print_text("")
        title = f"{each.part}: {each.output}" if each.part else each.output
        print_text(f"{title}: log-odds {each.margin:+.4f}, of which {each.base:+.4f} for any candle")
        _print_added(this.served.features, row.tolist(), each.added, top)


def _print_added(features: Sequence[str], row: Sequence[float], added: Sequence[float], top: int) -> None:
    ordered = sorted(zip(features, row, added, strict=True), key=lambda each: -abs(each[2]))
    most = abs(ordered[0][2]) or 1.0
    rest = sum(each[2] for each in ordered[top:])
    rows = [[name, f"{value:.5g}", f"{part:+.4f}", _bar(part / most)] for name, value, part in ordered[:top]]
    if len(ordered) > top:
        rows.append([f"{len(ordered) - top} others", "", f"{rest:+.4f}", ""])
    print_table(["feature", "value", "adds", ""], rows, "<>><")


def _said(answers: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in answers.items())


def _bar(share: float) -> str:
    return ("#" if share >= 0 else "-") * round(_BAR * min(abs(share), 1.0))
