"""What a version said in sessions and what came of it, as rows of a table: from the document that
`papertape models show --live --json` prints."""

from collections.abc import Iterator, Mapping
from typing import Any

from papertape.tui.core.text import clock, percent
from papertape.tui.widgets.panel import meter
from papertape.tui.widgets.table import Cell, Column, Row
from papertape_ml.tui.sheets import sentences

LIVE = (Column("", most=32), *(Column("", right=True, most=12) for _ in range(3)), Column("", most=16, rank=1))
DRIFTING = 30
"""Features of which drift is shown."""
_WORDS = {
    "gain": "gain, nats a row", "gain_low": "  surely above", "gain_high": "  surely below", "ece": "calibration error",
    "prior_logloss": "log loss of shares", "logloss": "log loss",
}  # fmt: skip


def live(document: Mapping[str, Any]) -> Iterator[Row]:
    """Alerts first, then accuracy by window, calibration, and drift."""
    for place, words in enumerate(document["alerts"]):
        yield from sentences(f"alert {place}", f"! {words}", "warning")
    if problem := document.get("problem"):
        yield from sentences("problem", problem, "faint")
    for claim in document["claims"]:
        yield from _claim(claim)
    if document.get("drift"):
        yield from _drift(document["drift"])


def _claim(claim: Mapping[str, Any]) -> Iterator[Row]:
    key = claim["claim"]
    times = f"{clock(claim['first'])[:16]} to {clock(claim['last'])[:16]}"
    yield from sentences(key, f"{key}: {times}, in {', '.join(claim['sessions'][:4])}", "strong")
    if claim["learned"]:
        words = f"{claim['learned']:,} of them lie in the time that it had learned from: there it looks better"
        yield from sentences(f"{key} learned", words, "warning")
    windows: Mapping[str, Any] = claim["windows"]
    yield Row(f"{key} windows", (_h("What came of it"), *map(_h, windows), _h("")))
    for what, words in (("predictions", "predictions"), ("completed", "completed"), ("unknown", "market did not tell")):
        counts = (Cell(f"{each[what]:,}") for each in windows.values())
        yield Row(f"{key} {what}", (Cell(words), *counts, Cell("")))
    first: Mapping[str, Any] = next(iter(windows.values()))["figures"]
    for name in (name for name, value in first.items() if value is not None):
        values = [each["figures"].get(name) for each in windows.values()]
        shown = (Cell("" if value is None else f"{value:.4f}") for value in values)
        yield Row(f"{key} {name}", (Cell(_WORDS.get(name, name.replace("_", " "))), *shown, Cell("")))
    if claim["reliability"]:
        heads = ("Calibration: promised", "mean", "happened", "count", "")
        yield Row(f"{key} promised", tuple(map(_h, heads)))
    for each in claim["reliability"]:
        yield Row(
            f"{key} {each['low']}",
            (
                Cell(f"{each['low']:.0%} to {each['high']:.0%}"),
                Cell(f"{each['promised']:.3f}"), Cell(f"{each['happened']:.3f}"), Cell(f"{each['rows']:,}"),
                Cell(meter(each["happened"], 10), "up"),
            ),
        )  # fmt: skip


def _drift(found: Mapping[str, Any]) -> Iterator[Row]:
    if found["problem"]:
        yield from sentences("drift", f"No drift of features: {found['problem']}", "faint")
        return
    one = len({each["symbol"] for each in found["features"]}) == 1
    yield Row("drift", tuple(map(_h, ("Drift of features", "PSI", "below", "missing", ""))))
    for each in found["features"][:DRIFTING]:
        name = each["feature"] if one else f"{each['feature']}  {each['symbol']}"
        cells = (
            Cell(f"! {name}", "warning") if each["far"] else Cell(f"✓ {name}"),
            Cell(f"{each['stability']:.3f}"),
            Cell(f"{each['threshold']:.3f}"),
            Cell(percent(each["missing"], signed=False)),
            Cell("beyond training", "warning") if each["far"] else Cell(""),
        )
        yield Row(f"drift {each['feature']}", cells)
    if len(found["features"]) > DRIFTING:
        words = f"and {len(found['features']) - DRIFTING} others, nearer to what training saw"
        yield from sentences("drift others", words, "faint")


def _h(text: str) -> Cell:
    return Cell(text, "head")
