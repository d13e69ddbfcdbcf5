"""Skender's results and spreadsheets, of 502 days of SPY, are what our features are there."""

import pytest
from tests.features.reference import skender
from tests.features.reference.agreement import Same, Table, compare
from tests.features.reference.data import needs_references, references
from tests.features.reference.skender_results import RESULTS
from tests.features.reference.skender_sheets import SHEETS, SHEETS_WITHOUT


def compared(table: Table) -> dict[str, Same]:
    return {name: same for name, same in table.items() if isinstance(same, Same)}


@needs_references
def test_every_result_is_in_the_table() -> None:
    files = (references() / "skender" / "results").glob("*.json")
    names = sorted(file.name.removesuffix(".standard.json") for file in files)
    assert set(RESULTS) == {f"{name}.{field}" for name in names for field in skender.results(name)}


@needs_references
def test_every_spreadsheet_is_in_the_table() -> None:
    files = {file.stem for file in (references() / "skender" / "excel").glob("*.csv")}
    assert {name.partition(".")[0] for name in SHEETS} | set(SHEETS_WITHOUT) == files


@needs_references
@pytest.mark.parametrize("name", compared(RESULTS))
def test_a_feature_is_what_skender_stored(name: str) -> None:
    file, _, field = name.partition(".")
    same = compared(RESULTS)[name]
    compare(same, skender.quotes(), skender.results(file)[field], least=30)


@needs_references
@pytest.mark.parametrize("name", compared(SHEETS))
def test_a_feature_is_what_the_spreadsheet_computes(name: str) -> None:
    file, _, column = name.partition(".")
    same = compared(SHEETS)[name]
    compare(same, skender.quotes(), skender.sheet(file)[column])
