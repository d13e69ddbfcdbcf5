"""What `papertape train rl` is asked for, out of its options, and the training itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from papertape.cli.output import Progress, say
from papertape.contract.errors import ConfigError
from papertape_ml.commands.train_output import check_room
from papertape_ml.commands.train_rl import DEFAULTS
from papertape_ml.commands.train_rl_config import config_of
from papertape_ml.commands.train_rl_parent import Parent, parent_of

if TYPE_CHECKING:
    from papertape_ml.rl.config import RlConfig
    from papertape_ml.rl.course import Course
    from papertape_ml.training.trained import Trained

_OF_PARENT: Final = ("set_name", "names", "space", "short", "leverage", "most_units", "missing", "regimes", "limit",
              "preset")  # fmt: skip
"""Options about what a policy sees and does, and how it learns: a version that is gone on from has that already."""
_OF_CANDLES: Final = ("sources", "timeframe", "start", "end")
"""Options about which candles: what a session has heard are others."""
_OF_LEARNING: Final = ("steps", "every", "patience", "seeds", "environments", "checkpoints", "tensorboard", "device",
              "threads")  # fmt: skip
"""Options about how it is learned, which mean nothing where nothing is."""
_OF_VOTES: Final = (*_OF_LEARNING, "algorithms", "values", "stop", "episode", "reward")
"""And those that new weights of a vote have no use for."""


def trained_by(options: Mapping[str, Any]) -> "tuple[Trained, str | None]":
    """What the options ask for, trained and not registered yet, and the version that it was made from."""
    from papertape.engine.discovery import load_plugins
    from papertape_ml.networks.library import device_named
    from papertape_ml.rl.training import Home, reweigh, train_rl

    device_named(options["device"])  # before the candles are read
    _check(options)
    parent = parent_of(options)
    config = config_of(options, parent)
    course = course_by(options, parent)
    if options["archive"] is not None:
        return _imported(options, config, course), None
    if options["votes_only"] and parent is not None:
        return _passed_on(reweigh(course, config, load_plugins(), parent.model, parent.learned), parent)
    home = Home(options["checkpoints"], options["tensorboard"])
    begun: list[str] = []
    with Progress("train", unit="steps") as progress:

        def watch(what: str, done: int, most: int, value: float | None) -> None:
            if what not in begun:
                begun.append(what)
            progress.label = what if value is None else f"{what}, growth {value:.2e} a candle"
            progress.total = most * len(config.settings) * len(config.seeds)
            progress.update(most * (len(begun) - 1) + done)

        model = None if parent is None else parent.model
        trained = train_rl(course, config, load_plugins(), home, model, watch)
    return (trained, None) if parent is None else _passed_on(trained, parent)


def _passed_on(trained: "Trained", parent: Parent) -> "tuple[Trained, str]":
    """What was made from a version knows what that knew, whichever candles it was given itself."""
    if trained.test_span is not None and parent.known[1] >= trained.test_span[0]:
        say(f"{parent.pin} had learned from, or was tested on, candles of this test: its figures flatter")
    return replace(trained, training={**trained.training, "inherited": list(parent.known)}), parent.pin


def _check(options: Mapping[str, Any]) -> None:
    if options["table"] is not None:
        raise ConfigError("--table does not go with a policy, whose episodes need the candles themselves")
    if options["session"] is not None and options["parent"] is None:
        raise ConfigError("--session needs --from: a policy goes on learning from what a session has heard")
    if options["session"] is not None and any(options[name] for name in _OF_CANDLES):
        raise ConfigError("--session is all candles that it has heard: leave out --source, --timeframe, --start, --end")
    if (options["archive"] is None) != (options["sha256"] is None):
        raise ConfigError("--import-sb3 and --sha256 go together: the zip, and the sum that says which one is meant")
    if options["report"] is not None and not options["report"].absolute().parent.is_dir():
        raise ConfigError(f"--report: there is no folder {options['report'].absolute().parent}")
    if options["report"] is not None and options["report"].is_dir():
        raise ConfigError(f"--report: {options['report']} is a folder, a file in it would do")
    for name in ("checkpoints", "tensorboard"):
        if options[name] is not None:
            check_room(options[name], ConfigError, f"--{name}")
    if options["parent"] is not None:
        if options["archive"] is not None:
            raise ConfigError("--import-sb3 does not go with --from")
        _leave_out(_OF_PARENT, "--from: that version has its own")
    if options["votes_only"]:
        if options["parent"] is None:
            raise ConfigError("--votes-only needs --from: a version that is a vote")
        _leave_out(_OF_VOTES, "--votes-only, which learns nothing anew")
    if options["archive"] is not None:
        _leave_out(_OF_LEARNING, "--import-sb3, which learns nothing")
        if len(options["algorithms"]) > 1:
            raise ConfigError("--import-sb3 is one policy: say the one --algorithm that it was learned by")


def _leave_out(names: Sequence[str], why: str) -> None:
    """Raises `ConfigError` where one of some options was given, which would be ignored."""
    context = click.get_current_context()
    given = [
        param.opts[0]
        for param in context.command.params
        if param.name in names and context.get_parameter_source(param.name) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        raise ConfigError(f"{', '.join(given)} cannot be given with {why}")


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
