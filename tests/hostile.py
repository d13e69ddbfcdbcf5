"""Texts that would like to act on a terminal, or on what draws it, writes it down or looks it up: 200 of them."""

import unicodedata
from itertools import cycle, islice

ACTS = (
    # What terminals obey: colours, the screen, the title, the clipboard, links, reports that they type themselves.
    "\x1b[31m", "\x1b[2J\x1b[H", "\x1b]0;owned\x07", "\x1b]52;c;ZXZpbA==\x07", "\x1b]52;c;ZXZpbA==\x1b\\",
    "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\", "\x1bP$q\"p\x1b\\", "\x1b[6n", "\x1b[?1049h", "\x1bc",
    "\x1b[21t", "\x1b_G\x1b\\", "\x9b31m", "\x9d52;c;ZXZpbA==\x9c", "\x90q\x9c", "\x85", "\x8d", "\x84",
    # Single characters that move, ring, end or hide.
    "\x00", "\x07", "\x08\x08\x08", "\t", "\n", "\r", "\r\n", "\x0b", "\x0c", "\x0e", "\x0f", "\x1a", "\x7f",
    "\x1c\x1d\x1e\x1f", "\u2028", "\u2029",
    # Texts that turn around, join, or are not seen.
    "\u202e", "\u202d\u202c", "\u2066\u2069", "\u2067", "\u200f", "\u200e", "\u061c", "\u200b", "\u200c", "\u200d",
    "\ufeff", "\u2060", "\u00ad", "\ue000", "\U000e0041", "\ufff9\ufffb", "\u180e", "\ufe0f", "\ud800", "\udfff",
    # What other languages read: markup, formats, paths, JSON, SQL, spreadsheets.
    "[/x]", "[red]", "[bold", "[link=file:///etc/passwd]", "[@click=app.quit]go[/]", "\\[", ":skull:", "$success",
    "%s%n%d", "{}", "{0.__class__}", "{session}", "%(asctime)s", "../../etc/passwd", "-rf", "--json", "'; DROP", "\"",
    "\\", "=1+1", "@SUM(A1)", "`id`", "$(id)", "<script>", "NaN", "null", "true", "\\x1b[31m", "\\n", " ", "\u00a0",
    # Texts of unusual width.
    "\u0301" * 300, "a" + "\u0300\u0301\u0302\u0303" * 60, "\u6f22\u5b57", "\uff21\uff22",
    "\u05e2\u05d1\u05e8\u05d9\u05ea", "\u0645\u0631\u062d\u0628\u0627",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "\u0e01\u0e33", "\ufdfd", "x" * 10_000, "\u6f22" * 10_000,
    "\u202e" * 10_000, "ab " * 3_400,
)  # fmt: skip
"""What hurts, by itself."""


def _all() -> tuple[str, ...]:
    """Each by itself; then at a name's end, at its start and inside, until there are enough."""
    found = dict.fromkeys(ACTS)
    for act, place in zip(ACTS * 3, cycle(("name{}", "{}name", "na{}me")), strict=False):
        found[place.replace("{}", act)] = None
    return tuple(islice(found, 200))


HOSTILE = _all()


def stored(text: str) -> str:
    """The text as a ledger may hold it: no database takes half of a surrogate pair, and PostgreSQL no NUL."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def acting(text: str, keep: str = "") -> list[str]:
    """The characters in it, but for those in `keep`, that act on a terminal or hide what it says."""
    return [char for char in set(text) - set(keep) if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
