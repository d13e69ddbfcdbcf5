"""What `papertape train rl` is asked for, out of its options, and the training itself."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from papertape.cli.output import Progress, say
from papertape.contract.errors import ConfigError
from papertape_ml.commands.train_rl import DEFAULTS

if TYPE_CHECKING:
    from papertape_ml.models.rl import PolicyModel
    from papertape_ml.registry.manifest import Manifest
    from papertape_ml.rl.config import RlConfig
    from papertape_ml.rl.course import Course
    from papertape_ml.rl.observing import Regimes
    from papertape_ml.rl.settings import Settings
    from papertape_ml.training.trained import Trained

_OF_PARENT: Final = ("set_name", "names", "space", "short", "leverage", "most_units", "missing", "regimes", "limit",
              "preset")  # fmt: skip
"""Options about what a policy sees and does, and how it learns: a version that is gone on from has that already."""
_OF_CANDLES: Final = ("sources", "timeframe", "start", "end")
"""Options about which candles: what a session has heard are others."""


class Parent(NamedTuple):
    """A version that is gone on from. `pin`: NAME@VERSION."""

    pin: str
    manifest: "Manifest"
    model: "PolicyModel"


def trained_by(options: Mapping[str, Any]) -> "tuple[Trained, str | None]":
    """What the options ask for, trained and not registered yet, and the version that it was made from."""
    from papertape.engine.discovery import load_plugins
    from papertape_ml.networks.library import device_named
    from papertape_ml.rl.training import Home, reweigh, train_rl

    device_named(options["device"])  # before the candles are read
    _check(options)
    parent = _parent(options)
    config = config_of(options, parent)
    course = course_by(options, parent)
    if options["archive"] is not None:
        return _imported(options, config, course), None
    home = Home(options["checkpoints"], options["tensorboard"])
    with Progress("train", unit="steps") as progress:

        def watch(what: str, done: int, most: int, value: float | None) -> None:
            progress.label = what if value is None else f"{what}, growth {value:.2e} a candle"
            progress.total = most
            progress.update(done)

        model = None if parent is None else parent.model
        if options["votes_only"] and model is not None:
            trained = reweigh(course, config, load_plugins(), model)
        else:
            trained = train_rl(course, config, load_plugins(), home, model, watch)
    if parent is None:
        return trained, None
    known = max((span[1] for key in ("span", "test_span") if (span := parent.manifest.training.get(key))), default=0)
    if trained.test_span is not None and known >= trained.test_span[0]:
        say(f"{parent.pin} had learned from, or was tested on, candles of this test: its figures flatter")
    return trained, parent.pin


def _check(options: Mapping[str, Any]) -> None:
    if options["table"] is not None:
        raise ConfigError("--table does not go with a policy, whose episodes need the candles themselves")
    if options["session"] is not None and options["parent"] is None:
        raise ConfigError("--session needs --from: a policy goes on learning from what a session has heard")
    if options["session"] is not None and any(options[name] for name in _OF_CANDLES):
        raise ConfigError("--session is all candles that it has heard: leave out --source, --timeframe, --start, --end")
    if options["votes_only"] and options["parent"] is None:
        raise ConfigError("--votes-only needs --from: a version that is a vote")
    if (options["archive"] is None) != (options["sha256"] is None):
        raise ConfigError("--import-sb3 and --sha256 go together: the zip, and the sum that says which one is meant")
    if options["report"] is not None and not options["report"].absolute().parent.is_dir():
        raise ConfigError(f"--report: there is no folder {options['report'].absolute().parent}")
    if options["parent"] is not None:
        if options["archive"] is not None:
            raise ConfigError("--import-sb3 does not go with --from")
        if given := [name for name in _OF_PARENT if options[name]]:
            flags = ", ".join("--" + name.replace("set_name", "set").replace("names", "features") for name in given)
            raise ConfigError(f"{flags.replace('_', '-')} does not go with --from: that version has its own")


def _parent(options: Mapping[str, Any]) -> Parent | None:
    """The version of `--from`, ready to be asked."""
    if options["parent"] is None:
        return None
    from papertape.cli.options import home
    from papertape_ml.commands.models_options import opened
    from papertape_ml.errors import BadModel
    from papertape_ml.models.rl import PolicyModel
    from papertape_ml.registry.lookup import find
    from papertape_ml.registry.names import Reference
    from papertape_ml.serving.served import served
    from papertape_ml.serving.verdicts import Verdicts

    with opened(options["registry"], options["db"]) as registry:
        row = find(registry, Reference.parse(options["parent"]))
        version = registry.load(row.name, row.version)
    pin = f"{row.name}@{row.version}"
    if row.kind != "rl":
        raise BadModel(f"{pin} is a {row.kind}; a model of the kind rl would do")
    model = served(version, Verdicts(home() / "verdicts")).model
    assert isinstance(model, PolicyModel), "the kind rl is a policy"
    return Parent(pin, version.manifest, model)


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
        only = settings[0].algorithm == "qr-dqn"
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
            values["limit"] = CvarLimit(share=float(share), limit=float(loss))
        except ValueError:
            raise BadSettings(f"--limit {options['limit']!r}: SHARE,LOSS would do, such as 0.05,0.01") from None
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


def course_by(options: Mapping[str, Any], parent: Parent | None) -> "Course":
    """The candles with their features: of files, or of what a session has heard."""
    from papertape.cli.kernels import compile_kernels
    from papertape.features.feature_set import FeatureSet
    from papertape_ml.commands.train_material import Material, found
    from papertape_ml.errors import WrongInputs
    from papertape_ml.rl.course import course_of

    given = dict(options)
    if parent is not None:
        given["names"] = ",".join(parent.model.builder.features)
    if options["session"] is None:
        material = Material.of(given, DEFAULTS)
        candles, wanted = material.candles, material.wanted
        if len(candles) != 1:
            raise ConfigError(f"a policy learns on one symbol, and there is {', '.join(candles)}: take --symbol")
    else:
        assert parent is not None, "what goes on from a session goes on from a version"
        candles, timeframe = _heard(options)
        (symbol,) = candles
        wanted = FeatureSet(found().select(tuple(parent.model.builder.features)), timeframe, (symbol,))
        compile_kernels(wanted.features, 1)
    if parent is not None and wanted.hash != parent.manifest.feature_set_hash:
        raise WrongInputs(
            f"{parent.pin} was trained on another feature set: the features, their kernels, the timeframe or the "
            "symbols are not the same"
        )
    return course_of(candles, wanted)


def _heard(options: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The candles of one symbol that a session in the ledger has heard so far, and their timeframe."""
    from papertape.engine.discovery import load_plugins
    from papertape.ledger.store import Ledger
    from papertape_ml.live.drift import session_candles

    with Ledger.open(options["db"]) as ledger:
        row = ledger.find(options["session"])
        candles = session_candles(ledger, row, load_plugins())
    chosen = options["symbols"] or tuple(candles)
    if len(chosen) != 1 or chosen[0] not in candles:
        raise ConfigError(f"session {row.id} heard {', '.join(candles)}: take one of them with --symbol")
    return {chosen[0]: candles[chosen[0]]}, row.timeframe


def _imported(options: Mapping[str, Any], config: "RlConfig", course: "Course") -> "Trained":
    from papertape.engine.discovery import load_plugins
    from papertape_ml.rl.acting import ACTIONS
    from papertape_ml.rl.training import import_policy
    from papertape_ml.rl.zip_import import policy_of_zip

    try:
        data = options["archive"].read_bytes()
    except OSError as error:
        raise ConfigError(f"--import-sb3: {options['archive']} cannot be read: {error.strerror}") from None
    (settings, *_) = config.settings
    activation = settings.activation if any(text.startswith("activation=") for text in options["values"]) else None
    actions = len(ACTIONS) if config.acting.space == "discrete" else 1
    return import_policy(
        course,
        config,
        load_plugins(),
        lambda builder: policy_of_zip(
            data, options["sha256"], settings.algorithm, activation, len(builder.names), actions
        ),
    )
