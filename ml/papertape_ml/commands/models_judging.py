"""What the gates say of a version that wants to be champion: for the command that promotes, and for the screen."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from papertape_ml.commands.models_evidence import heard, subject, terms

if TYPE_CHECKING:
    from papertape_ml.promotion.judgement import Judgement
    from papertape_ml.promotion.subject import Subject
    from papertape_ml.registry.protocol import Registry, VersionRow

CHAMPION = "champion"
"""The alias that has gates."""
PREDICTING = "predicting afresh what none of them has seen, and putting it to the gates"


def judged_for(
    registry: "Registry", row: "VersionRow", present: int | None, shadow: int, db: str, force: bool,
    options: Mapping[str, Any], tell: Callable[[str], None] = lambda stage: None,
) -> tuple[dict[str, Any], "Judgement | None", str | None]:  # fmt: skip
    """What the history keeps, the judgement, and why there is none, where force does without.

    `present`: the version that is the champion now; `shadow`: trades that are asked for; `options`: values of
    `evidence_options`, and `sessions`. `tell` hears what is being done. Raises `AliasMoved` where nothing would move,
    and, without `force`, the `PapertapeError` for which there is no judgement.
    """
    from papertape.contract.errors import PapertapeError
    from papertape_ml.errors import AliasMoved
    from papertape_ml.registry.lookup import rows_of

    if present == row.version:
        raise AliasMoved(f"{row.name}@{CHAMPION} points to version {present} already")
    try:
        tell(f"loading {row.name}@{row.version}")
        this = subject(registry, row)
        rows = {each.version: each for each in rows_of(registry, row.name)}
        champion = None if present is None else subject(registry, rows[present])
        tell("reading what it is judged on")
        asked = (_shadow_trades(this, db), shadow) if shadow else None
        found = _judgement(registry, this, champion, asked, db, options, tell)
    except PapertapeError as error:
        if not force:
            raise
        return {"forced": True, "not_judged": str(error)}, None, str(error)
    return {**found.evidence, **({"forced": True} if force else {})}, found, None


def _judgement(
    registry: "Registry", this: "Subject", champion: "Subject | None", shadow: tuple[int, int] | None, db: str,
    options: Mapping[str, Any], tell: Callable[[str], None],
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

        members = heard(this, db, options)
        tell(PREDICTING)
        evidence, done = heard_by(both(this, champion), members)
        return verdict(this, champion, evidence, done, history, shadow)
    given = terms(options, this.timeframe)
    tell(PREDICTING)
    if this.row.kind == "sizer":
        from papertape.engine.discovery import load_plugins
        from papertape_ml.promotion.sizes import sized

        return sized(this, champion, given, load_plugins(), history, shadow)
    if this.row.kind == "rl":
        from papertape.engine.discovery import load_plugins
        from papertape_ml.promotion.policies import walked_by

        return walked_by(this, champion, given, load_plugins(), history, shadow)
    return judgement(this, champion, given, history, shadow)


def _shadow_trades(this: "Subject", db: str) -> int:
    from papertape_ml.live.shadow import shadow_trades

    return 0 if this.learned_to is None else shadow_trades(db, this.row.checksum, this.learned_to)
