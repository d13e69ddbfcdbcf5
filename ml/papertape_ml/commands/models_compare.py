"""`papertape models compare`: two versions on the same candles."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import print_json, print_table, print_text
from papertape_ml.commands.models_evidence import evidence_options, subject, terms
from papertape_ml.commands.models_options import opened, registry_option
from papertape_ml.commands.models_output import moment

if TYPE_CHECKING:
    from papertape_ml.promotion.comparison import Difference


@click.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@evidence_options
@registry_option
@db_option
@json_option
def compare(
    first: str, second: str, registry: Path | None, db: str, as_json: bool, **options: Any
) -> None:  # fmt: skip
    """Predicts the same rows with two versions, and shows how each did and how sure the difference is.

    Both predict afresh, each from its own features; they must agree about the label and the timeframe. The rows come
    after all that either learned from; --start may reach further back, which is said. The bounds hold the difference
    B - A with 95 %, by a paired block bootstrap.

    Example: papertape models compare signal@champion signal@candidate --source candles/
    """
    from papertape.market.timeframe import iso
    from papertape_ml.promotion.comparison import compared, document
    from papertape_ml.promotion.judgement import seen_by
    from papertape_ml.registry.lookup import find
    from papertape_ml.registry.names import Reference

    with opened(registry, db) as found:
        pair = [subject(found, find(found, Reference.parse(each))) for each in (first, second)]
    evidence, done, unknown = seen_by(pair, terms(options, pair[0].timeframe), early=options["start"] is not None)
    differences = compared(evidence, *done)
    learned = int((evidence.t0 < unknown).sum())
    if as_json:
        print_json({
            "first": str(pair[0]), "second": str(pair[1]), "label": str(evidence.label),
            "timeframe": evidence.timeframe, "symbols": list(evidence.candles), "span": list(evidence.span),
            "rows": len(evidence), "labels": evidence.labels, "rows_not_unknown": learned,
            "figures": document(differences),
        })  # fmt: skip
        return
    begin, end = evidence.span
    print_text(
        f"{len(evidence):,} decisions on {', '.join(evidence.candles)} ({evidence.timeframe}), {moment(begin)} to "
        f"{moment(end)}, of whose labels {evidence.labels:,} do not overlap."
    )
    if learned:
        print_text(
            f"{learned:,} of them come before {iso(unknown)}: a version has learned from that time, or nearly, and "
            "looks better there than it is."
        )
    print_text("")
    _print(str(pair[0]), str(pair[1]), differences)


def _print(first: str, second: str, differences: list["Difference"]) -> None:
    names = (first, second)
    print_table(
        ["figure", first, second, "difference", "95 % from", "to", "surely better"],
        [
            [
                each.metric, *map(_figure, (each.first, each.second, each.difference, each.low, each.high)),
                names[each.better - 1] if each.better else None,
            ]
            for each in differences
        ],
        "<>>>>><",
    )  # fmt: skip


def _figure(value: float | None) -> str | None:
    return None if value is None else f"{value:,.0f}" if value == round(value) and abs(value) >= 1 else f"{value:.5f}"
