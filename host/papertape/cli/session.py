"""Running a session from the command line: the signals of the terminal, the messages, the closing table."""

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from papertape.cli import COMMANDS
from papertape.cli.clock import now
from papertape.cli.closing import print_closing
from papertape.cli.log import Log, tell
from papertape.cli.output import Progress, say
from papertape.contract.errors import LedgerError, SessionOwned
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.discovery import Plugins, load_plugins
from papertape.engine.feeding import features_of, heard, meant
from papertape.engine.models import Models, Pinned, models_of
from papertape.engine.pacing import Pace, read_pace
from papertape.engine.recorded import RECORDED
from papertape.engine.resume import resume
from papertape.engine.runner import Runner
from papertape.engine.start import start
from papertape.engine.tape import MODEL, canonical, overlay, read_header
from papertape.ledger.database import open_database
from papertape.ledger.store import Ledger, SessionRow
from papertape.reports.summary import summarise


def run_session(config: SessionConfig, options: Mapping[str, Any]) -> dict[str, Any]:
    """Runs a new session to its end; gives its summary. Raises what ended it early, with all it did kept."""
    plugins = _plugins()
    with Ledger(open_database(options["db"], create=True)) as ledger:
        config = heard(config, ledger)
        with models_of(config, plugins, ledger, _meant(config, options, ledger)) as models:
            _compile(config, plugins, models)
            started = start(ledger, _new_id(), config, plugins, now(), models)
            with started.writer as writer, closing(started.feed):
                runner = Runner(config, started.built, started.feed, ledger, writer, pace=_pace(options))
                return _run(runner, ledger, options)


def resume_session(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Goes on with a session; one that has finished is only told about."""
    plugins = _plugins()
    with Ledger(open_database(options["db"])) as ledger:
        row = ledger.find(name)
        if row.status == "finished":
            say(f"session {row.id} has finished already; there is nothing to resume")
            return _close(ledger, row, options)
        with ledger.own(row.id) as writer:
            header = read_header(overlay(ledger, row.id))
            with models_of(header.config, plugins, ledger, header.models) as models:
                _compile(header.config, plugins, models)
            back = resume(ledger, row.id, plugins)
            for line in back.news:
                tell(line)
            runner = Runner(
                back.header.config,
                back.built,
                back.feed,
                ledger,
                writer,
                tape=back.tape,
                seconds=row.seconds,
                pace=_pace(options),
            )
            with closing(back.feed), back.built.asked.models:
                return _run(runner, ledger, options)


def recorded_feed(name: str, db: str) -> tuple[Spec, int]:
    """The feed of a recorded session, as its tape describes it, and for how many batches the session saw it. Where
    candles or versions of models came while it ran, that is its tape."""
    with Ledger(open_database(db)) as ledger:
        row = ledger.find(name)
        tape = overlay(ledger, row.id)
    header = read_header(tape)
    if header.live or any(entry.kind == MODEL for entry in tape):
        return Spec(RECORDED, {"session": row.id}), row.snapshots
    return Spec(header.config.feed.kind, header.feed["params"]), row.snapshots


def _meant(config: SessionConfig, options: Mapping[str, Any], ledger: Ledger) -> Mapping[str, Pinned]:
    """What references to models mean from the start: what they meant in the session that is replayed, if one is."""
    if options.get("session") is None:
        return meant(config, ledger)
    return read_header(overlay(ledger, ledger.find(options["session"]).id)).models


def _run(runner: Runner, ledger: Ledger, options: Mapping[str, Any]) -> dict[str, Any]:
    log = Log(options["log_format"], runner)
    with _until_told(runner), Progress("session", _total(runner), "batches") as progress:
        log.started(ledger)
        runner.progress = progress.update
        runner.published = lambda effects: log.published(effects, progress)
        runner.told = lambda line: log.told(line, progress)
        runner.heard = lambda event: log.heard(event, progress)
        try:
            ended = runner.run()
        except SessionOwned:
            raise
        except LedgerError:
            name = runner.writer.session
            say(f"session {name} is kept as of its last commit: `papertape run --resume {name}` goes on with it")
            raise
    for failure in ended.failures:
        tell(failure)
    row = ledger.find(runner.writer.session)
    document = _summary(ledger, row, runner)
    runner.record(canonical(document))
    log.ended(document)
    _print(ledger, document, options)
    if ended.error is not None:
        raise ended.error
    return document


def _summary(ledger: Ledger, row: SessionRow, runner: Runner) -> dict[str, Any]:
    document, built = summarise(ledger, row), runner.built
    guards = [seat.guard for seat in built.session.seats]
    guards += [guard for guard in built.guards if guard not in guards and (guard.errors or guard.status != "ok")]
    versions = {part.name: part.version for part in built.parts}
    document["plugins"] = [
        {
            "name": guard.name,
            "version": versions[guard.name],
            "calls": guard.calls,
            "errors": guard.errors,
            "p50_us": guard.percentile_us(0.5),
            "p99_us": guard.percentile_us(0.99),
            "status": guard.status,
        }
        for guard in guards
    ]
    plugins = sum(guard.total_ns for guard in guards) / 1e9
    whole = runner.seconds - runner.before
    document["seconds"] = round(runner.seconds, 6)
    document["bars_per_second"] = round(row.bars / runner.seconds, 1)
    document["timing"] = {
        "plugins": round(plugins, 6),
        "ledger": round(runner.keeper.seconds, 6),
        "engine": round(max(0.0, whole - plugins - runner.keeper.seconds), 6),
    }
    return document


def _close(ledger: Ledger, row: SessionRow, options: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(row.summary) if row.summary else summarise(ledger, row)
    _print(ledger, document, options)
    return document


def _print(ledger: Ledger, document: dict[str, Any], options: Mapping[str, Any]) -> None:
    if not options["as_json"]:
        print_closing(document, ledger.database.name)


def _total(runner: Runner) -> int | None:
    total = runner.feed.total()
    if total is not None:
        total = max(0, total - runner.feed.warmed)
    return min(filter(None, (total, runner.config.bars)), default=None)


def _pace(options: Mapping[str, Any]) -> Pace:
    return Pace(read_pace(options["pace"]), options["checkpoint_every"])


def _plugins() -> Plugins:
    plugins = load_plugins(reserved=COMMANDS)
    for failure in plugins.failures:
        tell(f"plugin {failure.plugin} is left out: {failure.reason}")
    return plugins


def _compile(config: SessionConfig, plugins: Plugins, models: Models) -> None:
    """Compiles what the features need, where that is not in the cache."""
    if features := features_of(config, plugins, models):
        from papertape.cli.kernels import compile_kernels
        from papertape.features.parallel import cores

        compile_kernels(features, cores())


def _new_id() -> str:
    """Six characters without look-alikes, from the system's own chance: an id decides nothing."""
    import secrets

    return "".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(6))


@contextmanager
def _until_told(runner: Runner) -> Iterator[None]:
    """SIGINT and SIGTERM end the session after the step under way."""

    def stop(number: int, frame: object) -> None:
        runner.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
