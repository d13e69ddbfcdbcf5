"""A session's configuration: every key is checked by name, and what the tape keeps of it gives it back."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papertape import ConfigError
from papertape.engine.config import SessionConfig, Spec, parse_spec, read_config, unique_names

D = Decimal


@pytest.mark.parametrize(
    ("key", "given", "value"),
    [
        ("feed", "replay", Spec("replay")),
        ("feed", {"kind": "sim", "symbols": ["A"]}, Spec("sim", {"symbols": ["A"]})),
        ("cash", 2_500, D(2_500)),
        ("cash", 0.1, D("0.1")),
        ("cash", "2500.50", D("2500.50")),
        ("fee_bps", 0, D(0)),
        ("fee_bps", 7.5, D("7.5")),
        ("slippage", "fixed-bps:bps=2", Spec("fixed-bps", {"bps": "2"})),
        ("fees", "instrument", Spec("instrument")),
        ("sizer", {"kind": "fixed-fraction", "params": {"fraction": 0.5}}, Spec("fixed-fraction", {"fraction": 0.5})),
        ("risk", [], ()),
        ("risk", ["max-drawdown:limit=0.2"], (Spec("max-drawdown", {"limit": "0.2"}),)),
        ("strategies", "macd", (Spec("macd"),)),
        ("strategies", ["macd", {"kind": "grid", "name": "my grid"}], (Spec("macd"), Spec("grid", {}, "my grid"))),
        ("fusion", ["weighted-vote"], (Spec("weighted-vote"),)),
        ("seed", 0, 0),
        ("instruments", {"A": {"tick": 0.5, "margin": True}}, {"A": {"tick": "0.5", "margin": "True"}}),
        ("quote", "USDT", "USDT"),
        ("quote", None, None),
        ("participation", 0.25, D("0.25")),
        ("participation", None, None),
        ("touch", True, True),
        ("latency", 250, 250),
        ("max_errors", 1, 1),
        ("stale_after", 3, 3),
        ("stale_after", None, None),
        ("bars", 1, 1),
        ("bars", None, None),
        ("reference", "BTC/USDT", "BTC/USDT"),
        ("reference", None, None),
        ("external", [{"kind": "file", "name": "fear", "path": "f.csv"}], (Spec("file", {"path": "f.csv"}, "fear"),)),
        ("models", {"kind": "registry", "path": "models"}, Spec("registry", {"path": "models"})),
        ("allow_demote", True, True),
    ],
)
def test_each_key_takes_what_it_is_for(key: str, given: object, value: object) -> None:
    assert getattr(read_config({key: given}), key) == value


def test_every_key_of_the_configuration_is_among_the_tested_ones() -> None:
    (parameters,) = test_each_key_takes_what_it_is_for.pytestmark  # type: ignore[attr-defined]
    assert {case[0] for case in parameters.args[1]} == set(SessionConfig.__slots__)


WHOLE = "must be a whole number from"
NO_CASH: tuple[object, ...] = (0, -1, "much", "nan", True, None, [1])
NO_FEE: tuple[object, ...] = (-0.1, "inf", False, {})
NO_SHARE: tuple[object, ...] = (0, "all", -1)
NO_SEED: tuple[object, ...] = (-1, 1.0, "7", True, None)
NO_COMPONENT: tuple[object, ...] = (3, {}, [], None)
NO_RULES: tuple[object, ...] = ([], "A", {"A": 1})


@pytest.mark.parametrize(
    ("key", "bad", "message"),
    [
        *(("cash", bad, "cash must be a number above 0, was ") for bad in NO_CASH),
        *(("fee_bps", bad, "fee_bps must be a number from 0, was ") for bad in NO_FEE),
        *(("participation", bad, "participation must be a number above 0, was ") for bad in NO_SHARE),
        *(("seed", bad, f"seed {WHOLE} 0, was ") for bad in NO_SEED),
        ("seed", 2**63, "seed must be below 2**63, was "),
        *(("latency", bad, f"latency {WHOLE} 0, was ") for bad in (-1, 0.5)),
        *(("max_errors", bad, f"max_errors {WHOLE} 1, was ") for bad in (0, None)),
        *(("stale_after", bad, f"stale_after {WHOLE} 1, was ") for bad in (0, "3")),
        *(("bars", bad, f"bars {WHOLE} 1, was ") for bad in (0, -5, 2.5)),
        ("reference", 3, "reference must be a symbol such as BTC/USDT, was 3"),
        *(("touch", bad, "touch must be true or false, was ") for bad in (1, "yes", None)),
        *(("allow_demote", bad, "allow_demote must be true or false, was ") for bad in (1, "yes", None)),
        *(("models", bad, "models: a component is a name or a table with `kind`, was ") for bad in NO_COMPONENT),
        *(("quote", bad, "quote must be a currency code such as USDT, was ") for bad in ("", "US D", 7)),
        *(("instruments", bad, "instruments: write a table per symbol, such as ") for bad in NO_RULES),
        *(("feed", bad, "feed: a component is a name or a table with `kind`, was ") for bad in NO_COMPONENT),
        ("feed", {"kind": 3}, "feed: a component is named by text, was 3"),
        ("sizer", {"kind": "x", "params": 3}, "sizer: params must be a table, was 3"),
        ("strategies", ["macd", 3], "strategies[1]: a component is a name or a table with `kind`, was 3"),
        ("strategies", [{"kind": "x", "name": "\n"}], "strategies[0]: name '\\n' cannot name a book; use up to 64"),
        ("strategies", [{"kind": "x", "name": 7}], "strategies[0]: name 7 cannot name a book"),
        ("strategies", [{"kind": "x", "name": "n" * 65}], "strategies[0]: name 'nnn"),
    ],
)
def test_a_value_that_will_not_do_is_named_with_what_would(key: str, bad: object, message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read_config({key: bad})
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize(
    ("key", "nearest"), [("strategy", "strategies"), ("fee", "fees"), ("fee-bps", "fee_bps"), ("Seed", "seed")]
)
def test_an_unknown_key_is_answered_with_the_nearest(key: str, nearest: str) -> None:
    with pytest.raises(ConfigError, match=f"^session file: no key '{key}'; did you mean '{nearest}'\\?$"):
        read_config({key: 1})


def test_a_key_unlike_any_is_answered_with_all() -> None:
    with pytest.raises(ConfigError, match="no key 'zzz'; there is feed, cash, fee_bps, .*, allow_demote$"):
        read_config({"zzz": 1})


def test_a_document_changes_what_it_names_and_leaves_the_rest() -> None:
    base = read_config({"cash": 500, "seed": 3})
    assert read_config({"seed": 4}, base) == read_config({"cash": 500, "seed": 4})


names = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9)
)
params = st.dictionaries(names.filter(lambda name: name not in ("name", "kind", "params")), scalars, max_size=3)
specs = st.builds(Spec, names, params, st.none() | names)
several = st.lists(specs, max_size=3).map(tuple)
amounts = st.decimals(min_value=Decimal("0.01"), max_value=10**12, places=8)
rules = st.dictionaries(names, st.text(max_size=5), max_size=2)
configs = st.builds(
    SessionConfig,
    feed=specs,
    cash=amounts,
    fee_bps=amounts,
    slippage=specs,
    fees=specs,
    sizer=specs,
    risk=several,
    strategies=several,
    fusion=several,
    seed=st.integers(0, 2**63 - 1),
    instruments=st.dictionaries(names, rules, max_size=2),
    quote=st.none() | st.just("USDT"),
    participation=st.none() | amounts,
    touch=st.booleans(),
    latency=st.integers(0, 10**9),
    max_errors=st.integers(1, 100),
    stale_after=st.none() | st.integers(1, 100),
    bars=st.none() | st.integers(1, 10**9),
)


@settings(max_examples=40)
@given(configs)
def test_what_the_tape_keeps_of_a_configuration_gives_it_back(config: SessionConfig) -> None:
    assert read_config(json.loads(json.dumps(config.document()))) == config


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("macd", Spec("macd")),
        (" macd ", Spec("macd")),
        ("macd:", Spec("macd")),
        ("macd:fast=3,slow=9", Spec("macd", {"fast": "3", "slow": "9"})),
        ("macd:fast=3,", Spec("macd", {"fast": "3"})),
        ("macd:name=my macd,fast=3", Spec("macd", {"fast": "3"}, "my macd")),
        ("macd:formula=a=b", Spec("macd", {"formula": "a=b"})),
        ("macd:at=10:30", Spec("macd", {"at": "10:30"})),
        ("mine.py", Spec("mine.py")),
        ("a folder/mine.py:fast=3,name=m", Spec("a folder/mine.py", {"fast": "3"}, "m")),
        (
            "vote:weights.macd=2,weights.rsi=0.5,weights.all=most",
            Spec("vote", {"weights": {"macd": 2.0, "rsi": 0.5, "all": "most"}}),
        ),
        ("vote:weights.a.b=1", Spec("vote", {"weights": {"a.b": 1.0}})),
    ],
)
def test_a_component_is_read_as_the_command_line_writes_it(text: str, spec: Spec) -> None:
    assert parse_spec(text) == spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("macd:fast", "'macd:fast': 'fast' is not key=value; write NAME:key=value,key=value"),
        ("macd:=3", "'macd:=3': '=3' is not key=value; write NAME:key=value,key=value"),
        ("macd:fast=3,fast=4", "'macd:fast=3,fast=4': fast is given twice"),
        ("v:w.a=3,w.a=4", "'v:w.a=3,w.a=4': w.a is given twice"),
        ("v:w=3,w.a=4", "'v:w=3,w.a=4': w.a is given twice"),
        ("v:w.a=4,w=3", "'v:w.a=4,w=3': w is given twice"),
        ("macd:name=a/b", "--: name 'a/b' cannot name a book; use up to 64 letters, digits, spaces, dots and dashes"),
        ("macd:name=", "--: name '' cannot name a book; use up to 64 letters, digits, spaces, dots and dashes"),
        ("", "--: a component is named by text, was ''"),
        (":fast=3", "--: a component is named by text, was ''"),
    ],
)
def test_what_is_no_component_is_answered_with_how_to_write_one(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_spec(text)
    assert str(refusal.value) == message


@given(st.text(alphabet="ab.:=,py -", max_size=25))
def test_any_text_is_a_component_or_a_plain_refusal(text: str) -> None:
    try:
        assert isinstance(parse_spec(text).kind, str)
    except ConfigError as refusal:
        assert "\n" not in str(refusal)


def test_books_are_named_after_their_component_then_numbered() -> None:
    assert unique_names((Spec("macd"), Spec("grid"), Spec("macd"), Spec("macd"))) == (
        "macd",
        "grid",
        "macd-2",
        "macd-3",
    )
    assert unique_names((Spec("a/mine.py"), Spec("b/mine.py"))) == ("mine", "mine-2")


def test_a_name_that_was_asked_for_is_given_and_nobody_else_gets_it() -> None:
    assert unique_names((Spec("macd"), Spec("grid", {}, "macd"))) == ("macd-2", "macd")
    assert unique_names((Spec("macd"), Spec("grid", {}, "macd-2"), Spec("macd"))) == ("macd", "macd-2", "macd-3")


def test_names_that_are_taken_are_not_given_again() -> None:
    assert unique_names((Spec("vote"),), ("vote",)) == ("vote-2",)


@pytest.mark.parametrize(
    ("asked", "taken"), [((Spec("a", {}, "x"), Spec("b", {}, "x")), ()), ((Spec("a", {}, "x"),), ("x",))]
)
def test_a_name_given_twice_is_refused(asked: tuple[Spec, ...], taken: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="two books are named 'x'; give each a name of its own"):
        unique_names(asked, taken)


@given(several)
def test_no_two_books_have_one_name(asked: tuple[Spec, ...]) -> None:
    try:
        given_names = unique_names(asked)
    except ConfigError:
        return
    assert len(set(given_names)) == len(asked)
    assert all(spec.name in (None, name) for spec, name in zip(asked, given_names, strict=True))


def test_defaults_are_those_of_a_session_that_says_nothing() -> None:
    said: dict[str, Any] = SessionConfig().document()
    assert read_config(said) == SessionConfig()
    assert (said["cash"], said["fee_bps"], said["seed"], said["feed"]) == (
        "10000",
        None,
        7,
        {"kind": "sim", "params": {}},
    )
