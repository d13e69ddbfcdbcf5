"""A sizer that a session loads from a registry trades as it did in the book that it learned from."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.papertape_ml.sizing.market import MINUTE, catalogue, plugins, signals, venue
from tests.papertape_ml.sizing.test_model import sizer

from papertape.engine.build import build
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.registered import Registered
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.sizing.book import PLAYER, Arrays, roll
from papertape_ml.sizing.players import Notes, Plan, SignalPlayer
from papertape_ml.sizing.training import sizing_set
from papertape_ml.training.trained import Trained, published

pytest.importorskip("numba")
pytest.importorskip("safetensors")


def test_its_sessions_are_those_of_its_training(tmp_path: Path) -> None:
    where, plan, model = venue(), Plan(6 * MINUTE, 0.01, 0.02), sizer(3)
    said = signals(where)
    rolled = roll(said, plan, where, model)
    sizes = model.predict(rolled.rows)[:, 0]
    assert rolled.parts.tobytes() == sizes.tobytes() and len(np.unique(sizes)) > 20

    made = Trained(
        model=model,
        rows=rolled.rows,
        feature_set=sizing_set(catalogue().find, "1m", ("A",)).document(),
        label={},
        training={"hash": "sha256:" + "0" * 64, "span": None, "rows": len(rolled.rows)},
        config={"window": 1},
        metrics={},
        baseline={},
        seeds={},
        statistics={},
        test_span=None,
    )
    with JsonRegistry.open(tmp_path, create=True) as registry:
        published(registry, made, "sizer", created=0)
    notes = Notes()
    script = {
        ("A", at): (k, side, float(sure))
        for k, (at, side, sure) in enumerate(
            zip(said.at.tolist(), said.side.tolist(), said.confidence.tolist(), strict=True)
        )
    }
    own = Registered("strategy", PLAYER, SignalPlayer, "tests", "tests", "0")
    known = type(plugins())((*plugins().components, own), (), ())
    config = SessionConfig(
        strategies=(Spec(PLAYER, {"script": script, "plan": plan, "notes": notes}),),
        sizer=Spec("ml-sizer", {"model": "sizer@candidate", "cap": 1.0}),
        models=Spec("registry", {"path": str(tmp_path)}),
        fee_bps=Decimal(10),
        instruments={"A": {"kind": "margin"}},
    )
    feed = Arrays(where.candles, "1m", int(said.at.min()))
    built = build(config, known, feed)
    built.session.start(built.contexts)
    for block in feed.blocks():
        built.session.run(block.times, block.rows)
    assert [guard.errors for guard in built.guards if guard.errors] == []
    # A book that warmed up on more candles has features that differ by up to 1e-9 of their scale.
    told = dict(zip(rolled.signals.tolist(), rolled.returns.tolist(), strict=True))
    assert notes.returns == pytest.approx(told, abs=1e-8) and len(told) > 30
    wealth = np.array(built.session.curves[0][0], np.float64)
    gains = np.diff(np.log(wealth), prepend=np.log(1e4))
    assert gains[: len(rolled.gains)] == pytest.approx(rolled.gains, abs=1e-8)
