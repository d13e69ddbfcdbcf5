"""The catalogue: which feature a name means, what it holds, and what it refuses."""

from collections import Counter
from dataclasses import replace
from typing import Any, cast

import pytest
from tests.features import broken

from papertape import ConfigError, FeatureFamily, FeatureOutput, PluginError, UnknownComponent
from papertape.contract.feature import Columns
from papertape.features.catalogue import Catalogue
from papertape.features.families import own_families

CATALOGUE = Catalogue(own_families())
NAMED = """
price_vs_ema_9 price_vs_ema_21 price_vs_ema_50 ema_alignment consecutive_above_ema adx_14 di_plus di_minus market_regime
returns_1 returns_5 returns_20 rsi_14 rsi_7 stoch_k stoch_d momentum_10
atr_14 atr_pct atr_dynamic bb_position bb_width volatility_20 volatility_regime
volume_ratio volume_zscore delta_volume trade_imbalance vpin
hour_sin hour_cos dow_sin dow_cos day_sin day_cos correlation_REF_20 correlation_xrp_btc ema_12 bb_width_20_2
""".split()


@pytest.mark.parametrize("name", NAMED)
def test_names_that_people_use_are_known(name: str) -> None:
    assert CATALOGUE.find(name).asked == name


def test_there_are_more_than_350_scale_free_features_of_at_most_twelve_variants_each() -> None:
    counted = [feature for feature in CATALOGUE.listed() if not feature.output.level]
    assert len({feature.name for feature in counted}) == len(counted) >= 350
    variants = Counter((feature.family.name, feature.output.name) for feature in counted)
    assert max(variants.values()) <= 12


def test_every_family_says_what_it_is_and_where_it_is_from() -> None:
    for family in CATALOGUE.families.values():
        said = family.definition or ""
        assert "Source" in said and "Inputs" in said and "Warm-up" in said, family.name
        assert family.inputs or family.category == "temporal", family.name
        for output in family.outputs:
            assert output.description and output.unit, (family.name, output.name)
            assert output.low <= output.high


def test_every_listed_name_is_found_again_and_means_itself() -> None:
    for feature in CATALOGUE.listed():
        found = CATALOGUE.find(feature.name)
        assert (found.name, found.family, found.place, found.values) == (
            feature.name,
            feature.family,
            feature.place,
            feature.values,
        )


def test_a_name_may_leave_out_numbers_and_say_others() -> None:
    assert CATALOGUE.find("bb_width").name == CATALOGUE.find("bb_width_20").name == "bb_width_20_2"
    assert CATALOGUE.find("bb_width_33_2.5").values == (33.0, 2.5)
    assert CATALOGUE.find("rsi_9@1h").name == "rsi_9@1h"
    assert CATALOGUE.find("correlation_BTC_20").references == ("btc",)
    assert CATALOGUE.find("correlation_REF_20").references == ("REF",)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("rsi_14_3", "feature 'rsi_14_3' has 2 parameters; it takes n"),
        ("rsi_1", "feature 'rsi_1': n must be 2 to 500, was 1"),
        ("rsi_14.5", "feature 'rsi_14.5': n must be a whole number, was 14.5"),
        ("rsi_14@7x", "feature 'rsi_14@7x': no timeframe '7x'"),
        ("rsi_14@", "feature 'rsi_14@': no timeframe ''"),
    ],
)
def test_bad_numbers_are_named(name: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says.replace("(", "\\(")):
        CATALOGUE.find(name)


@pytest.mark.parametrize("name", ["rsii_14", "", "14", "_", "rsi__14", "correlation", "rsi_btc_14", "rsi_1e999"])
def test_what_is_not_there_is_not_guessed(name: str) -> None:
    with pytest.raises(UnknownComponent, match="no feature"):
        CATALOGUE.find(name)


def test_the_nearest_names_are_offered() -> None:
    with pytest.raises(UnknownComponent, match="no feature 'rsii_14'; did you mean .*rsi"):
        CATALOGUE.find("rsii_14")


def test_no_digit_of_a_parameter_is_lost() -> None:
    assert CATALOGUE.find("bb_width_20_2.0000004").name == "bb_width_20_2.0000004"
    assert CATALOGUE.find("psar_distance_0.02_0.2").name == "psar_distance_0.02_0.2"


def test_an_alias_takes_no_name_that_is_known() -> None:
    catalogue = Catalogue([FINE])
    with pytest.raises(PluginError, match="'keeps_to_itself_10' is one of 'keeps_to_itself' already"):
        catalogue.add(broken_twin({"keeps_to_itself_10": "other"}))
    catalogue.add(broken_twin({"short": "other_20"}))
    assert catalogue.find("short").name == "other_20"


def broken_twin(aliases: dict[str, str]) -> FeatureFamily:
    return replace(FINE, name="other", outputs=(FeatureOutput("other", "x", "x"),), aliases=aliases)


def test_asking_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="feature 'rsi_14' is asked for twice"):
        CATALOGUE.select(["rsi_14", "rsi_7", "rsi_14"])


FINE = broken.family(broken.keeps_to_itself)


@pytest.mark.parametrize(
    ("family", "says"),
    [
        (replace(FINE, definition=" "), "needs a definition: its formula and where it is from"),
        (replace(FINE, step=lambda: None), "decorate its step with @kernel"),
        (replace(FINE, inputs=("mid",)), "no candle column mid; there is " + ", ".join(Columns._fields)),
        (replace(FINE, outputs=(FeatureOutput("Close-1", "x", "x"),)), "'Close-1' must be words in lower case"),
        (replace(FINE, variants=((1000,),)), "n must be 1 to 100, was 1000"),
        (replace(FINE, warmup=lambda n: n / 0), r"warmup of \(10,\) failed: ZeroDivisionError"),
        (replace(FINE, reach=lambda n: 0), r"reach of \(10,\) must be a whole number from 1, was 0"),
        (replace(FINE, floats=cast(Any, lambda n: 7.5)), r"floats of \(10,\) must be a whole number from 0, was 7.5"),
        (replace(FINE, aliases={"short": "rsi_14"}), "alias 'short' means 'rsi_14', which is not one of it"),
        ("rsi", "a feature family must be a FeatureFamily, was a str"),
    ],
)
def test_a_family_that_is_not_in_order_is_refused(family: object, says: str) -> None:
    with pytest.raises(PluginError, match=says):
        Catalogue().add(family)  # type: ignore[arg-type]


def test_a_taken_name_is_refused_as_a_whole() -> None:
    catalogue = Catalogue([FINE])
    with pytest.raises(PluginError, match="feature family 'keeps_to_itself' is there already"):
        catalogue.add(FINE)
    both = (FeatureOutput("new", "x", "x"), FINE.outputs[0])
    with pytest.raises(PluginError, match="output 'keeps_to_itself' is one of 'keeps_to_itself' already"):
        catalogue.add(replace(FINE, name="other", outputs=both))
    with pytest.raises(UnknownComponent):
        catalogue.find("new")
