"""What happens to aliases: a history that only grows, and where each alias points by it.

An alias points to where its last move put it: there is no second place that could say otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from papertape_ml.errors import AliasMoved, BadModel, RegistryError, UnknownModel
from papertape_ml.registry.canonical import canonical, frozen
from papertape_ml.registry.names import Reference, alias_name, free_text

Action = Literal["move", "rollback", "refused"]
ACTIONS: tuple[Action, ...] = ("move", "rollback", "refused")
LONGEST_WHY = 4000
LONGEST_BY = 200
MAX_EVIDENCE = 1 << 20
"""Bytes of evidence in one entry."""


class Unsaid:
    """No expectation about where an alias points."""


UNSAID = Unsaid()


class Move(NamedTuple):
    """An entry of an alias's history.

    `number` counts the entries of the alias from 1. `action`: `move` and `rollback` make the alias point from
    `from_version` (None: nowhere yet) to `to_version`; `refused` records that `to_version` was judged and not let
    in, and moves nothing. `at`: ms UTC. `by`: who. `evidence`: what the decision rests on.
    """

    name: str
    alias: str
    number: int
    action: Action
    from_version: int | None
    to_version: int
    at: int
    by: str
    why: str
    evidence: Mapping[str, Any]


class Wish(NamedTuple):
    """Who wants an entry, when, and why."""

    at: int
    by: str
    why: str
    evidence: Mapping[str, Any] | None = None


class Pointer:
    """An alias as its entries make it. `stack`: where it points, last, and before that what rollbacks lead to."""

    def __init__(self, moves: Iterable[Move] = ()) -> None:
        self.entries = 0
        self.stack: list[int] = []
        for move in sorted(moves, key=lambda each: each.number):
            if not self.takes(move):
                raise RegistryError(f"the history of {move.name}@{move.alias} is damaged at entry {move.number}")

    @property
    def target(self) -> int | None:
        """The version that it points to; None while it points nowhere."""
        return self.stack[-1] if self.stack else None

    def takes(self, move: Move) -> bool:
        """Adds the entry, if it follows from those before it."""
        if (move.number, move.from_version) != (self.entries + 1, self.target):
            return False
        if move.action == "rollback":
            if len(self.stack) < 2 or move.to_version != self.stack[-2]:
                return False
            self.stack.pop()
        elif move.action == "move":
            self.stack.append(move.to_version)
        self.entries += 1
        return True


def targets(moves: Iterable[Move]) -> dict[tuple[str, str], int]:
    """Where each alias points, by model and alias, from the histories of many in any mixture."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for move in moves:
        key = (move.name, move.alias)
        if move.action != "refused" and move.number > found.get(key, (0, 0))[0]:
            found[key] = (move.number, move.to_version)
    return {key: version for key, (_, version) in sorted(found.items())}


def moved(
    moves: Sequence[Move], name: str, alias: str, version: int, wish: Wish, expected: int | None | Unsaid = UNSAID
) -> Move:
    """The entry that makes the alias point to `version`.

    Raises AliasMoved if it points there already, or elsewhere than `expected`.
    """
    pointer = Pointer(moves)
    now = pointer.target
    _check_expected(name, alias, now, expected)
    if now == version:
        raise AliasMoved(f"{name}@{alias_name(alias)} points to version {version} already")
    return _entry(pointer, name, alias, "move", version, wish)


def rolled_back(moves: Sequence[Move], name: str, alias: str, wish: Wish, expected: int | Unsaid = UNSAID) -> Move:
    """The entry that takes back the last move that is not taken back yet.

    After moves to 1, 2, 3 one rollback leads to 2 and another to 1; after 1, 2, back to 1, and 3, it leads to 1.
    Raises AliasMoved if it points elsewhere than `expected`, UnknownModel if it never pointed elsewhere.
    """
    pointer = Pointer(moves)
    stack = pointer.stack
    _check_expected(name, alias, pointer.target, expected)
    if len(stack) < 2:
        state = f"has pointed to {_said(stack[0])} from the start" if stack else "points nowhere"
        raise UnknownModel(f"{name}@{alias_name(alias)} {state}: there is nothing to go back to")
    return _entry(pointer, name, alias, "rollback", stack[-2], wish)


def refused(moves: Sequence[Move], name: str, alias: str, version: int, wish: Wish) -> Move:
    """The entry that says that `version` was judged and not let in."""
    return _entry(Pointer(moves), name, alias, "refused", version, wish)


def _entry(pointer: Pointer, name: str, alias: str, action: Action, to: int, wish: Wish) -> Move:
    evidence = frozen(wish.evidence or {}, "evidence")
    if len(canonical(evidence)) > MAX_EVIDENCE:
        raise BadModel(f"evidence has more than {MAX_EVIDENCE:,} bytes")
    if type(wish.at) is not int or not 0 <= wish.at < 1 << 63:
        raise BadModel(f"at must be a time in ms UTC, was {str(wish.at)[:80]}")
    return Move(
        Reference(name).name,
        alias_name(alias),
        pointer.entries + 1,
        action,
        pointer.target,
        to,
        wish.at,
        free_text("by", wish.by, LONGEST_BY),
        free_text("why", wish.why, LONGEST_WHY),
        evidence,
    )


def _check_expected(name: str, alias: str, now: int | None, expected: int | None | Unsaid) -> None:
    if not isinstance(expected, Unsaid) and now != expected:
        raise AliasMoved(
            f"{name}@{alias_name(alias)} points to {_said(now)}, not to {_said(expected)} any more: "
            "look again, then decide"
        )


def _said(version: int | None) -> str:
    return "no version" if version is None else f"version {version}"
