"""`papertape models promote`: an alias is given a version, through gates where the alias is the champion."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import print_json, print_table, print_text, say
from papertape_ml.commands.models_evidence import evidence_options
from papertape_ml.commands.models_judging import CHAMPION, judged_for
from papertape_ml.commands.models_options import opened, registry_option, spoken
from papertape_ml.commands.models_output import document, print_move

if TYPE_CHECKING:
    from papertape_ml.promotion.judgement import Judgement


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
        evidence, judged, reason = judged_for(found, row, present, min_shadow_trades, db, force, options)
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
