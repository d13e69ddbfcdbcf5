"""A search goes on where it stopped, keeps what it tried, and never looks at the rows that its choice is tested on."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.papertape_ml.training.market import candles, config, dataset

from papertape.contract.errors import ConfigError, LedgerError
from papertape_ml.errors import BadSettings, TooLittleHistory
from papertape_ml.judging.overfitting import overfitting
from papertape_ml.judging.sharpe import deflated_sharpe, described
from papertape_ml.labels import parse
from papertape_ml.search import search as searching
from papertape_ml.search import space
from papertape_ml.search import trials as trying
from papertape_ml.search.objectives import OBJECTIVES, objective
from papertape_ml.search.report import document
from papertape_ml.search.returns import file_of, read_returns
from papertape_ml.search.search import Chosen, Wanted, identity_of, search
from papertape_ml.search.study import Place, default_name, found, names, opened, place_of
from papertape_ml.search.trials import ground_of
from papertape_ml.training.folds import folds_of
from papertape_ml.training.held_out import learnable_rows
from papertape_ml.training.tasks import task

pytest.importorskip("numba")
pytest.importorskip("optuna")
pytest.importorskip("xgboost")

LABEL, EDGE = "tp-before-sl:0.06,0.06,3m,fee=0", 0.35
SETTINGS = config("tpsl")


def make_quick(patch: pytest.MonkeyPatch) -> None:
    """Few rounds, few finalists, few ways to test them."""
    patch.setattr(space, "ROUNDS", 20)
    patch.setattr(searching, "FINALISTS", 2)
    patch.setattr(trying, "GROUPS", 3)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    make_quick(monkeypatch)


def data() -> Any:
    return dataset(LABEL, EDGE)


def run(place: Place, trials: int, **wanted: Any) -> Chosen:
    return search(data(), candles(EDGE), SETTINGS, Wanted(trials, **wanted), place)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Chosen]:
    """A search of eight trials in one go."""
    place = place_of(None, tmp_path_factory.mktemp("home"), "whole")
    with pytest.MonkeyPatch.context() as patch:
        make_quick(patch)
        return place, run(place, 8)


def trials(place: Place) -> list[dict[str, Any]]:
    with found(place) as study:
        rows: list[dict[str, Any]] = document(place, study)["all_trials"]
    return rows


def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(whole: tuple[Place, Chosen], tmp_path: Path) -> None:
    place = place_of(f"sqlite:///{tmp_path / 'mine.db'}", tmp_path / "home", "whole")
    run(place, 2)
    assert run(place, 4).report["trials"] == 4
    assert trials(place) == trials(whole[0])[:4] and len(trials(place)) == 4
    assert (tmp_path / "whole").is_dir(), "net returns lie beside the database"


def test_every_trial_is_kept_and_the_completed_ones_with_their_returns(whole: tuple[Place, Chosen]) -> None:
    place, chosen = whole
    rows = trials(place)
    assert {row["state"] for row in rows} == {"complete", "pruned"}
    for row in rows:
        assert (row["folds"] == 4) == (row["state"] == "complete")
        assert file_of(place.folder, row["number"]).exists() == (row["state"] == "complete")
        assert len(row["rounds"]) == row["folds"] and {"depth", "rate"} <= row["settings"].keys()
    done = [row["number"] for row in rows if row["state"] == "complete"]
    kept, matrix = read_returns(place.folder, done)
    assert kept == done and matrix.shape[1] == len(done)
    for column, row in enumerate(row for row in rows if row["state"] == "complete"):
        assert described(matrix[:, column]).sharpe == pytest.approx(row["figures"]["sharpe"], abs=1e-12)
        assert row["value"] == row["figures"]["logloss"]
    assert len({tuple(row["settings"].values()) for row in rows}) == 8


def test_the_report_says_what_choosing_costs(whole: tuple[Place, Chosen]) -> None:
    place, chosen = whole
    report, rows = chosen.report, trials(place)
    done = [row for row in rows if row["state"] == "complete"]
    sharpes = [row["figures"]["sharpe"] for row in done]
    _, matrix = read_returns(place.folder, [row["number"] for row in done])
    assert (report["trials"], report["completed"], report["pruned"]) == (8, len(done), 8 - len(done))
    assert report["sharpe_variance"] == pytest.approx(np.var(sharpes, ddof=1))
    assert report["pbo"] == overfitting(matrix).probability
    mine = matrix[:, [row["number"] for row in done].index(report["chosen"])]
    assert report["dsr"] == pytest.approx(deflated_sharpe(described(mine), 8, float(np.var(sharpes, ddof=1))))
    finalists = report["finalists"]
    assert [each["value"] for each in finalists] == sorted(row["value"] for row in done)[:2]
    assert report["chosen"] == min(finalists, key=lambda each: each["combinatorial"])["number"]
    settings = chosen.config.settings
    params = next(row for row in rows if row["number"] == report["chosen"])["settings"]
    assert {name: getattr(settings, name) for name in params} == params and settings.patience is not None


def test_no_trial_sees_a_row_that_the_choice_is_tested_on() -> None:
    aim, learnable = learnable_rows(data(), SETTINGS)
    folds = folds_of(learnable, SETTINGS.folds)
    ground = ground_of(aim, learnable, candles(EDGE), folds)
    assert ground.dataset.t1.max() < learnable.t0[folds.tests[0]].min() - folds.embargo
    assert len(ground.dataset) > 500


def test_a_study_of_something_else_is_not_gone_on_with(whole: tuple[Place, Chosen]) -> None:
    with pytest.raises(BadSettings, match="other data or settings; name another"):
        run(whole[0], 9, objective="sharpe")
    wanted = Wanted(2)
    mine = default_name("tpsl", identity_of(data(), SETTINGS, wanted))
    assert mine == default_name("tpsl", identity_of(data(), SETTINGS, Wanted(99)))
    other = data().take(np.arange(2_000))
    assert mine != default_name("tpsl", identity_of(other, SETTINGS, wanted))
    with pytest.raises(BadSettings, match="there is no study 'none'.*it has whole"):
        trials(replace(whole[0], name="none"))
    assert names(whole[0]) == ["whole"]


def test_two_processes_share_a_study(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "import pytest\n"
        "from tests.papertape_ml.search.test_search import make_quick, place_of, run\n"
        "make_quick(pytest.MonkeyPatch())\n"
        "run(place_of(None, Path(sys.argv[1]), 'shared'), 3, pruner='none')\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in started:
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 0, errors
    rows = trials(place_of(None, tmp_path, "shared"))
    assert 3 <= len(rows) <= 4 and [row["number"] for row in rows] == list(range(len(rows)))
    assert len({tuple(row["settings"].values()) for row in rows}) == len(rows), "no draw is made twice"


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_objective_knows_its_figure_and_which_way_is_better(name: str) -> None:
    goal = objective(name, task("classifier", parse("direction:6")))
    less = name in ("logloss", "brier", "ece")
    assert goal.better(0.1, 0.2) == less and goal.direction == ("minimize" if less else "maximize")
    assert goal.value({goal.figure: 0.5}) == 0.5 and goal.value({goal.figure: None}) == 0.0


def test_what_cannot_be_searched_is_named(tmp_path: Path) -> None:
    gate = task("gate", parse("direction:6"))
    with pytest.raises(BadSettings, match="a gate does not say what to do, so it has no sharpe"):
        objective("sharpe", gate)
    with pytest.raises(BadSettings, match="no objective 'fame'"):
        objective("fame", gate)
    with pytest.raises(ConfigError, match="is no URL"):
        place_of("mydb", tmp_path, "s")
    with pytest.raises(ConfigError, match="study is called"):
        place_of(None, tmp_path, "../s")
    with pytest.raises(LedgerError, match="cannot be used") as refused:
        names(place_of("postgresql://ann:secret@127.0.0.1:1/none", tmp_path, "s"))
    assert "secret" not in str(refused.value)
    with pytest.raises(TooLittleHistory, match="for a search, which leaves all tests alone"):
        few = data().take(np.arange(900))
        search(few, candles(EDGE), SETTINGS, Wanted(2), place_of(None, tmp_path, "few"))


def test_a_study_may_be_in_postgresql(postgres_url: str, tmp_path: Path) -> None:
    place = place_of(postgres_url, tmp_path, "s")
    with opened(place, "minimize", {"kind": "gate"}, "median") as study:
        assert document(place, study)["searched"] == {"kind": "gate"}
    assert names(place) == ["s"] and trials(place) == []
    with pytest.raises(BadSettings, match="other data"), opened(place, "minimize", {"kind": "tpsl"}, "median"):
        pass
