"""The plugin sees what the environment showed in training, to the bit, and trades as it did there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from tests.engine.hosted import kept, run, verified
from tests.papertape_ml.rl.lessons import SYMBOL, course, discrete, needs_data, plugins, real, setup, simulated_course
from tests.papertape_plugins.test_session import config, publish

from papertape import Claim, ConfigError, Floats, ModelPin, ModelStore, RequestError
from papertape.engine.build import Built, build
from papertape.engine.checkpoint import save
from papertape.engine.codec import decode
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.discovery import Plugins
from papertape.engine.registered import Registered
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.env import TradingEnv
from papertape_ml.rl.observing import ObservationBuilder, Observations
from papertape_ml.rl.policy import DECISION
from papertape_ml.rl.setup import Setup, Traded
from papertape_ml.rl.terms import Episodes
from papertape_ml.sizing.book import Arrays

pytest.importorskip("numba")
pytest.importorskip("gymnasium")

Decide = Callable[[Observations], float]
MEMORY = ("memory.h0", "memory.c0")


@dataclass
class Served:
    """A policy as a session loads it, which keeps what it sees; it remembers how often it was asked, and half of it."""

    builder: ObservationBuilder
    decide: Decide
    meaning: str = ""
    kind: str = "rl"
    memory: tuple[str, ...] = MEMORY
    seen: list[Observations] = field(default_factory=list)
    recalled: list[float] = field(default_factory=list)
    pin: ModelPin = ModelPin("agent", 1, "sha256:1")
    features: ClassVar[tuple[str, ...]] = ()
    window: ClassVar[int] = 1
    claims: ClassVar[tuple[Claim, ...]] = ()
    lookback: ClassVar[int] = 1

    @property
    def feature_set_hash(self) -> str:
        return self.meaning

    @property
    def inputs(self) -> tuple[str, ...]:
        return (*self.builder.inputs, *self.memory)

    @property
    def outputs(self) -> tuple[str, ...]:
        return (*DECISION, *self.memory)

    def predict(self, rows: Floats) -> Floats:
        count = len(self.builder.features)
        raw = rows[:, : len(self.builder.inputs)]
        answers = []
        for row, observation in zip(rows, self.builder.observe(raw), strict=True):
            self.seen.append(observation)
            self.recalled.append(row[-2])
            fraction = None
            if not np.isnan(row).any():
                action = self.decide(observation)
                fraction = self.builder.acting.fraction(action, row[count], row[len(raw[0]) - 1])
            said = float("nan") if fraction is None else fraction
            answers.append([said, 0.75, 0.0, *((row[-2] + 1, row[-1] + 0.5) if self.memory else ())])
        return np.array(answers)

    def outcome(self, claim: Claim, candles: Floats, at: int) -> tuple[float, ...] | None:
        return None


def session(of: Setup, served: Served, start: int, symbols: tuple[str, ...] = (SYMBOL,)) -> Built:
    """A session of the plugin whose warm-up ends before candle `start`."""

    class Store(ModelStore):
        def pin(self, reference: str) -> ModelPin:
            return served.pin

        def load(self, pin: ModelPin) -> Any:
            return served

    own = Registered("model-store", "told", Store, "tests", "tests", "0")
    rules = of.terms.fields(of.builder.acting)
    config = SessionConfig(
        strategies=(Spec("rl-agent"),),
        cash=of.terms.cash,
        instruments=dict.fromkeys(symbols, rules),
        models=Spec("told"),
    )
    feed = Arrays(dict.fromkeys(symbols, of.course.candles), of.course.timeframe, int(of.course.closes[start]))
    built = build(config, Plugins((*plugins().components, own), (), ()), feed)
    built.session.start(built.contexts)
    return built


def play(built: Built, of: Setup, until: int, first: int = 0) -> None:
    """Steps the session as a host does that follows a market, candle by candle."""
    symbols = built.session.market.symbols
    for block in Arrays(dict.fromkeys(symbols, of.course.candles), of.course.timeframe, 0).blocks(first):
        for now, rows in zip(block.times, block.rows, strict=True):
            if built.session.journal.batch == until:
                return
            built.session.step(now, rows)


def by_what_is_seen(observation: Observations) -> float:
    """A share from -1 to 1, as float32 has it."""
    return float(np.clip(np.float32(2.0) * observation[0] - observation[1] + observation[-8], -1, 1))


def by_number(observation: Observations) -> float:
    return float(int(abs(observation[0]) * 10) % 8)


@needs_data
@pytest.mark.parametrize(
    ("name", "timeframe", "acting", "decide"),
    [
        ("binance_XRPETH_5m", "5m", Acting(most_units=1e9), by_what_is_seen),
        ("binanceusdm_ADAUSDT_1h", "1h", Acting(short=True, leverage=4), by_what_is_seen),
        ("binanceusdm_ADAUSDT_1h", "1h", discrete(short=True), by_number),
    ],
    ids=["spot, gaps", "margin, few units", "discrete"],
)
def test_observations_fills_and_equity_are_those_of_the_environment(
    name: str, timeframe: str, acting: Acting, decide: Decide
) -> None:
    of = setup(course(real(name, 0, 700), timeframe), acting, episodes=Episodes(length=300, ruin=0.0))
    env, start = TradingEnv.compiled(of), int(of.starts[10])
    observation, _ = env.reset(options={"start": start})
    seen, equities = [observation], [env.stage.equity]
    for _ in range(300):
        action: Any = np.array([decide(observation)], np.float32)
        observation, *_ = env.step(action if acting.space == "continuous" else int(action[0]))
        seen.append(observation)
        equities.append(env.stage.equity)

    served = Served(of.builder, decide, of.course.feature_set.hash)
    built = session(of, served, start)
    play(built, of, start + 300)
    assert [row.tobytes() for row in served.seen[start:]] == [row.tobytes() for row in seen]
    assert list(built.session.books[0].equities) == equities
    traded = [
        Traded(row.at, row.quantity if row.side == "buy" else -row.quantity, row.price, row.fee, row.cash, row.role)
        for row in built.session.journal.collected.fills
    ]
    assert traded == env.stage.fills() and len(traded) > 60
    assert not any(guard.errors for guard in built.guards)


def test_its_signals_are_targets_as_sure_as_the_policy_with_the_version_that_answered() -> None:
    of = setup()
    built = session(of, Served(of.builder, by_what_is_seen), int(of.starts[0]))
    play(built, of, int(of.starts[0]) + 40)
    signals = built.session.journal.collected.signals
    assert signals and {(row.action, row.confidence, row.source) for row in signals} == {("target", 0.75, "rl-agent")}
    assert all('"version": 1' in row.metadata and "agent@1" in row.reason for row in signals)


def test_what_it_remembers_comes_back_and_survives_a_restart() -> None:
    of, start = setup(), int(setup().starts[0])
    whole = Served(of.builder, by_what_is_seen)
    one = session(of, whole, start)
    play(one, of, start + 30)
    # As an episode does, a memory begins where all features have a value.
    assert whole.recalled == [0.0] * start + [float(number) for number in range(31)]

    half = Served(of.builder, by_what_is_seen)
    first, second = session(of, half, start), session(of, half, start)
    play(first, of, start + 10)
    from papertape.engine.checkpoint import restore

    state = decode(save(first))
    restore(second, state)
    (part,) = (part for part in second.parts if part.kind == "strategy")
    part.component.state = decode(state["parts"]["rl-agent"])
    play(second, of, start + 30, start + 11)
    assert half.recalled == whole.recalled
    assert [row.tobytes() for row in half.seen] == [row.tobytes() for row in whole.seen]
    assert second.session.digest == one.session.digest


def test_several_symbols_share_the_book() -> None:
    of, start = setup(acting=Acting(most_units=1e9, band=0.0)), int(setup().starts[0])
    built = session(of, Served(of.builder, lambda seen: 1.0), start, (SYMBOL, "B/USDT"))
    play(built, of, start + 2)
    book = built.session.books[0]
    spent = {slot: held.quantity * Decimal(1) for slot, held in book.holdings.items()}
    assert len(spent) == 2 and spent[0] == pytest.approx(spent[1], rel=Decimal("0.01"))


def test_a_policy_of_other_features_or_another_kind_is_refused_by_name() -> None:
    of, start = setup(), int(setup().starts[0])
    with pytest.raises(ConfigError, match="agent@1.* was trained on another feature set"):
        session(of, Served(of.builder, by_what_is_seen, "sha256:" + "0" * 64), start)
    with pytest.raises(RequestError, match="a model of the kind sizer; one of the kind rl would do"):
        session(of, Served(of.builder, by_what_is_seen, kind="sizer"), start)
    with pytest.raises(RequestError, match="a policy reads features, then book.held"):
        session(of, Swapped(of.builder, by_what_is_seen), start)
    assert session(of, Served(of.builder, by_what_is_seen, simulated_course().feature_set.hash), start)


class Swapped(Served):
    """Reads the book in another order."""

    @property
    def inputs(self) -> tuple[str, ...]:
        return (*self.builder.inputs[:-2], *reversed(self.builder.inputs[-2:]))


def test_a_registered_policy_with_a_memory_trades_a_session_that_resumes_and_verifies(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    folder, names = tmp_path / "models", ("returns_5", "returns_1")
    publish(folder, "agent", recurrent(names), names)
    whole, cut = f"sqlite:///{tmp_path}/whole.db", f"sqlite:///{tmp_path}/cut.db"
    strategies = {"strategies": ["rl-agent"], "bars": 100}
    run(whole, config(folder, **strategies), every=40)
    run(cut, config(folder, **strategies), every=7, until=50)
    run(cut, every=7)
    assert kept(cut).same_as(kept(whole)) and verified(whole).equal and verified(cut).equal
    assert len(kept(whole).fills) > 10 and not kept(whole).events


def recurrent(names: tuple[str, ...]) -> Any:
    """A policy of chance weights that remembers what it saw."""
    import safetensors.numpy

    from papertape_ml.models.rl import PolicyModel
    from papertape_ml.rl.actor import Actor, ActorShape
    from papertape_ml.rl.network_policy import NetworkPolicy
    from papertape_ml.rl.settings import preset

    eyes = ObservationBuilder(features=names, centre=(0.0, 0.0), scale=(0.002, 0.001), acting=Acting(most_units=1e9))
    shape = ActorShape(head="gaussian", inputs=10, hidden=(8,), activation="tanh", memory=4)
    chance = np.random.default_rng(3)
    weights = {
        key: chance.normal(0.0, 1.0, tuple(value.shape)).astype(np.float32)
        for key, value in Actor(shape).state_dict().items()
    }
    settings = preset("recurrent-ppo", memory=4, actor=(8,))
    return PolicyModel(eyes, NetworkPolicy.made(settings, shape, safetensors.numpy.save(weights)))
