"""`papertape train trials`: what searches have tried."""

from typing import Any

import click

from papertape.cli.options import home, json_option
from papertape.cli.output import print_fields, print_json, print_table, print_text
from papertape_ml.commands.train_output import shown

_FIGURES = ("logloss", "accuracy", "net_return", "sharpe", "trades")


@click.command()
@click.argument("name", required=False)
@click.option("--study", metavar="URL", help="Database of studies. Default: a file in PAPERTAPE_HOME.")
@json_option
def trials(name: str | None, study: str | None, as_json: bool) -> None:
    """Every trial of a study: its settings, what it came to, where it was given up. Without NAME, all studies.

    Below stands what choosing among so many costs: the probability that the choice overfits (pbo), and how likely the
    best trial's Sharpe ratio is more than luck (dsr).

    Example: papertape train trials signal-1f0c2a9b
    """
    from papertape_ml.search.report import document
    from papertape_ml.search.study import found, names, place_of

    if name is None:
        there = sorted(names(place_of(study, home(), "-")))
        if as_json:
            print_json({"studies": there})
        else:
            print_text(*there or ["There are no studies yet: papertape train KIND --search N makes one."])
        return
    place = place_of(study, home(), name)
    with found(place) as study_there:
        report = document(place, study_there)
    if as_json:
        print_json(report)
    else:
        print_trials(report)


def print_trials(report: dict[str, Any]) -> None:
    """The trials of `search.report.document`, a line each, and below what choosing among them costs."""
    goal = str(report["objective"])
    figures = [key for key in _FIGURES if key.replace("_", "-") != goal]
    rows = report["all_trials"]
    there = [key for key in figures if any(key in each["figures"] for each in rows)]
    settings = list(dict.fromkeys(key for each in rows for key in each["settings"]))
    print_table(
        ["trial", "state", goal, *there, *settings],
        [
            [each["number"], each["state"], shown(each["value"]), *(shown(each["figures"].get(key)) for key in there),
             *(shown(each["settings"].get(key)) for key in settings)]
            for each in rows
        ],
        "><" + ">" * (1 + len(there) + len(settings)),
    )  # fmt: skip
    print_text("")
    costs = ("trials", "completed", "pruned", "sharpe_variance", "pbo", "dsr")
    print_fields({key.replace("_", " "): shown(report[key]) for key in costs})
