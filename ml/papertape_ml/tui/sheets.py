"""What the sheets of the models screen say of a version, as rows of tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import Any

from papertape.tui.core.text import LONGEST, clock, shown
from papertape.tui.widgets.panel import meter, signed
from papertape.tui.widgets.table import Cell, Column, Row
from papertape_ml.registry.canonical import canonical
from papertape_ml.registry.lookup import LESS_IS_BETTER, paths, value_of
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.moves import Move
from papertape_ml.tui.shelf import Line
from papertape_ml.tui.sightings import Sighting, answering_now

ABOUT = (Column("", most=16), Column("", most=None))
FIGURES = (Column("", most=26), Column("", right=True), Column("", right=True), Column("", most=24, rank=1))
GATES = (
    Column("gate", most=16),
    Column("verdict", most=16),
    Column("found", most=44),
    Column("wanted", most=None, rank=1),
)
HISTORY = (
    Column("when"), Column("alias", most=16), Column("to", right=True), Column("", most=12), Column("why", most=None),
    Column("by", most=16, rank=1),
)  # fmt: skip
SESSIONS = (
    Column("session", most=12), Column("", most=12), Column("since", most=48), Column("asked as", most=28, rank=1),
    Column("by", most=24, rank=2),
)  # fmt: skip
_VERDICTS = {
    "passed": ("✓ passed", "good"),
    "failed": ("✗ failed", "error"),
    "insufficient": ("✗ too little", "error"),
    "no matter": ("· no matter", "faint"),
}
_WORDS = {"logloss": "log loss", "ece": "calibration error"}
_ACTIONS = {"move": ("", ""), "rollback": ("◂ taken back", "warning"), "refused": ("✗ refused", "error")}
_ROOM = 55
"""Columns that a sheet has at least."""
_BESIDE = 36
"""And those of them beside a name."""


def about(line: Line, manifest: Manifest) -> list[Row]:
    """Where it comes from, what it reads and says, what its label means."""
    training, row = manifest.training, line.row
    span, tested = training.get("span"), training.get("test_span")
    inputs, outputs = manifest.contract.inputs, manifest.contract.outputs
    read = manifest.feature_set.get("names") or inputs
    window = len(inputs) // len(read) if len(read) and len(inputs) % len(read) == 0 else 1
    known: dict[str, object] = {
        "model": line,
        "aliases": ", ".join(line.aliases) or "none points here",
        "kind": row.kind,
        "created": clock(row.created) + (", imported" if row.imported else ""),
        "made from": manifest.parent,
        "label": manifest.label.get("definition") or ", ".join(f"{k} {v}" for k, v in _flat(manifest.label)),
        "says": f"{len(outputs)} outputs" if len(outputs) > 1 else outputs[0],
        "timeframe": manifest.feature_set.get("timeframe") or training.get("timeframe"),
        "symbols": ", ".join(map(str, training.get("symbols") or ())),
        "trained on": _span(span),
        "rows": f"{training['rows']:,}" if isinstance(training.get("rows"), int) else None,
        "tested on": _span(tested),
        "reads": f"{len(read)} features" + (f" of {window} candles" if window > 1 else ""),
    }
    rows = [_pair(key, str(value)) for key, value in known.items() if value]
    for words, names in (("it says", outputs), ("it reads", read)):
        rows += [_pair("" if place else words, each) for place, each in enumerate(wrap(", ".join(names), _BESIDE))]
    rows.append(_head("Made with"))
    rows += [_pair(*each) for values in (manifest.config, manifest.seeds, manifest.code) for each in _flat(values)]
    rows.append(_head("Bytes"))
    rows += [_pair("checksum", row.checksum), _pair("feature set", row.feature_set_hash)]
    rows += [_pair(name, f"{each.size:,} bytes") for name, each in manifest.files.items()]
    return [row._replace(key=f"{place} {row.key}") for place, row in enumerate(rows)]


def figures(manifest: Manifest) -> list[Row]:
    """How it did in its own test, next to the prior; then what it looks at."""
    found = [path for path in paths(manifest.metrics) if not path.startswith("baseline.")]
    tested = [path.removeprefix("test.") for path in found if path.startswith("test.")]
    rows = []
    if tested:
        rows.append(Row("tested", (_h("Its own test"), _h("it"), _h("prior"), _h(""))))
        rows += [_figure(manifest.metrics, path) for path in tested]
    if others := [path for path in found if not path.startswith("test.")]:
        rows.append(_head("Other figures"))
        rows += [Row(path, (Cell(path), Cell(_number(value_of(manifest.metrics, path))), Cell(""), Cell("")))
                 for path in others]  # fmt: skip
    if kept := manifest.statistics.get("importances"):
        by = manifest.statistics.get("importances_by", "training")
        ordered = sorted(dict(kept).items(), key=lambda each: -each[1])
        most = max(abs(value) for _, value in ordered) or 1.0
        rows.append(_head(f"What it looks at, by {by}"))
        rows += [
            Row(f"looks {name}", (Cell(name), Cell(f"{value:.4f}"), Cell(meter(value / most, 12), "up"), Cell("")))
            for name, value in ordered
        ]
    return rows


def gates(moves: Iterable[Move], name: str, version: int) -> list[Row]:
    """What gates said of a version each time that it was put to them, the newest first."""
    rows: list[Row] = []
    judged = [move for move in moves if (move.name, move.to_version) == (name, version)
              and ("gates" in move.evidence or "not_judged" in move.evidence)]  # fmt: skip
    for move, before in zip_longest(judged[::-1], judged[-2::-1]):
        key = f"{move.alias} {move.number}"
        forced = ", past its gates" if move.evidence.get("forced") else ""
        what = "became" if move.action != "refused" else "was judged for" if _let_in(move) else "was refused as"
        rows += sentences(key, f"{clock(move.at)[:16]}  {what} {move.alias}{forced}: {move.why}", "strong")
        if "not_judged" in move.evidence:
            rows += sentences(f"{key} not", f"not judged: {move.evidence['not_judged']}", "warning")
        found = move.evidence.get("gates")
        if found is not None and (before is None or before.evidence.get("gates") != found):  # else it is told below
            rows += sentences(f"{key} on", judged_on(move.evidence), "faint")
            rows += gate_rows(found, key)
    return rows


def _let_in(move: Move) -> bool:
    """Whether every gate would have let it in."""
    found = move.evidence.get("gates")
    return found is not None and all(each.get("passed") for each in found)


def judged_on(evidence: Mapping[str, Any]) -> str:
    """On what the gates rest, in words."""
    trials = evidence.get("trials", {})
    return (
        f"{evidence.get('rows', 0):,} decisions on {', '.join(map(str, evidence.get('symbols', ())))} "
        f"({evidence.get('timeframe', '')}), {_minute(evidence.get('from'))} to "
        f"{_minute(evidence.get('to'))}; "
        f"trials: {trials.get('count', 0):,}, earlier uses of this time: {trials.get('earlier_uses', 0):,}"
    )


def _minute(moment: object) -> str:
    return str(moment or "")[:16].replace("T", " ")


def gate_rows(results: Iterable[Mapping[str, Any]], key: str = "") -> list[Row]:
    """Each gate with its verdict, what it found, and what it wanted."""
    rows = []
    for each in results:
        sign, style = _VERDICTS.get(str(each["verdict"]), (str(each["verdict"]), "warning"))
        cells = (
            Cell(str(each["gate"])),
            Cell(sign, style),
            Cell(str(each["found"])),
            Cell(str(each["wanted"]), "faint"),
        )
        rows.append(Row(f"{key} {each['gate']}", cells))
    return rows


def history(moves: Iterable[Move], name: str) -> list[Row]:
    """What happened to a model's aliases, the newest first."""
    rows = []
    for move in reversed([move for move in moves if move.name == name]):
        judged = move.action == "refused" and _let_in(move)
        sign, style = ("· judged", "faint") if judged else _ACTIONS[move.action]
        cells = (
            Cell(clock(move.at)[:16], "faint"), Cell(move.alias, "strong"), Cell(f"@{move.to_version}"),
            Cell(sign, style), Cell(move.why), Cell(move.by, "faint"),
        )  # fmt: skip
        rows.append(Row(f"{move.alias} {move.number}", cells))
    return rows


def sessions(sightings: tuple[Sighting, ...], checksum: str) -> list[Row]:
    """The sessions in which a version came to answer, and those that could not take it."""
    rows, now = [], answering_now(sightings, checksum)
    for each in sightings:
        if each.checksum != checksum:
            continue
        key = f"{each.session} {each.reference} {each.batch}"
        if each.refused is not None:
            state = Cell("✗ not taken", "error")
        elif each.running:
            state = Cell("● answers", "good") if each in now else Cell("· answered")
        else:
            state = Cell("■ ended", "faint")
        cells = (Cell(each.session, "strong"), state, Cell(since(each)), Cell(each.reference),
                 Cell(", ".join(each.by), "faint"))  # fmt: skip
        rows.append(Row(key, cells))
        if each.refused is not None:
            rows += sentences(f"{key} why", each.refused, "error")
    return rows


def since(one: Sighting) -> str:
    """When a version came to answer, or did not, in words."""
    if one.at is None:
        return "from the start"
    return f"{'picked up' if one.refused is None else 'not taken'} at {clock(one.at)}, before batch {one.batch:,}"


def sentences(key: str, words: str, style: str) -> list[Row]:
    """A text over all columns, on as many lines as it takes where a sheet is narrow."""
    lines = wrap(shown(words, LONGEST), _ROOM) or [""]
    return [Row(f"{key} {place}", (Cell(line, style),), spans=True) for place, line in enumerate(lines)]


def _figure(metrics: Mapping[str, Any], path: str) -> Row:
    mine = value_of(metrics, f"test.{path}")
    prior = next(
        (found for each in ("baseline.", "baseline.prior.") if (found := value_of(metrics, each + path)) is not None),
        None,
    )
    cells = [
        Cell(_WORDS.get(path, path).replace("_", " ")),
        Cell(_number(mine)),
        Cell(_number(prior), "faint"),
        Cell(""),
    ]
    if mine is not None and prior is not None and mine != prior:
        less = path.rpartition(".")[2] in LESS_IS_BETTER
        better = (mine < prior) == less
        cells[3] = Cell("✓ better" if better else "✗ worse", signed(1.0 if better else -1.0))
    return Row(f"test {path}", tuple(cells))


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) >= 0.001 else f"{value:.2e}"  # no zeros where there is something


def _span(span: Sequence[int] | None) -> str | None:
    return None if span is None else f"{clock(span[0])} to {clock(span[1])}"


def _pair(key: str, value: str) -> Row:
    return Row(key, (Cell(key.replace("_", " "), "faint"), Cell(value)))


def _head(text: str) -> Row:
    return Row(f"head {text}", (Cell(text, "head"),), spans=True)


def _h(text: str) -> Cell:
    return Cell(text, "head")


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values as texts, those of inner mappings too; times in ms as hours."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value)
        elif key.endswith("embargo") and isinstance(value, int):
            yield key, f"{value / 3_600_000:,.4g} h"
        elif value is not None:
            yield key, value if isinstance(value, str) else canonical(value).decode()
