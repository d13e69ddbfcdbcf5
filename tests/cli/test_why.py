"""`papertape why`: the chain behind a candle, for people and for programs."""

from pathlib import Path

import pytest
from tests.cli.program import document, papertape, refusal

RUN = ("--feed", "sim", "--symbol", "BTC/USDT", "--symbol", "ETH/USDT", "--bars", 90, "--strategy", "ema-cross")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def ran(home: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPERTAPE_HOME", str(home))
        more = ("--fusion", "weighted-vote", "--risk", "max-position:limit=0.3", "--strategy", "buy-and-hold")
        name: str = document("run", *RUN, *more)["session"]
    return name


@pytest.fixture(autouse=True)
def _home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(home))


def test_people_get_sentences_by_link(ran: str) -> None:
    done = papertape("why", ran, "--symbol", "BTC/USDT", "--at", "00:02")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"BTC/USDT, the 1m candle that closed at 2024-01-01T00:02:00Z (session {ran}, batch 1)"
    headings = [line for line in lines if line and not line.startswith(" ")]
    assert headings[1:] == ["candle", "strategy ema-cross", "strategy buy-and-hold", "fusion weighted-vote"]
    assert all(len(line) <= 110 for line in lines)
    assert "a market order fills at the open of the next candle" in " ".join(done.stdout.split())


def test_programs_get_a_document_of_a_stable_shape(ran: str) -> None:
    found = document("why", ran, "--symbol", "BTC/USDT", "--at", "2024-01-01T00:01", "--book", "buy-and-hold")
    assert list(found) == [
        "session", "symbol", "timeframe", "asked", "batch", "opened", "closed", "told", "warnings", "candle",
        "events", "models", "books", "later",
    ]  # fmt: skip
    assert (found["session"], found["batch"], found["told"], found["warnings"]) == (ran, 0, "fold", [])
    assert found["closed"] - found["opened"] == 60_000 == found["closed"] - found["candle"]["ts"]
    [book] = found["books"]
    assert list(book) == [
        "book", "kind", "state", "before", "standing", "word", "vote", "muted", "attempts", "orders", "later", "late",
        "funding",
    ]  # fmt: skip
    [wish], [attempt], [order] = book["word"]["wishes"], book["attempts"], book["orders"]
    assert (wish["kind"], wish["action"], wish["new"], wish["outcome"]) == ("signal", "buy", True, "ordered")
    assert attempt["sizing"]["said"] == "0.95 of equity, split between 2 symbols"
    assert [verdict["verdict"] for verdict in attempt["verdicts"]] == ["shrunk"]
    assert attempt["quantity"] == order["order"]["quantity"] == order["fills"][0]["quantity"]
    assert isinstance(attempt["quantity"], str) and attempt["record"] == order["order"]["number"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--symbol", "BTC/USD", "--at", "00:02"), "no symbol 'BTC/USD'"),
        (("--symbol", "BTC/USDT", "--at", "00:02", "--book", "macd"), "no book 'macd'"),
        (
            ("--symbol", "BTC/USDT", "--at", "2023-01-01"),
            "has no candle at 2023-01-01T00:00:00Z: its candles open from",
        ),
        (("--symbol", "BTC/USDT", "--at", "soon"), "no time 'soon'"),
    ],
)
def test_what_cannot_be_asked_is_named(ran: str, options: tuple[str, ...], said: str) -> None:
    assert said in refusal("why", ran, *options)


def test_an_unknown_session_is_named(ran: str) -> None:
    assert "no session 'zzz'" in refusal("why", "zzz", "--symbol", "BTC/USDT", "--at", "00:02")


def test_names_from_elsewhere_are_written_out_and_wrapped(tmp_path: Path) -> None:
    strategy = tmp_path / "odd.py"
    strategy.write_text(
        "from papertape import Signal, Strategy\n"
        "class Odd(Strategy):\n"
        "    keeps = ()\n"
        "    def on_snapshot(self, snapshot):\n"
        "        yield Signal.buy('BTC/USDT', reason='\\x1b]52;c;x\\x07[/b]\\u202e' + 'y' * 400)\n"
    )
    name = document("run", "--feed", "sim", "--bars", 3, "--symbol", "BTC/USDT", "--strategy", strategy)["session"]
    done = papertape("why", name, "--symbol", "BTC/USDT", "--at", "00:01")
    assert done.exit_code == 0
    assert "\\x1b]52;c;x\\x07[/b]\\u202eyyy" in done.stdout
    assert not any(char in done.stdout for char in "\x1b\x07\u202e")
    assert max(map(len, done.stdout.splitlines())) <= 110
