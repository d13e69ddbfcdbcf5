"""Every error that papertape raises on purpose. Each message names the thing, the value, and what would do."""


class PapertapeError(Exception):
    """Base of all errors of papertape; the command line prints it as one plain line and exits 1."""

    exit_code = 1


class RequestError(PapertapeError, ValueError):
    """The request itself is wrong (unknown name, bad value, unreadable file, bad configuration); exit code 2."""

    exit_code = 2


class ConfigError(RequestError):
    """A key of the session file or an option of the command line has a value that cannot be used."""


class UnknownComponent(RequestError):
    """A strategy, fusion, sizer, rule or feed was asked for by a name that no plugin registers."""


class UnknownSession(RequestError):
    """No session of that id is in this ledger."""


class InvalidValue(RequestError):
    """A value of the contract (signal, order, instrument, candle, parameter) refuses to exist because it is wrong."""


class CandleFileError(RequestError):
    """A candle file is missing, unreadable, empty, or lacks a column."""


class BadRow(PapertapeError):
    """A row of a feed cannot be a candle (NaN, zero or negative price, high < low); the session stops before it."""


class FeedUnreachable(PapertapeError):
    """A live market does not answer: no network, or the exchange is down; the session can be resumed."""


class MissingExtra(PapertapeError):
    """A command needs an optional dependency; the message is the `pip install` line that brings it."""

    def __init__(self, need: str, extra: str) -> None:
        super().__init__(f"{need} needs an optional part: pip install 'papertape[{extra}]'")


class PluginError(PapertapeError):
    """A plugin broke its contract: nonsense registered, an impossible signal, a state that cannot be kept."""


class StaleSnapshot(PapertapeError):
    """A snapshot was asked for a window after its call had ended; keep the arrays, not the snapshot."""


class LedgerError(PapertapeError):
    """The ledger cannot be read or written: not there, locked, full, of another schema."""


class NoLedger(LedgerError):
    """No ledger can be opened at that place: nothing is there, something else is, or nobody answers."""

    exit_code = 2


class NoLedgerYet(NoLedger):
    """Nothing is at that place, where a ledger can be made."""


class SchemaOutOfDate(LedgerError):
    """The ledger's schema is older or newer than this code."""

    exit_code = 2


class SessionOwned(LedgerError):
    """Another host owns the session: it runs there, or took it over."""


class SessionDiffers(PapertapeError):
    """What a fold of the tape gives is not what the ledger holds."""


class TapeSourceChanged(PapertapeError):
    """A file that the tape names is missing or no longer has the SHA-256 that the tape recorded."""
