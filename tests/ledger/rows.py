"""Rows of every kind, drawn at random, and one transaction that has some of each."""

from decimal import Decimal
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from papertape.ledger.records import (
    CheckpointRow,
    Effects,
    EquityRow,
    FillRow,
    FundingRow,
    NoteRow,
    OrderRow,
    PluginEventRow,
    PredictionRow,
    SignalRow,
    TapeRow,
)
from papertape.ledger.store import SessionRow

KINDS: dict[str, type[tuple[Any, ...]]] = {
    "signals": SignalRow,
    "orders": OrderRow,
    "fills": FillRow,
    "funding": FundingRow,
    "plugin_events": PluginEventRow,
    "tape": TapeRow,
    "equity": EquityRow,
    "notes": NoteRow,
    "predictions": PredictionRow,
}
"""Every list of `Effects` and the kind of its rows."""

Row = TypeVar("Row", bound=tuple[Any, ...])

amounts = st.decimals(allow_nan=False, allow_infinity=False) | st.decimals(
    min_value=-(10**12), max_value=10**12, places=8
)
_VALUES: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    # SQLite keeps -0.0 as 0.0, which is the same price.
    float: st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0),
    str: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    bool: st.booleans(),
    bytes: st.binary(max_size=40),
    Decimal: amounts,
    type(None): st.none(),
}


def rows_of(kind: type[Row]) -> st.SearchStrategy[Row]:
    """Any row that the record's annotations allow."""
    return st.builds(kind, **{name: _values(hint) for name, hint in get_type_hints(kind).items()})


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) in (UnionType, Union):
        return st.one_of([_values(part) for part in get_args(hint)])
    return _VALUES[hint]


def session_row(session: str) -> SessionRow:
    return SessionRow(session, 1_700_000_000_000, "running", 1, "{}", "sim", '["BTC/USDT"]', "1m", 7)


def effects_of(batch: int) -> Effects:
    """What one batch may add: a signal, the order that serves it, its fill, and some of everything else."""
    seq, at, one = 3 * batch, 60_000 * batch, Decimal("1.25")
    order = OrderRow(
        seq + 1, batch, at, at, "ema-cross", "BTC/USDT", "buy", "market", one, None, None, None, "gtc", None, False,
        None, None, "entry", seq, None, "filled", one, "", seq + 2, at,
    )  # fmt: skip
    fill = FillRow(
        seq + 2, seq + 1, batch, at, "ema-cross", "BTC/USDT", "buy", one, Decimal(100), Decimal("0.125"), False,
        "entry", Decimal(9874), one, None, None, None, "",
    )  # fmt: skip
    signal = SignalRow(
        seq, batch, at, "ema-cross", "BTC/USDT", "buy", 0.7, 95.0, None, None, None, None, None, "fast above slow",
        "{}", False,
    )  # fmt: skip
    return Effects(
        signals=[signal],
        orders=[order],
        fills=[fill],
        funding=[FundingRow(seq, batch, at, "ema-cross", "BTC/USDT", Decimal("0.0001"), one, one, one, one)],
        plugin_events=[PluginEventRow(seq, batch, at, "ema-cross", "error", "no such thing", "Traceback ...")],
        tape=[TapeRow(batch, batch, at, "batch", "{}")],
        equity=[EquityRow("ema-cross", batch, 1, b"t", b"e", b"x")],
        notes=[NoteRow("file", "BTC/USDT", "gap", batch, 60_000, at, "3 candles absent")],
        predictions=[
            PredictionRow(batch, batch, at, "m@champion", "m", 3, "class", "BTC/USDT", at + 60_000, b"said", None, None)
        ],
        checkpoint=CheckpointRow(batch, at, seq + 2, f"sha256:{batch}", b"state %d" % batch),
    )
