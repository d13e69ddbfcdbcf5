"""`papertape models attribution`: what each member of an ensemble contributed."""

from pathlib import Path

import click

from papertape.cli.options import db_option, json_option
from papertape.cli.output import Progress, print_json, print_table, print_text
from papertape_ml.commands.models_options import registry_option


@click.command()
@click.argument("session")
@click.option("--fusion", metavar="NAME", help="Which fusion, where the session has several.")
@click.option("--orders", type=click.IntRange(1, 100_000), metavar="N", help="Random orders to ask, instead of all.")
@click.option("--seed", default=7, show_default=True, type=click.IntRange(0), help="Of the random orders.")
@registry_option
@db_option
@json_option
def attribution(
    session: str, fusion: str | None, orders: int | None, seed: int, registry: Path | None, db: str, as_json: bool
) -> None:
    """What each strategy contributed to the result of a session's fusion: Shapley values, which add up to the total.

    The session is folded again, and the fusion asked what it would have decided without some of its members. Counted is
    the net return of its votes: an equal stake in each symbol, from close to close, with the taker's fee; not the
    sizes, brackets and rules of its book. Up to 10 members all coalitions are asked; of more, 200 random orders.

    Example: papertape models attribution f2y64g --fusion weighted-vote
    """
    from papertape.engine.config import Spec
    from papertape.engine.discovery import load_plugins
    from papertape.engine.models import REGISTRY
    from papertape.ledger.store import Ledger
    from papertape_ml.attribution import attribute

    plugins = load_plugins()
    store = None if registry is None else Spec(REGISTRY, {"path": str(registry)})
    with Ledger.open(db) as ledger:
        row = ledger.find(session)
        with Progress("fold", row.snapshots, "batches") as folding, Progress("ask", unit="coalitions") as asking:
            found = attribute(
                ledger,
                row,
                plugins,
                fusion,
                orders=orders,
                seed=seed,
                store=store,
                folding=folding.update,
                asking=asking.update,
            )
    if as_json:
        members = [
            {"member": member, "contribution": share, "alone": found.alone[member]}
            for member, share in found.contributions.items()
        ]
        print_json({
            "session": found.session, "fusion": found.fusion, "total": found.total, "members": members,
            "coalitions": found.coalitions, "orders": found.orders, "seed": None if found.orders is None else seed,
        })  # fmt: skip
        return
    ranked = sorted(found.contributions.items(), key=lambda each: -each[1])
    print_table(
        ["member", "contribution", "alone"],
        [[name, f"{share:+.4%}", f"{found.alone[name]:+.4%}"] for name, share in ranked]
        + [[f"all of {found.fusion}", f"{found.total:+.4%}", ""]],
        "<>>",
    )
    if found.orders is not None:
        print_text("", f"Estimated from {found.orders:,} random orders and their reversals.")
