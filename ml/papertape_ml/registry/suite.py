"""What every registry must do, as tests to inherit.

    class TestMine(RegistrySuite):
        @pytest.fixture
        def registry(self, tmp_path):
            with MyRegistry(tmp_path) as registry:
                yield registry

`registry` gives an empty one. `other` gives the same registry as another program would have it open; override it where
that is more than the same object.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from papertape_ml.errors import AliasMoved, BadModel, UnknownModel
from papertape_ml.registry.lookup import best, find, latest
from papertape_ml.registry.manifest import GOLDEN_ROWS, Contract, Golden, Manifest
from papertape_ml.registry.moves import Wish
from papertape_ml.registry.names import Reference
from papertape_ml.registry.protocol import Registry
from papertape_ml.registry.verify import verify

ODD_NAMES = (
    "", "../x", "a/b", "A", "a@1", "a\n", "a\0", "ä", "а", "-a", "a..b", "x" * 65, "con.", "a b", "a\u202e",
)  # fmt: skip
FILES: Mapping[str, bytes] = {"booster.json": b'{"trees": []}', "calibration.json": b"{}", "empty": b""}


def example(created: int = 1, name: str = "signal", **changes: Any) -> Manifest:
    """A manifest like that of a small classifier."""
    manifest = Manifest(
        name=name,
        kind="classifier",
        created=created,
        contract=Contract(("rsi_14", "returns_1"), ("buy", "sell", "hold")),
        golden=Golden.of([[50.0, float("nan")]] * GOLDEN_ROWS, [[0.25, 0.25, 0.5]] * GOLDEN_ROWS),
        feature_set={"names": ["rsi_14", "returns_1"]},
        feature_set_hash="sha256:" + "0" * 64,
        label={"kind": "direction", "hours": 4},
        training={"hash": "sha256:" + "1" * 64, "span": [0, 86_400_000]},
        config={"rounds": 100, "rate": 0.03},
        metrics={"test": {"logloss": 1.0, "accuracy": 0.5}},
        code={"papertape": "0.1.0"},
        seeds={"model": 7},
    )
    return replace(manifest, **changes)


def wish(at: int = 1, why: str = "a test", **evidence: Any) -> Wish:
    """Somebody's wish."""
    return Wish(at, "ann", why, evidence)


class RegistrySuite:
    """The promises of `papertape_ml.registry.protocol.Registry`."""

    @pytest.fixture
    def registry(self) -> Registry:
        """An empty registry."""
        raise NotImplementedError

    @pytest.fixture
    def other(self, registry: Registry) -> Registry:
        """The same registry, opened once more."""
        return registry

    def test_an_empty_registry_has_nothing(self, registry: Registry) -> None:
        assert (registry.versions(), registry.versions("signal"), registry.history()) == ([], [], [])
        with pytest.raises(UnknownModel, match="signal"):
            registry.load("signal", 1)

    def test_what_was_published_comes_back(self, registry: Registry, other: Registry) -> None:
        row = registry.publish(example(), FILES)
        found = other.load("signal", 1)
        assert found.row == row == other.versions()[0]
        assert dict(found.files) == FILES and all(type(data) is bytes for data in found.files.values())
        assert found.manifest == other.manifest("signal", 1) == example().with_files(FILES)
        assert (row.checksum, row.size, row.imported) == (found.manifest.checksum, 15, False)
        assert row.metrics == {"test": {"logloss": 1.0, "accuracy": 0.5}}

    def test_versions_of_a_name_count_from_1(self, registry: Registry) -> None:
        rows = [registry.publish(example(n, name), FILES) for n, name in enumerate(["b", "a", "b", "b"])]
        assert [(row.name, row.version) for row in rows] == [("b", 1), ("a", 1), ("b", 2), ("b", 3)]
        listed = [(row.name, row.version) for row in registry.versions()]
        assert listed == [("a", 1), ("b", 1), ("b", 2), ("b", 3)]
        assert [row.version for row in registry.versions("b")] == [1, 2, 3]

    def test_the_same_content_is_one_version(self, registry: Registry, other: Registry) -> None:
        first = registry.publish(example(), FILES)
        registry.publish(example(2), FILES)
        assert other.publish(example(), dict(sorted(FILES.items(), reverse=True)), imported=True) == first
        assert len(registry.versions()) == 2

    def test_the_callers_objects_stay_the_callers(self, registry: Registry) -> None:
        data, config = bytearray(b"weights"), {"rate": 0.03}
        registry.publish(example(config=config), {"weights": data})  # type: ignore[dict-item]  # callers may be careless
        data[:], config["rate"] = b"changed", 9.0
        found = registry.load("signal", 1)
        assert (found.files["weights"], found.manifest.config["rate"]) == (b"weights", 0.03)
        with pytest.raises(TypeError):
            found.manifest.config["rate"] = 9.0  # type: ignore[index]

    def test_a_file_larger_than_any_block_comes_back(self, registry: Registry) -> None:
        large = bytes(range(256)) * 40_000
        registry.publish(example(), {"weights": large, "again": large})
        assert registry.load("signal", 1).files == {"weights": large, "again": large}

    def test_files_that_are_not_those_of_the_manifest_are_refused(self, registry: Registry) -> None:
        said = example().with_files(FILES)
        for files in ({}, {**FILES, "more": b""}, {**FILES, "empty": b"x"}):
            with pytest.raises(BadModel):
                registry.publish(said, files)
        assert registry.versions() == []

    def test_names_that_could_be_something_else_are_refused(self, registry: Registry) -> None:
        registry.publish(example(), FILES)
        for name in ODD_NAMES:
            for attempt in (
                lambda name: registry.publish(example(name=name), FILES),
                lambda name: registry.versions(name),
                lambda name: registry.load(name, 1),
                lambda name: registry.history(name),
                lambda name: registry.history("signal", name),
                lambda name: registry.move("signal", name, 1, wish()),
                lambda name: registry.rollback("signal", name, wish()),
            ):
                with pytest.raises(BadModel):
                    attempt(name)
        assert len(registry.versions()) == 1

    def test_an_alias_points_to_its_last_move_and_the_history_tells_it(
        self, registry: Registry, other: Registry
    ) -> None:
        for n in range(3):
            registry.publish(example(n), FILES)
        registry.move("signal", "champion", 1, wish(10))
        registry.move("signal", "champion", 3, wish(20, "better", gain=0.5))
        registry.move("signal", "candidate", 2, wish(15))
        assert find(other, Reference.parse("signal@champion")).version == 3
        assert find(other, Reference.parse("signal@candidate")).version == 2
        moves = other.history("signal")
        assert [(m.alias, m.number, m.from_version, m.to_version, m.at) for m in moves] == [
            ("champion", 1, None, 1, 10), ("candidate", 1, None, 2, 15), ("champion", 2, 1, 3, 20),
        ]  # fmt: skip
        assert (moves[2].action, moves[2].by, moves[2].why, moves[2].evidence) == (
            "move",
            "ann",
            "better",
            {"gain": 0.5},
        )
        assert other.history("signal", "candidate") == moves[1:2] and other.history("other") == []

    def test_a_rollback_takes_back_one_move_at_a_time(self, registry: Registry) -> None:
        for n in range(4):
            registry.publish(example(n), FILES)
        for version in (1, 2, 3):
            registry.move("signal", "champion", version, wish(version))
        assert registry.rollback("signal", "champion", wish(4, "worse")).to_version == 2
        registry.move("signal", "champion", 4, wish(5))
        with pytest.raises(AliasMoved, match="points to version 4, not to version 3 any more"):
            registry.rollback("signal", "champion", wish(6), expected=3)
        assert [registry.rollback("signal", "champion", wish(n)).to_version for n in (6, 7)] == [2, 1]
        with pytest.raises(UnknownModel, match="nothing to go back to"):
            registry.rollback("signal", "champion", wish(8))
        with pytest.raises(UnknownModel, match="points nowhere"):
            registry.rollback("signal", "challenger", wish(8))
        actions = [move.action for move in registry.history()]
        assert actions == ["move", "move", "move", "rollback", "move", "rollback", "rollback"]

    def test_a_refusal_is_kept_and_moves_nothing(self, registry: Registry) -> None:
        registry.publish(example(1), FILES)
        registry.publish(example(2), FILES)
        registry.refuse("signal", "champion", 1, wish(1))
        with pytest.raises(UnknownModel):
            find(registry, Reference.parse("signal@champion"))
        registry.move("signal", "champion", 1, wish(2))
        kept = registry.refuse("signal", "champion", 2, wish(3, "too few labels", labels=12))
        assert (kept.from_version, kept.to_version, kept.evidence) == (1, 2, {"labels": 12})
        assert find(registry, Reference.parse("signal@champion")).version == 1
        assert [move.action for move in registry.history()] == ["refused", "move", "refused"]

    def test_an_alias_moves_only_from_where_it_was_expected(self, registry: Registry, other: Registry) -> None:
        for n in range(3):
            registry.publish(example(n), FILES)
        registry.move("signal", "champion", 1, wish(), expected=None)
        other.move("signal", "champion", 2, wish(), expected=1)
        for expected in (None, 1, 3):
            with pytest.raises(AliasMoved, match="version 2"):
                registry.move("signal", "champion", 3, wish(), expected=expected)
        with pytest.raises(AliasMoved, match="already"):
            registry.move("signal", "champion", 2, wish())
        assert len(registry.history()) == 2

    def test_what_is_not_there_is_named(self, registry: Registry) -> None:
        registry.publish(example(), FILES)
        for attempt in (
            lambda: registry.load("signal", 2),
            lambda: registry.manifest("signal", 0),
            lambda: registry.move("signal", "champion", 2, wish()),
            lambda: registry.refuse("signal", "champion", 2, wish()),
        ):
            with pytest.raises(UnknownModel, match="its newest is 1"):
                attempt()
        for unknown in ("signals", "sgnal"):
            with pytest.raises(UnknownModel, match=f"'{unknown}'.*it has signal"):
                registry.load(unknown, 1)
        with pytest.raises(UnknownModel, match="'best-ever'"):
            find(registry, Reference.parse("signal@best-ever"))

    def test_a_move_says_who_and_why(self, registry: Registry) -> None:
        registry.publish(example(), FILES)
        wrong: tuple[dict[str, Any], ...] = (
            {"by": ""}, {"why": " "}, {"why": "a\x1b[31m"}, {"by": "x" * 201}, {"why": "\ud800"}, {"at": -1},
            {"at": 1 << 63}, {"at": 1.0}, {"evidence": {"a": float("nan")}}, {"evidence": {"a": "x" * (2 << 20)}},
        )  # fmt: skip
        for bad in wrong:
            with pytest.raises(BadModel):
                registry.move("signal", "champion", 1, wish()._replace(**bad))
        assert registry.history() == []

    def test_the_newest_and_the_best_are_found(self, registry: Registry) -> None:
        for n, (loss, accuracy) in enumerate([(0.9, 0.5), (0.7, 0.6), (0.7, 0.4), (float("inf"), 0.1)]):
            metrics = {"test": {"logloss": loss if loss < 9 else None, "accuracy": accuracy}}
            registry.publish(example(n, metrics=metrics), FILES)
        assert latest(registry, "signal").version == 4
        assert best(registry, "signal", "test.logloss")[0].version == 3
        assert best(registry, "signal", "test.accuracy") == (registry.versions()[1], 0.6)
        assert best(registry, "signal", "test.accuracy", lowest=True)[0].version == 4
        with pytest.raises(UnknownModel, match=r"test\.accuracy"):
            best(registry, "signal", "test.acuracy")

    def test_verify_reads_everything_and_runs_what_it_is_given(self, registry: Registry) -> None:
        registry.publish(example(1), FILES)
        registry.publish(example(2, kind="predictor"), FILES)
        seen: list[Mapping[str, bytes]] = []

        def check(manifest: Manifest, files: Mapping[str, bytes]) -> str | None:
            seen.append(files)
            raise ArithmeticError("no such tree")

        done = list(verify(registry, registry.versions(), {"classifier": check}))
        assert [(each.golden, each.problem) for each in done] == [
            ("failed", "ArithmeticError: no such tree"), ("not run", None),
        ]  # fmt: skip
        assert seen == [FILES]

    def test_writers_at_once_take_turns(self, registry: Registry, other: Registry) -> None:
        failures: list[BaseException] = []

        def write(which: Registry, start: int) -> None:
            try:
                for n in range(start, start + 8):
                    which.publish(example(n), FILES)
                    which.move("signal", f"a{n}", which.versions("signal")[0].version, wish(n))
            except BaseException as error:  # noqa: BLE001  # shown by the assertion below
                failures.append(error)

        both = [threading.Thread(target=write, args=each) for each in ((registry, 0), (other, 100))]
        _run(both)
        assert failures == []
        assert [row.version for row in registry.versions()] == list(range(1, 17))
        assert len({row.checksum for row in registry.versions()}) == 16 and len(registry.history()) == 16
        assert not [each.problem for each in verify(other, other.versions()) if each.problem]


def _run(threads: list[threading.Thread]) -> None:
    starts: list[Callable[[], None]] = [thread.start for thread in threads]
    for each in [*starts, *(thread.join for thread in threads)]:
        each()
