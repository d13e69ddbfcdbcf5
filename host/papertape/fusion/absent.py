"""Who has no say in a vote, in words."""

from collections.abc import Sequence

from papertape.contract.fusion import Council


def left_out(members: Sequence[str], council: Council, symbol: str) -> str:
    """The end of a reason: the members without a stance on `symbol`, and those of all `members` that have left.

    >>> left_out(["a", "b", "c"], Council(0, ("X",), ("a", "b"), {}), "X")
    '; silent: a, b; out: c'
    """
    given = council.stances.get(symbol, {})
    silent = [member for member in council.members if member not in given]
    gone = [member for member in members if member not in council.members]
    return "".join(f"; {what}: {', '.join(names)}" for what, names in (("silent", silent), ("out", gone)) if names)
