"""A session put together: what is typed becomes the file that `papertape run` reads; mistakes are named in place."""

import tomllib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hostile import HOSTILE
from tests.tui.sessions import SMALL, installed

from papertape.engine.config import SessionConfig, read_config
from papertape.tui.core.draft import Draft, Part, demo, document, draft_of, parts, problems, with_part
from papertape.tui.core.toml import toml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_is_written_is_read_back(values: dict[str, object]) -> None:
    assert tomllib.loads(toml(values)) == values


def written(draft: Draft) -> SessionConfig:
    return read_config(tomllib.loads(toml(document(draft, installed()))))


@pytest.mark.parametrize(
    "changes", [{}, {"cash": 2_500, "participation": 0.1, "slippage": {"kind": "fixed-bps", "bps": 2}}]
)
def test_a_draft_of_a_session_says_what_that_session_said(changes: dict[str, object]) -> None:
    config = read_config({**SMALL, **changes})
    draft = draft_of(config)
    assert problems(draft, installed()) == ()
    again = written(draft)
    assert again.document() == config.document() | {"feed": again.feed.document()}
    assert again.feed.params["symbols"] == list(SMALL["feed"]["symbols"])
    assert draft_of(again) == draft


def test_what_nobody_touches_stays_as_it_was() -> None:
    odd = {
        "feed": {"kind": "replay", "sources": ["/a, b/x.csv", "/c"], "symbols": ["A,B"]},
        "strategies": [{"kind": "classifier", "range": "", "model": " spaced "}],
        "fusion": [{"kind": "weighted-vote", "weights": {"a=b": 2.0, "c, d": 1}}],
    }
    config = read_config(odd)
    draft = draft_of(config)
    assert written(draft).document() == config.document()
    part = draft.feed
    typed = with_part(draft, "feed", replace(part, typed={**part.typed, "symbols": "BTC, ETH"}))
    assert written(typed).feed.params == {"sources": ["/a, b/x.csv", "/c"], "symbols": ["BTC", "ETH"]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fusion": (Part("weighted-vote", {"weights": "nobody=2"}),)}, "'nobody', which is no member"),
        ({"fusion": (Part("weighted-vote", {}, "macd"),)}, "two books are named 'macd'"),
        ({"feed": Part("sim", {"symbols": "BTC/USDT, ETH/BTC"})}, "ETH/BTC is quoted in BTC"),
        ({"feed": Part("sim", {"symbols": "BTC/USDT"}), "strategies": (Part("pairs-spread"),)}, "needs two symbols"),
        ({"rest": {"instruments": {"NO/USDT": {"tick": 1}}}}, "'NO/USDT' is not in this session"),
    ],
)
def test_a_mistake_between_parts_is_named_before_the_start(changes: dict[str, object], words: str) -> None:
    found = problems(replace(Draft(strategies=(Part("macd"),)), **changes), installed())  # type: ignore[arg-type]
    assert len(found) == 1 and words in found[0].words


def test_the_demo_is_in_order() -> None:
    assert problems(demo(), installed()) == ()
    assert len(written(demo()).strategies) == 7


@pytest.mark.parametrize(
    ("place", "part", "where", "words"),
    [
        ("strategies.0", Part("ema-cross", {"fast": "0"}), ("strategies.0", "fast"), "fast must be 1 or more, was 0"),
        ("strategies.0", Part("ema-cross", {"fast": "x"}), ("strategies.0", "fast"), "must be a whole number"),
        ("strategies.0", Part("ema-cross", {"fast": "9", "slow": "3"}), ("strategies.0", ""), "slow"),
        ("strategies.1", Part("nobody"), ("strategies.1", ""), "no strategy is called 'nobody'"),
        ("feed", Part("sim", {"edge": "0.9"}), ("feed", "edge"), "edge must be 0.5 or less"),
        ("feed", Part("replay", {"sources": "/not/there"}), ("feed", ""), "/not/there is not there"),
        ("risk.0", Part("max-drawdown", {"action": "panic"}), ("risk.0", "action"), "must be one of"),
    ],
)
def test_a_mistake_is_named_where_it_is(place: str, part: Part, where: tuple[str, str], words: str) -> None:
    found = problems(with_part(demo(), place, part), installed())
    assert [(one.place, one.parameter) for one in found] == [where] and words in found[0].words


@pytest.mark.parametrize(
    ("key", "value"), [("cash", "-1"), ("cash", ""), ("bars", "many"), ("bars", "0"), ("seed", "x")]
)
def test_a_mistake_in_a_value_of_the_session_is_named_by_its_key(key: str, value: str) -> None:
    changes: dict[str, str] = {key: value}
    assert [one.place for one in problems(replace(demo(), **changes), installed())] == [key]  # type: ignore[arg-type]


def test_parts_are_added_changed_and_taken_out_by_their_places() -> None:
    draft = with_part(demo(), "risk.0", Part("cool-down"))
    assert [place for place, _, _ in parts(draft)][-2:] == ["sizer", "risk.0"]
    draft = with_part(with_part(draft, "strategies.0", None), "strategies.0", Part("grid"))
    assert [part.kind for part in draft.strategies][:2] == ["grid", "donchian-breakout"]
    assert with_part(draft, "risk.0", None).risk == ()
    none = replace(demo(), strategies=())
    assert "a session needs a strategy" in problems(none, installed())[0].words


def hostile(text: str) -> Draft:
    """The text as every value of a feed that reads files, a strategy, a fusion and a rule, and as a name."""
    feed = Part("replay", {"sources": text, "timeframe": text})
    rules = (Part("max-drawdown", {"limit": text}), Part(text))
    strategies = (Part("ema-cross", {"fast": text}, name=text), Part(text, {text: text}))
    return Draft(
        feed, strategies, (Part("weighted-vote", {"weights": f"{text}={text}"}),), Part(text), rules, pace=text
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_is_either_named_as_wrong_or_written_as_it_is(text: str) -> None:
    draft = hostile(text)
    assert problems(draft, installed())
    alone = replace(demo(), strategies=(Part("ema-cross", name=text),), fusion=())
    if not problems(alone, installed()):
        assert tomllib.loads(toml(document(alone, installed())))["strategies"][0]["name"] == text
    for one in (replace(demo(), cash=text), replace(demo(), bars=text), replace(demo(), seed=text)):
        problems(one, installed())  # whatever it finds, it finds it without an accident


def test_a_text_that_no_file_can_hold_is_named() -> None:
    (found,) = problems(replace(demo(), rest={"note": "\ud800"}), installed())
    assert "half of a pair" in found.words
