"""`papertape models promote`: an alias is given a version, through gates where the alias is the champion."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import print_json, print_table, print_text, say
from papertape_ml.commands.models_evidence import evidence_options, heard, subject, terms
from papertape_ml.commands.models_options import opened, registry_option, spoken
from papertape_ml.commands.models_output import document, print_move

if TYPE_CHECKING:
    from papertape_ml.promotion.judgement import Judgement
    from papertape_ml.promotion.subject import Subject
    from papertape_ml.registry.protocol import Registry, VersionRow

CHAMPION = "champion"
"""The alias that has gates."""


@click.command()
@click.argument("version", metavar="NAME@VERSION")
@click.option("--to", "alias", required=True, metavar="ALIAS", help="Such as champion, challenger.")
@click.option("--why", metavar="TEXT", help="What the history says.")
@click.option("--force", is_flag=True, help="Past the gates; needs --why. The history keeps what they said.")
@click.option("--min-shadow-trades", type=click.IntRange(0), default=0, metavar="N",
              help="Closed trades that books with this version must have in the ledger. Default: 0.")  # fmt: skip
@click.option("--session", "sessions", multiple=True, metavar="ID",
              help="Of stacking: a session whose members' stances it is judged on. Repeatable.")  # fmt: skip
@click.option("--by", metavar="NAME", help="Who the history says it was. Default: you.")
@evidence_options
@registry_option
@db_option
@json_option
def promote(
    version: str, alias: str, why: str | None, force: bool, min_shadow_trades: int,
    by: str | None, registry: Path | None, db: str, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Makes an alias point to a version.

    The alias champion has gates. The version and the present champion predict afresh what neither has learned from: the
    candles of --source after both trainings, the label's horizon and an embargo (a sizer sizes walk-forward signals
    over them; stacking reads what the members of each --session said). Without a champion the opponents are those who
    know nothing but the shares of the classes, do nothing, or buy and hold. If a gate fails, the alias stays,
    the gates are shown, and the exit code is 1. Either way the history keeps the evidence, and each use of a span
    counts as a trial the next time. Any other alias (challenger, candidate, one of your own) moves without gates.

    Example: papertape models promote signal@4 --to champion --source candles/ --why "three months ahead"
    """
    from papertape_ml.errors import NotPromoted
    from papertape_ml.registry.lookup import find
    from papertape_ml.registry.moves import targets
    from papertape_ml.registry.names import Reference, alias_name

    if force and why is None:
        raise click.UsageError("--force needs --why TEXT: the history keeps why the gates were passed by")
    if force and alias != CHAMPION:
        raise click.UsageError(f"--force passes by gates, and only {CHAMPION} has gates: {alias} moves without it")
    with opened(registry, db) as found:
        row = find(found, Reference.parse(version))
        present = targets(found.history(row.name)).get((row.name, alias_name(alias)))
        if alias != CHAMPION:
            move = found.move(row.name, alias, row.version, spoken(by, why or "promoted"), expected=present)
            print_json({"registry": found.place, **document(move)}) if as_json else print_move(move)
            return
        evidence, judged, reason = _judged(found, row, present, min_shadow_trades, db, force, options)
        passed = judged is not None and judged.let_in
        stopped = "" if judged is None or passed else f"stopped by {', '.join(judged.stopped_by)}"
        wish = spoken(by, why or stopped or "all gates passed")._replace(evidence=evidence)
        if passed or force:
            move = found.move(row.name, alias, row.version, wish, expected=present)
        else:
            move = found.refuse(row.name, alias, row.version, wish)
        place = found.place
    if as_json:
        print_json({"registry": place, "promoted": passed or force, "forced": force, **document(move)})
    else:
        if judged is not None:
            _print_gates(judged)
        if reason is not None:
            say(f"not judged: {reason}")
        if passed or force:
            print_move(move)
    if not passed and not force:
        raise NotPromoted(f"{row.name}@{row.version} is not promoted: it was {stopped}; {CHAMPION} stays as it was")


def _judged(
    registry: "Registry", row: "VersionRow", present: int | None, shadow: int, db: str, force: bool,
    options: dict[str, Any],
) -> tuple[dict[str, Any], "Judgement | None", str | None]:  # fmt: skip
    """What the history keeps, the judgement, and why there is none, where force does without."""
    from papertape.contract.errors import PapertapeError
    from papertape_ml.errors import AliasMoved
    from papertape_ml.registry.lookup import rows_of

    if present == row.version:
        raise AliasMoved(f"{row.name}@{CHAMPION} points to version {present} already")
    try:
        this = subject(registry, row)
        rows = {each.version: each for each in rows_of(registry, row.name)}
        champion = None if present is None else subject(registry, rows[present])
        asked = (_shadow_trades(this, db), shadow) if shadow else None
        found = _judgement(registry, this, champion, asked, db, options)
    except PapertapeError as error:
        if not force:
            raise
        return {"forced": True, "not_judged": str(error)}, None, str(error)
    return {**found.evidence, **({"forced": True} if force else {})}, found, None


def _judgement(
    registry: "Registry", this: "Subject", champion: "Subject | None", shadow: tuple[int, int] | None, db: str,
    options: dict[str, Any],
) -> "Judgement":  # fmt: skip
    """By what the version reads: candles, the stances of sessions, or signals and a book."""
    from papertape.contract.errors import ConfigError
    from papertape_ml.promotion.judgement import both, judgement, verdict

    history = registry.history()
    if this.row.kind == "stacking" and not options["sessions"]:
        raise ConfigError(
            f"{this} is judged on what the members of later sessions said: name one or more with --session"
        )
    if this.row.kind != "stacking" and options["sessions"]:
        raise ConfigError(f"--session goes with stacking; {this}, a {this.row.kind}, is judged on candles: --source")
    if this.row.kind == "stacking":
        from papertape_ml.promotion.stances import heard_by

        evidence, done = heard_by(both(this, champion), heard(this, db, options))
        return verdict(this, champion, evidence, done, history, shadow)
    given = terms(options, this.timeframe)
    if this.row.kind == "sizer":
        from papertape.engine.discovery import load_plugins
        from papertape_ml.promotion.sizes import sized

        return sized(this, champion, given, load_plugins(), history, shadow)
    return judgement(this, champion, given, history, shadow)


def _shadow_trades(this: "Subject", db: str) -> int:
    from papertape_ml.live.shadow import shadow_trades

    return 0 if this.learned_to is None else shadow_trades(db, this.row.checksum, this.learned_to)


def _print_gates(found: "Judgement") -> None:
    evidence = found.evidence
    print_text(
        f"{evidence['rows']:,} decisions on {', '.join(evidence['symbols'])} ({evidence['timeframe']}), "
        f"{evidence['from']} to {evidence['to']}; trials: {evidence['trials']['count']:,}, earlier uses of this time: "
        f"{evidence['trials']['earlier_uses']:,}"
    )
    print_text("")
    print_table(
        ["gate", "wanted", "found", "verdict"],
        [[each.gate, each.wanted, each.found, each.verdict] for each in found.results],
    )
    print_text("")
