"""How `papertape train rl` is asked to train, out of its options."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papertape.contract.errors import ConfigError
from papertape_ml.commands.train_rl_parent import Parent

if TYPE_CHECKING:
    from papertape_ml.rl.config import RlConfig
    from papertape_ml.rl.observing import Regimes
    from papertape_ml.rl.settings import Settings


def config_of(options: Mapping[str, Any], parent: Parent | None) -> "RlConfig":
    """How the options ask to train. Raises `BadSettings`."""
    from papertape_ml.rl.acting import Acting
    from papertape_ml.rl.config import RlConfig, reward_of
    from papertape_ml.rl.learning import Plan
    from papertape_ml.rl.rewards import Reward
    from papertape_ml.rl.terms import Terms

    steps = options["steps"] or (100_000 if parent is None else 20_000)
    every = options["every"] or max(1, steps // 10)
    plan = Plan(
        steps=steps, every=every, patience=options["patience"], threads=options["threads"], device=options["device"]
    )
    settings = _settings(options, parent)
    if parent is not None:
        acting, missing = parent.model.builder.acting, parent.model.builder.missing
        terms = Terms.from_document(parent.manifest.config.get("terms"))
        reward = Reward.from_document(parent.manifest.config.get("reward"))
    else:
        terms, reward = Terms(), Reward()
        only = any(each.algorithm == "qr-dqn" for each in settings)
        given = {name: options[name] for name in ("leverage", "most_units") if options[name] is not None}
        space: Any = options["space"] or ("discrete" if only else "continuous")
        acting, missing = Acting(space=space, short=options["short"], **given), options["missing"] or "abstain"
    if options["cash"] is not None:
        terms = replace(terms, cash=Decimal(str(options["cash"])))
    if options["fee_bps"] is not None:
        terms = replace(terms, fee=Decimal(str(options["fee_bps"])) / 10_000)
    return RlConfig(
        settings=settings,
        plan=plan,
        acting=acting,
        terms=terms,
        reward=reward if options["reward"] is None else reward_of(options["reward"]),
        length=options["episode"],
        missing=missing,
        regimes=None if options["regimes"] is None else _regimes(options["regimes"]),
        environments=options["environments"],
        seeds=tuple(range(options["seed"], options["seed"] + options["seeds"])),
        stop=options["stop"],
        test=options["test"],
    )


def _regimes(path: Path) -> "Regimes":
    """What a file says of them. Raises `ConfigError`, `BadSettings`."""
    from papertape_ml.rl.observing import Regimes

    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as wrong:
        raise ConfigError(f"--regimes: {path} cannot be read: {wrong}") from None
    return Regimes.from_document(found)


def _settings(options: Mapping[str, Any], parent: Parent | None) -> "tuple[Settings, ...]":
    from papertape_ml.errors import BadSettings
    from papertape_ml.rl.constraint import CvarLimit
    from papertape_ml.rl.settings import preset
    from papertape_ml.rl.vote import VotePolicy

    values = dict(_value(text) for text in options["values"])
    if parent is not None:
        policy = parent.model.policy
        members = policy.members if isinstance(policy, VotePolicy) else (policy,)
        own = tuple(each.settings for each in members)
        if options["algorithms"] and set(options["algorithms"]) != {each.algorithm for each in own}:
            raise ConfigError(f"{parent.pin} was learned by {', '.join(each.algorithm for each in own)}")
        try:
            return tuple(replace(each, **values) for each in own)
        except TypeError:
            raise BadSettings(f"--set-value: {', '.join(values)} is no setting of {parent.pin}") from None
    if options["limit"] is not None:
        share, _, loss = options["limit"].partition(",")
        try:
            numbers = float(share), float(loss)
        except ValueError:
            raise BadSettings(f"--limit {options['limit']!r}: SHARE,LOSS would do, such as 0.05,0.01") from None
        values["limit"] = CvarLimit(share=numbers[0], limit=numbers[1])
    names = tuple(dict.fromkeys(options["algorithms"])) or ("ppo",)
    if len(names) > 1 and values:
        raise ConfigError("--set-value and --limit go with one algorithm")
    return tuple(preset(name, options["preset"] or "default", **values) for name in names)


def _value(text: str) -> tuple[str, Any]:
    """A setting as the command line writes it. Raises `BadSettings`."""
    from papertape_ml.errors import BadSettings
    from papertape_ml.rl.settings import OffPolicy, OnPolicy

    key, equals, said = text.partition("=")
    key = key.strip()
    known = {each.name for kind in (OnPolicy, OffPolicy) for each in fields(kind)} - {"algorithm", "limit"}
    if not equals or key not in known:
        raise BadSettings(f"--set-value {text[:80]!r}: KEY=VALUE would do, with one of {', '.join(sorted(known))}")
    if key == "activation":
        return key, said
    try:
        if key in ("actor", "critic"):
            return key, tuple(int(each) for each in said.split("-"))
        return key, int(said) if said.lstrip("-").isdigit() else float(said)
    except ValueError:
        raise BadSettings(f"--set-value {text[:80]!r}: a number would do, or widths such as 64-64") from None
