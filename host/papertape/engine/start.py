"""Starting a session: built, checked against its first candles, and opened in the ledger."""

from dataclasses import dataclass
from decimal import Decimal

from papertape.broker.money import add, exact, multiply, plain
from papertape.contract.candle import CLOSE
from papertape.contract.errors import ConfigError
from papertape.contract.feed import Block, Feed, LiveFeed
from papertape.contract.risk import Sizer
from papertape.engine.build import Built, build
from papertape.engine.config import SessionConfig
from papertape.engine.discovery import Plugins
from papertape.engine.feeding import heard, make_feed, meant, needed
from papertape.engine.keeper import first_effects
from papertape.engine.models import Models, models_of
from papertape.engine.tape import canonical, header_row
from papertape.ledger.store import Ledger, SessionRow
from papertape.ledger.writer import SessionWriter


@dataclass(frozen=True, slots=True)
class Started:
    """A new session, ready to run."""

    feed: Feed
    built: Built
    writer: SessionWriter


def start(
    ledger: Ledger,
    name: str,
    config: SessionConfig,
    plugins: Plugins,
    created_at: int,
    models: Models | None = None,
) -> Started:
    """Opens a session called `name` in the ledger; `created_at`: ms UTC. `models`: its models, where the caller has
    opened them already; they are the caller's to close (`built.asked.models`).

    Raises `RequestError` kinds for all that is known to be wrong before the first candle; nothing is kept then.
    """
    config = heard(config, ledger)
    if models is None:
        models = models_of(config, plugins, ledger, meant(config, ledger))
    try:
        feed = make_feed(config, plugins, ledger, models)
        try:
            return _opened(ledger, name, config, plugins, created_at, feed, models)
        except BaseException:
            feed.close()
            raise
    except BaseException:
        models.close()
        raise


def _opened(
    ledger: Ledger, name: str, config: SessionConfig, plugins: Plugins, created_at: int, feed: Feed, models: Models
) -> Started:
    if config.allow_demote and not isinstance(feed, LiveFeed):
        raise ConfigError(
            f"allow_demote (--allow-demote) is for live sessions: the feed {config.feed.kind} is none, and what is "
            "replayed or simulated moves no alias"
        )
    warm_up = Block([], [])
    if isinstance(feed, LiveFeed):
        warm_up = feed.warm(needed(config, plugins, feed, models))
    total = feed.total()
    if feed.warmed and total is not None and total <= feed.warmed:
        raise ConfigError(
            f"all {total:,} batches of the feed would only warm up (warmup is {feed.warmed:,}): lower --warmup"
        )
    built = build(config, plugins, feed, models)
    check_affordable(config, built, warm_up if isinstance(feed, LiveFeed) else next(feed.blocks(), warm_up))
    built.session.start(built.contexts)
    header = header_row(config, feed, built)
    row = SessionRow(
        id=name,
        created_at=created_at,
        status="running",
        epoch=1,
        config=canonical(config.document()),
        feed=canonical(dict(feed.describe())),
        symbols=canonical(list(feed.symbols)),
        timeframe=feed.timeframe,
        seed=config.seed,
        code=canonical(built.code),
    )
    return Started(feed, built, ledger.create(row, first_effects(header, built, warm_up)))


def check_affordable(config: SessionConfig, built: Built, block: Block) -> None:
    """Refuses a session that could never buy: a lot, or a sizer's set quantity, above all cash at the first close in
    its first block."""
    sizer = next((part.component for part in built.parts if isinstance(part.component, Sizer)), None)
    quantity = getattr(sizer, "quantity", None)
    fixed = quantity if isinstance(quantity, Decimal) else None  # another's sizer may mean something else by the name
    for slot, instrument in enumerate(built.instruments):
        close = next((row[CLOSE] for rows in block.rows if (row := rows[slot]) is not None), None)
        if close is None:
            continue
        unit = multiply(exact(close), add(Decimal(1), max(instrument.taker, Decimal(0))))
        power = multiply(config.cash, instrument.leverage)
        least, what = (fixed, "the sizer's quantity") if fixed is not None else (instrument.lot, "one lot")
        if multiply(unit, max(least, instrument.lot)) > power:
            raise ConfigError(
                f"{instrument.symbol}: {what} of {plain(least)} costs {plain(multiply(unit, least))} "
                f"{instrument.quote} at the first close, more than the cash of {plain(config.cash)}: "
                "lower it, or give more --cash"
            )
