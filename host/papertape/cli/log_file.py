"""The log file of a session that runs for weeks: what it says, and what goes wrong, in files of a limited size."""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal

from papertape.cli.output import printable, say
from papertape.contract.errors import ConfigError, PapertapeError

Style = Literal["text", "json"]

LOGGER = logging.getLogger("papertape")
"""Takes what a session says; nobody hears it unless there is a log file."""
LOGGER.addHandler(logging.NullHandler())
LOGGER.setLevel(logging.INFO)
LOGGER.propagate = False


class Lines(logging.Formatter):
    """Records as lines: time (UTC, of the wall clock), level, session, message; each line of a traceback likewise.

    As JSON one line, with `ts`, `level`, `session` (null before it has begun), `event` and `message`, then what belongs
    to the event.
    """

    def __init__(self, style: Style) -> None:
        super().__init__()
        self.style: Style = style
        self.session: str | None = None

    def format(self, record: logging.LogRecord) -> str:
        """The record's lines, without a break at the end."""
        self.session = getattr(record, "session", self.session)
        ts = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = record.getMessage()
        trace = "".join(traceback.format_exception(*record.exc_info)).rstrip() if record.exc_info else ""
        if self.style == "text":
            head = f"{ts} {record.levelname:<7} {printable(self.session or '-')} "
            return "\n".join(head + printable(line) for line in (message, *trace.splitlines()))
        stable = {"ts": ts, "level": record.levelname.lower(), "session": self.session}
        fields = {"event": "log", "message": message, **getattr(record, "fields", {"logger": record.name})}
        return json.dumps({**stable, **fields, **stable, **({"traceback": trace} if trace else {})})


class _Plain(logging.Formatter):
    """What the terminal is told by libraries that nobody listens to: as they say it, and harmless."""

    def format(self, record: logging.LogRecord) -> str:
        trace = self.formatException(record.exc_info).split("\n") if record.exc_info else []
        return "\n".join(map(printable, (record.getMessage(), *trace)))


if logging.lastResort is not None:
    logging.lastResort.setFormatter(_Plain())


class _Rotating(RotatingFileHandler):
    """A log that cannot be written any more ends no session: that is said once."""

    told = False

    def handleError(self, record: logging.LogRecord) -> None:
        """Called by `logging` where a line could not be written."""
        if not self.told:
            self.told = True
            say(f"the log file {self.baseFilename} cannot be written any more: {sys.exc_info()[1]}", level=-1)


@contextmanager
def log_file(path: Path | None, style: Style, size: int, files: int) -> Iterator[None]:
    """Writes what the session says to a file, and all warnings and errors of the program, uncaught ones included.

    A file that a line would bring over `size` bytes is renamed to PATH.1, the one before it to PATH.2, and so on;
    `files` are kept in all, from 2. Does nothing without a path. Raises `ConfigError` for one that cannot be written.
    """
    if path is None:
        yield
        return
    try:
        handler = _Rotating(path, maxBytes=size, backupCount=files - 1, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ConfigError(
            f"--log-file {path} cannot be written: {error.strerror}; name a file in a folder that is there and yours"
        ) from None
    handler.setFormatter(Lines(style))
    with _listening(handler):
        try:
            yield
        except Exception as error:
            trace = None if isinstance(error, PapertapeError) else error
            LOGGER.error("%s: %s", type(error).__name__, error, exc_info=trace, extra={"fields": {"event": "failed"}})
            raise


@contextmanager
def _listening(handler: logging.Handler) -> Iterator[None]:
    """`handler` hears our own log, other libraries' and Python's warnings, and exceptions that end a thread."""
    root, before = logging.getLogger(), threading.excepthook
    heard = [handler] if root.handlers or logging.lastResort is None else [handler, logging.lastResort]

    def ended(gone: threading.ExceptHookArgs) -> None:
        LOGGER.error("a thread has ended: %r", gone.exc_value, exc_info=gone.exc_value)
        before(gone)

    LOGGER.addHandler(handler)
    for each in heard:  # what the terminal had of other libraries, it still has
        root.addHandler(each)
    logging.captureWarnings(True)
    threading.excepthook = ended
    try:
        yield
    finally:
        threading.excepthook = before
        logging.captureWarnings(False)
        for each in heard:
            root.removeHandler(each)
        LOGGER.removeHandler(handler)
        handler.close()
