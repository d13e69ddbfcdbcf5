"""Names of models, aliases and files, and references such as `signal@3` and `signal@champion`.

All are plain ASCII: no two names look alike, none is a path, and none can act on a terminal.
"""

import re
import unicodedata
from typing import NamedTuple, Self

from papertape_ml.errors import BadModel

LONGEST_NAME = 64
LONGEST_FILE = 128
RESERVED_FILES = frozenset({"manifest.json", "manifest.sha256"})
RESERVED_ALIASES = frozenset({"latest", "best"})
"""What `get-latest` and `get-best` find is no pointer that somebody moved."""

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_RULE = f"lower-case letters and digits, joined by single - _ or ., a letter first, at most {LONGEST_NAME} characters"


def model_name(text: str) -> str:
    """`text`, if it can name a model or a kind of model. Raises BadModel."""
    return _named("a model's name", text)


def alias_name(text: str) -> str:
    """`text`, if it can name an alias. Raises BadModel."""
    if text in RESERVED_ALIASES:
        raise BadModel(f"{text!r} cannot be an alias: `papertape models get-{text}` finds that version")
    return _named("an alias", text)


def file_name(text: str) -> str:
    """`text`, if a version may have a file of that name. Raises BadModel."""
    if not _FILE.fullmatch(text) or len(text) > LONGEST_FILE or text.lower() in RESERVED_FILES:
        raise BadModel(
            f"{_short(text)} cannot be a file of a model: a plain name of letters, digits, - _ and . would do, not "
            f"{' or '.join(sorted(RESERVED_FILES))}"
        )
    return text


def free_text(what: str, text: str, longest: int) -> str:
    """`text`, if it may stand in the history: something, not too long, without control characters. Raises BadModel."""
    if not isinstance(text, str) or not text.strip() or len(text) > longest:
        raise BadModel(f"{what} is a text of 1 to {longest:,} characters, was {_short(str(text))}")
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in text):
        raise BadModel(f"{what} has control characters: {_short(text)}")
    return text


class Reference(NamedTuple):
    """A model, and which of its versions: `version`, or the one that `alias` points to, or (both None) unsaid."""

    name: str
    version: int | None = None
    alias: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """NAME, NAME@VERSION or NAME@ALIAS. Raises BadModel.

        >>> Reference.parse("signal@3"), str(Reference.parse("signal@champion"))
        (Reference(name='signal', version=3, alias=None), 'signal@champion')
        """
        name, at, which = text.partition("@")
        model_name(name)
        if not at:
            return cls(name)
        if _VERSION.fullmatch(which):
            return cls(name, version=int(which))
        if which[:1].isdigit() or not which:
            raise BadModel(f"{_short(text)}: a version is a number from 1 up; NAME@3 or NAME@champion would do")
        return cls(name, alias=alias_name(which))

    def __str__(self) -> str:
        which = self.version if self.version is not None else self.alias
        return self.name if which is None else f"{self.name}@{which}"


def _named(what: str, text: str) -> str:
    if not isinstance(text, str) or len(text) > LONGEST_NAME or not _NAME.fullmatch(text):
        raise BadModel(f"{_short(str(text))} cannot be {what}: {_RULE}")
    return text


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
