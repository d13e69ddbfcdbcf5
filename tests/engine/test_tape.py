"""The tape opens with all that a fold needs, in one form for equal contents."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.scripted import Rows, flat, scripted, started

from papertape import Block, Row, __version__
from papertape.contract.errors import SessionDiffers
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.tape import (
    CODE,
    COMMAND,
    SOURCE,
    block_rows,
    canonical,
    events_by_batch,
    header_row,
    numbered,
    read_header,
)
from papertape.ledger.records import TapeRow

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters() | st.characters(categories=["Cs"], max_codepoint=0xDBFF), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def header(**config: Any) -> tuple[TapeRow, SessionConfig]:
    feed = Rows({"A": flat(1), "B": flat(2)})
    built = started(feed, {"scripted": scripted({})}, **config)
    said = SessionConfig(strategies=(Spec("scripted"),), **config)
    return header_row(said, feed, built), said


def test_the_header_gives_back_the_configuration_and_the_code() -> None:
    row, config = header(cash=Decimal("2500.5"), seed=3, risk=(Spec("cool-down", {"losses": 2}),))
    assert (row.number, row.batch, row.kind) == (0, -1, "header")
    read = read_header([row])
    assert read.config == config
    assert read.feed == {"params": {}}
    assert {"scripted", "scripted/cool-down"} <= set(read.code)


def test_the_header_says_what_is_traded_and_by_which_version() -> None:
    document = json.loads(header(instruments={"B": {"tick": "0.50"}})[0].payload)
    assert (document["papertape"], document["symbols"], document["timeframe"]) == (__version__, ["A", "B"], "1m")
    assert [instrument["tick"] for instrument in document["instruments"]] == ["0", "0.5"]
    assert document["instruments"][0] == {
        "symbol": "A", "quote": "USD", "tick": "0", "lot": "0.00000001", "min_notional": "0", "maker": "0",
        "taker": "0", "margin": False, "leverage": "1", "maintenance": "0.005",
        "kind": "spot", "isolated": False, "tiers": [], "liquidation_fee": "0", "contract_size": "1",
    }  # fmt: skip


def test_a_tape_that_opens_with_something_else_is_refused() -> None:
    with pytest.raises(SessionDiffers, match="the tape opens with 'command': its header is missing"):
        read_header([TapeRow(0, 0, 0, COMMAND, "{}")])
    with pytest.raises(SessionDiffers, match="the tape opens with 'nothing'"):
        read_header([])


def test_code_and_a_source_that_were_noted_later_stand_in_place_of_the_first() -> None:
    row, config = header()
    code = [TapeRow(number, 9, 9, CODE, f'{{"scripted":{{"code":"{number}"}}}}') for number in (1, 2)]
    read = read_header([row, *code, TapeRow(3, 9, 9, SOURCE, '{"params":{"sources":["b.csv"]}}')])
    assert read.config == config
    assert read.code == {"scripted": {"code": "2"}}
    assert read.feed == {"params": {"sources": ["b.csv"]}}


def test_commands_stand_before_their_batch_in_the_order_they_came() -> None:
    def rows() -> Iterable[TapeRow]:
        yield TapeRow(0, -1, 0, "header", "{}")
        yield TapeRow(1, 4, 100, COMMAND, '{"command":"pause"}')
        yield TapeRow(2, 4, 101, COMMAND, '{"command":"resume"}')
        yield TapeRow(3, 5, 102, "code", "{}")
        yield TapeRow(4, 9, 103, COMMAND, '{"command":"flatten"}')

    assert events_by_batch(rows()) == {
        4: [(100, {"command": "pause"}), (101, {"command": "resume"})],
        9: [(103, {"command": "flatten"})],
    }


numbers = st.floats(allow_nan=False, allow_infinity=False)
rows = st.tuples(st.integers(0, 2**60), numbers, numbers, numbers, numbers, numbers, st.integers(0, 127))


@given(st.lists(st.tuples(st.none() | rows, st.none() | rows), max_size=6), st.integers(0, 2**60))
def test_the_candles_of_a_block_come_back_from_the_tape_to_the_last_bit(
    batches: list[tuple[Row | None, ...]], arrived: int
) -> None:
    block = Block([60_000 * k for k in range(len(batches))], batches, arrived=arrived)
    entries = block_rows(block, ("B/USDT", "A"), 7)
    assert [(entry.kind, entry.batch, entry.at) for entry in entries] == [
        ("batch", 7 + k, time) for k, time in enumerate(block.times)
    ]
    for entry, batch in zip(entries, batches, strict=True):
        document = json.loads(entry.payload)
        assert document["arrived"] == arrived
        back = tuple(document["rows"].get(symbol) for symbol in ("B/USDT", "A"))
        assert [row and [repr(value) for value in row] for row in back] == [
            row and [repr(value) for value in row] for row in batch
        ], "-0.0 is not 0.0, and an int no float"


def test_events_stand_before_their_batch_in_the_order_they_came() -> None:
    events = tuple((place, {"feed": "late", "n": number}) for number, place in enumerate([2, 0, 2, 0]))
    entries = numbered(block_rows(Block([60, 120, 180], [(None,)] * 3, (), events), ("A",), 5), 10)
    assert [(row.number, row.batch, row.at, row.kind, json.loads(row.payload).get("n")) for row in entries] == [
        (10, 5, 60, "feed", 1),
        (11, 5, 60, "feed", 3),
        (12, 5, 60, "batch", None),
        (13, 6, 120, "batch", None),
        (14, 7, 180, "feed", 0),
        (15, 7, 180, "feed", 2),
        (16, 7, 180, "batch", None),
    ]


@given(json_values)
def test_canonical_json_gives_the_value_back_and_any_database_keeps_it(value: Any) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert text.isascii() and "\0" not in text


@given(st.dictionaries(st.text(max_size=4), json_values, min_size=2, max_size=5), st.randoms())
def test_the_order_of_keys_does_not_matter(value: dict[str, Any], chance: Any) -> None:
    names = list(value)
    chance.shuffle(names)
    assert canonical({name: value[name] for name in names}) == canonical(value)


def test_canonical_json_has_no_needless_spaces() -> None:
    assert canonical({"b": [1, None], "a": {"é": 0.5}}) == '{"a":{"\\u00e9":0.5},"b":[1,null]}'
