"""A page of the documentation: its fenced blocks, and the commands in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(r"```(\w*)")
_NAMED = re.compile(r"# ([\w./-]+\.(?:py|toml))")
_NAMED_ABOVE = re.compile(r"<!-- file: (\S+) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `file`: what it is saved as, from a comment in its first line or an invisible one above it."""

    language: str
    text: str
    line: int
    file: str | None


class Command(NamedTuple):
    """A line after `$ ` and the output shown below it."""

    text: str
    shown: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page in order."""
    lines = page.read_text("utf-8").splitlines()
    at = 0
    while at < len(lines):
        fence = _FENCE.fullmatch(lines[at])
        if fence is None:
            at += 1
            continue
        end = lines.index("```", at + 1)
        inside = lines[at + 1 : end]
        above = next((line for line in reversed(lines[:at]) if line), "")
        named = _NAMED_ABOVE.fullmatch(above) or _NAMED.match(inside[0])
        yield Block(fence[1], "\n".join(inside) + "\n", at + 1, named[1] if named else None)
        at = end + 1


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block, lines that end in a backslash joined."""
    text, shown = "", list[str]()
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            if text:
                yield Command(text, tuple(shown))
            text, shown = line[2:], []
        else:
            assert text, f"line {block.line}: a console block begins with a command"
            shown.append(line)
    yield Command(text, tuple(shown))
