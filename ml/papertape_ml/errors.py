"""Errors of models and their registry; all are errors of papertape, so that the command line knows what to do."""

from papertape.contract.errors import PapertapeError, RequestError


class UnknownModel(RequestError):
    """No model, version or alias of that name is in this registry."""


class BadModel(RequestError):
    """What is offered as a version of a model is none: its name, manifest, files, or the archive that brings it."""


class NoRegistry(RequestError):
    """There is no registry at that place, or something else is."""


class RegistryError(PapertapeError):
    """The registry cannot be read or written: locked, full, not permitted, or damaged."""


class DamagedVersion(RegistryError):
    """A stored file is not what the registry took in: missing, changed, cut short, or no plain file."""


class AliasMoved(PapertapeError):
    """An alias does not point where the caller last saw it; look again before moving it."""


class NotPromoted(PapertapeError):
    """A gate stopped a version that was to be a champion; the alias points where it did."""


class WrongInputs(RequestError):
    """The rows are not what the model reads: a feature is missing, unknown, in another place, or not finite."""


class BadLabels(RequestError):
    """The labels cannot be learned from: NaN, of no known class, of one class only, or too few."""


class TooLittleHistory(RequestError):
    """There are too few labelled rows, or too short a time, to learn, stop, calibrate and test on apart."""


class BadSettings(RequestError):
    """A setting of the training has a value that cannot be used, or lacks the part of the data that it needs."""


class DeviceAbsent(RequestError):
    """A device was asked for (CUDA) that this machine, or this build of the library, does not have."""


class BadModelFiles(BadModel):
    """The files of a model are not a model of that kind: a file is missing, unknown, cannot be parsed, or is broken."""


class FutureSeen(PapertapeError):
    """A feature holds what could not be known at its close; a model that learned from it would be worth nothing."""


class GoldenRowsDiffer(BadModel):
    """A model that was loaded does not reproduce the rows that were kept when it was made."""
