"""Parameters: what a user writes becomes the type that the author meant, or an error that says what would do."""

from collections.abc import Mapping
from decimal import Decimal
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from papertape import Component, ConfigError, Param

NO_WHOLE_NUMBERS: tuple[object, ...] = (
    2.5, "2.5", "20.0", "many", "", nan, inf, True, None, [], {}, Decimal("2.5"), np.float32(2.5), object,
)  # fmt: skip
NO_NUMBERS: tuple[object, ...] = ("half", "", True, None, [0.5])
NO_TEXTS: tuple[object, ...] = (None, True, ["a"], {})
NO_TABLES: tuple[object, ...] = ("macd=2", None, ["macd"], 2)
NO_LISTS: tuple[object, ...] = ("abc", None, 3, {})


class Every(Component):
    """Has a parameter of each kind."""

    keeps = ("seen", "levels")

    window = Param(55, min=2, max=500, help="candles")
    share = Param(0.5, min=0, max=1)
    cash = Param(Decimal(100), min=0)
    label = Param("plain")
    deep = Param(False)
    side = Param("both", choices=("long", "short", "both"))
    weights: Param[dict[str, float]] = Param({})
    names = Param(("a",))
    limit: Param[int | None] = Param(None, type=int, min=1)
    anything: Param[object] = Param(None)

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self.seen = 0
        self.levels = np.zeros(2)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        *(("window", given, 20) for given in (20, "20", 20.0, Decimal(20), np.int64(20), np.float64(20))),
        *(("share", given, 0.25) for given in (0.25, "0.25", Decimal("0.25"), np.float32(0.25))),
        ("share", 1, 1.0),
        *(("cash", given, Decimal("0.1")) for given in ("0.1", 0.1, Decimal("0.1"))),
        ("cash", 7, Decimal(7)),
        ("label", "long", "long"),
        ("label", 7, "7"),
        *(("deep", given, True) for given in (True, "true", "TRUE", "yes", "1", 1)),
        *(("deep", given, False) for given in (False, "false", "No", "0", 0)),
        ("side", "short", "short"),
        ("weights", {"macd": 2.0}, {"macd": 2.0}),
        ("names", ["x", "y"], ("x", "y")),
        ("names", ("x",), ("x",)),
        ("limit", None, None),
        ("limit", "3", 3),
        ("anything", None, None),
        ("anything", True, True),
        ("anything", {"a": 1}, {"a": 1}),
    ],
)
def test_a_value_takes_the_type_of_the_default(name: str, given: object, value: object) -> None:
    found = getattr(Every(**{name: given}), name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        *(("window", bad, "must be a whole number") for bad in NO_WHOLE_NUMBERS),
        *(("share", bad, "must be a number") for bad in NO_NUMBERS),
        *(("share", bad, "must be a finite number") for bad in (nan, inf, "nan", "-inf", np.float64("nan"))),
        *(("cash", bad, "must be a number") for bad in ("much", False, None)),
        *(("cash", bad, "must be a finite number") for bad in ("NaN", Decimal("Infinity"))),
        *(("label", bad, "must be text") for bad in NO_TEXTS),
        *(("deep", bad, "must be true or false") for bad in ("maybe", 2, None, "")),
        ("side", "up", "must be one of long, short, both"),
        *(("weights", bad, "must be a table") for bad in NO_TABLES),
        *(("names", bad, "must be a list") for bad in NO_LISTS),
        ("window", 1, "must be 2 or more"),
        ("window", "501", "must be 500 or less"),
        ("share", -0.01, "must be 0 or more"),
        ("share", 1.01, "must be 1 or less"),
        ("cash", "-0.01", "must be 0 or more"),
        ("limit", 0, "must be 1 or more"),
    ],
)
def test_a_value_that_will_not_do_is_answered_with_what_would(name: str, given: object, message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Every(**{name: given})
    assert str(refusal.value) == f"Every: {name} {message}, was {given!r}"


@pytest.mark.parametrize("edge", [{"window": 2}, {"window": 500}, {"share": 0}, {"share": 1}, {"limit": 1}])
def test_bounds_belong_to_what_is_allowed(edge: Mapping[str, object]) -> None:
    Every(**edge)


def test_an_unknown_parameter_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"^Every has no parameter 'windw'; it takes window, share, cash, label"):
        Every(windw=3)

    class Bare(Component):
        """Takes nothing."""

    with pytest.raises(ConfigError, match=r"^Bare has no parameter 'x'; it takes none$"):
        Bare(x=1)


def test_an_error_names_a_component_as_its_user_called_it() -> None:
    with pytest.raises(ConfigError, match=r"^every-kind: window must be 2 or more, was 1$"):
        Every.create("every-kind", {"window": 1})


def test_no_two_instances_share_a_table() -> None:
    one, other = Every(), Every()
    one.weights["macd"] = 2.0
    assert other.weights == {} == Every().weights
    given: dict[str, float] = {}
    Every(weights=given).weights["macd"] = 2.0
    assert given == {}


def test_a_parameter_read_on_the_class_describes_itself() -> None:
    assert (Every.window.name, Every.window.default, Every.window.type, Every.window.help) == (
        "window",
        55,
        int,
        "candles",
    )
    assert (Every.window.min, Every.window.max, Every.side.choices) == (2, 500, ("long", "short", "both"))


def test_a_subclass_has_its_bases_parameters_and_may_give_its_own() -> None:
    class Narrow(Every):
        """Looks back less."""

        window = Param(5)
        extra = Param(1)

    assert list(Narrow.params()) == [*Every.params(), "extra"]
    assert (Narrow().window, Every().window) == (5, 55)


def test_state_is_what_is_kept_and_goes_back() -> None:
    one = Every()
    one.seen, one.levels = 3, np.array([1.0, 2.0])
    assert one.state is not None and list(one.state) == ["seen", "levels"]
    other = Every()
    other.state = one.state
    assert other.seen == 3 and other.levels.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(("keeps", "state"), [(None, None), ((), {})])
def test_a_component_that_says_nothing_has_unknown_state_and_one_that_says_so_has_none(keeps: Any, state: Any) -> None:
    class Bare(Component):
        """Takes nothing."""

    Bare.keeps = keeps
    assert Bare().state == state
