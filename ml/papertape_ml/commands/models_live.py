"""`papertape models show NAME --live`: what a model said in sessions, what happened, and whether its inputs drift."""

from typing import TYPE_CHECKING, Any

from papertape.cli.output import print_json, print_table, print_text
from papertape_ml.commands.models_output import moment

if TYPE_CHECKING:
    from papertape.ledger.store import Ledger
    from papertape_ml.live.drift import Drift
    from papertape_ml.live.figures import Window
    from papertape_ml.live.predictions import Told
    from papertape_ml.registry.manifest import Manifest

SURE_FROM = 500
"""Completed predictions from which a calibration error is taken for one."""
SHOWN = 10
"""Features of which drift is shown."""
ASKED_BY = {
    "gate": "--strategy classifier:direction=...,gate=",
    "direction": "--strategy classifier:gate=...,direction=",
    "predictor": "--strategy predictor:model=",
    "range": "--strategy classifier:range=",
    "tpsl": "--strategy classifier:tpsl=",
}
"""The option of `papertape run` that ends with a model of a kind; of kinds that are not here, a classifier's."""
UNKEPT = ("rl", "sizer", "stacking")
"""Kinds whose inputs a component brings: their answers are in its orders and votes, not among the predictions."""


def show_live(
    name: str, version: int | None, manifests: "dict[int, Manifest]", db: str, session: str | None, as_json: bool
) -> None:
    """Prints what the ledger at `db` knows of a model; `manifests`: of its versions, by number."""
    from papertape.contract.errors import NoLedger
    from papertape.ledger.store import Ledger
    from papertape_ml.live.predictions import sessions_of, told

    try:
        ledger = Ledger.open(db)
    except NoLedger as error:
        _nothing(name, [], str(error), as_json)
        return
    with ledger:
        known = sessions_of(ledger, name)
        chosen = known if session is None else [ledger.find(session).id]
        lines = told(ledger, name, [each for each in chosen if each in known], version)
        if not lines:
            kind = next(iter(manifests.values())).kind
            _nothing(name, chosen, _why_nothing(ledger, name, kind, known, session), as_json)
            return
        newest = next(each for each in known if each in {one for line in lines for one in line.sessions})
        drift, no_drift = _drift(ledger, newest, manifests, lines)
    if as_json:
        print_json({
            "model": name, "sessions": chosen, "claims": [_document(line, manifests) for line in lines],
            "drift": {"session": newest, "features": [{**each._asdict(), "far": each.far} for each in drift],
                      "problem": no_drift},
            "alerts": _alerts(lines, drift),
        })  # fmt: skip
        return
    for line in lines:
        _print_claim(name, line, _learned(line, manifests))
    _print_drift(newest, drift, no_drift)
    if alerts := _alerts(lines, drift):
        print_text("", *alerts)


def _drift(
    ledger: "Ledger", session: str, manifests: "dict[int, Manifest]", lines: "list[Told]"
) -> "tuple[list[Drift], str | None]":
    """Of the newest version that answered in a session; and why there is none."""
    from papertape.cli import COMMANDS
    from papertape.cli.features_build import installed
    from papertape.contract.errors import PapertapeError
    from papertape.engine.discovery import load_plugins
    from papertape.features.feature_set import FeatureSet
    from papertape_ml.live.drift import drifts, session_candles

    version = max(line.version for line in lines if session in line.sessions)
    if version not in manifests:
        return [], f"version {version} is not in this registry, so its training data cannot be compared with"
    manifest = manifests[version]
    try:
        row = ledger.find(session)
        candles = session_candles(ledger, row, load_plugins(reserved=COMMANDS))
        features = tuple(installed().select(list(manifest.feature_set.get("names", ()))))
        wanted = FeatureSet(features, row.timeframe, tuple(candles))
        return drifts(manifest, candles, wanted), None
    except PapertapeError as error:
        return [], str(error)


def _why_nothing(ledger: "Ledger", name: str, kind: str, known: list[str], session: str | None) -> str:
    if session is not None and known:
        return f"{name} said nothing in session {session}; it did in {', '.join(known[:5])}"
    if kind in UNKEPT:
        return (
            f"{name} is a {kind} model: what it says is in the orders and votes of sessions, and no prediction is kept"
        )
    return (
        f"{name} has said nothing in {ledger.database.name} yet. Let it: papertape run "
        f"{ASKED_BY.get(kind, '--strategy classifier:model=')}{name}@champion"
    )


def _nothing(name: str, sessions: list[str], why: str, as_json: bool) -> None:
    if as_json:
        print_json({"model": name, "sessions": sessions, "claims": [], "drift": None, "alerts": [], "problem": why})
    else:
        print_text(why)


def _alerts(lines: "list[Told]", drift: "list[Drift]") -> list[str]:
    """What somebody should look at, in plain words."""
    from papertape_ml.live.figures import windows
    from papertape_ml.promotion.gates import MOST_ECE

    found = []
    for line in lines:
        told = set()  # a window that holds the same predictions as a longer one says nothing new
        for window, each in windows(line).items():
            high, error = each.figures.get("gain_high"), each.figures.get("ece")
            if high is not None and high < 0.0 and each.predictions not in told:
                told.add(each.predictions)
                found.append(
                    f"Version {line.version} says less about {line.claim} than the shares of the classes do ({window}: "
                    f"{-(each.figures['gain'] or 0.0):.4f} nats a row): papertape models rollback would take it back."
                )
            if error is not None and error > MOST_ECE and each.completed >= SURE_FROM and window == "all":
                found.append(
                    f"Version {line.version}: what it promises of {line.claim} is off by {error:.3f} on average: its "
                    "probabilities should not be taken at their word."
                )
    far = [each for each in drift if each.far]
    if far:
        worst = ", ".join(each.feature for each in far[:5]) + (f" and {len(far) - 5} more" if len(far) > 5 else "")
        found.append(
            f"{len(far)} of {len(drift)} features look as they never did in training ({worst}): the market has changed "
            "or the data have. Train anew on candles that hold this time, and compare."
        )
    return found


def _learned(line: "Told", manifests: "dict[int, Manifest]") -> int:
    """How many of the predictions lie in the time that the version had learned from."""
    manifest = manifests.get(line.version)
    span = None if manifest is None else manifest.training.get("span")
    return 0 if span is None else int(((line.at >= span[0]) & (line.at <= span[1])).sum())


def _document(line: "Told", manifests: "dict[int, Manifest]") -> dict[str, Any]:
    from papertape_ml.live.figures import reliability, windows

    return {
        "version": line.version, "claim": line.claim, "outputs": list(line.outputs),
        "sessions": list(line.sessions), "first": int(line.at[0]), "last": int(line.at[-1]),
        "predictions": len(line.at), "learned": _learned(line, manifests),
        "windows": {name: each._asdict() for name, each in windows(line).items()},
        "reliability": [each._asdict() for each in reliability(line)],
    }  # fmt: skip


def _print_claim(name: str, line: "Told", learned: int) -> None:
    from papertape_ml.live.figures import reliability, windows

    print_text(
        f"{name}@{line.version}, {line.claim}: {moment(int(line.at[0]))} to {moment(int(line.at[-1]))}, in session"
        f"{'s' if len(line.sessions) > 1 else ''} {', '.join(line.sessions[:5])}"
    )
    if learned:
        print_text(f"{learned:,} of them lie in the time that it had learned from, where it looks better than it is.")
    found = windows(line)
    figures = [key for key, value in found["all"].figures.items() if value is not None]
    rows: list[list[object]] = [
        [what, *(f"{each[place]:,}" for each in found.values())]
        for place, what in enumerate(("predictions", "completed", "market did not tell"))
    ]
    rows += [[key.replace("_", " "), *(_figure(each, key) for each in found.values())] for key in figures]
    print_table(["", *found], rows, "<" + ">" * len(found))
    if bins := reliability(line):
        print_text("")
        print_table(
            ["promised", "mean", "happened", "predictions"],
            [[f"{b.low:.0%} to {b.high:.0%}", f"{b.promised:.3f}", f"{b.happened:.3f}", f"{b.rows:,}"] for b in bins],
            "<>>>",
        )
    print_text("")


def _figure(window: "Window", key: str) -> str | None:
    value = window.figures.get(key)
    return None if value is None else f"{value:.4f}"


def _print_drift(session: str, drift: "list[Drift]", problem: str | None) -> None:
    if problem is not None:
        print_text(f"No drift of features: {problem}")
        return
    print_text(f"Features in session {session}, against training:")
    print_table(
        ["feature", "symbol", "candles", "PSI", "training stays below", "missing", ""],
        [
            [each.feature, each.symbol, f"{each.window:,}", f"{each.stability:.3f}", f"{each.threshold:.3f}",
             f"{each.missing:.1%}", "beyond training" if each.far else ""]
            for each in drift[:SHOWN]
        ],
        "<<>>>><",
    )  # fmt: skip
