"""What plugins see: frozen values, component bases, the hooks, and the errors. `papertape` re-exports all of it."""

from papertape.contract.candle import Candle, CandleFlag, Candles, Floats, Ints, Row
from papertape.contract.component import Component, Param
from papertape.contract.errors import (
    BadRow,
    CandleFileError,
    ConfigError,
    FeedUnreachable,
    InvalidValue,
    LedgerError,
    MissingExtra,
    PapertapeError,
    PluginError,
    RequestError,
    SchemaOutOfDate,
    SessionDiffers,
    SessionOwned,
    StaleSnapshot,
    TapeSourceChanged,
    UnknownComponent,
    UnknownSession,
)
from papertape.contract.execution import FeeModel, SlippageModel
from papertape.contract.feature import (
    Columns,
    FeatureFamily,
    FeatureOutput,
    FeatureParameter,
    Features,
    kernel,
)
from papertape.contract.feed import Block, Event, Feed, LiveFeed, Note, Standpoint
from papertape.contract.fusion import Council, Fusion, Stance
from papertape.contract.hookspecs import hookimpl
from papertape.contract.instrument import Instrument, Tier
from papertape.contract.model import Claim, LoadedModel, Model, ModelPin, ModelStore, Prediction, VersionedModel
from papertape.contract.order import Cancel, Fill, OrderRequest, Side, WorkingOrder
from papertape.contract.risk import Mark, RiskRule, Sizer, SizingRequest, Standing, Verdict
from papertape.contract.screen import Surroundings
from papertape.contract.series import Series, SeriesRecord
from papertape.contract.signal import Signal
from papertape.contract.snapshot import BookView, Position, Snapshot
from papertape.contract.strategy import Context, Strategy, Wish

__all__ = [
    "BadRow",
    "Block",
    "BookView",
    "Cancel",
    "Candle",
    "CandleFileError",
    "CandleFlag",
    "Candles",
    "Claim",
    "Component",
    "ConfigError",
    "Columns",
    "Context",
    "Council",
    "Event",
    "FeatureFamily",
    "FeatureOutput",
    "FeatureParameter",
    "Features",
    "Feed",
    "FeedUnreachable",
    "FeeModel",
    "Fill",
    "Floats",
    "Fusion",
    "Instrument",
    "Ints",
    "InvalidValue",
    "LedgerError",
    "LiveFeed",
    "LoadedModel",
    "Mark",
    "MissingExtra",
    "Model",
    "ModelPin",
    "ModelStore",
    "Note",
    "OrderRequest",
    "PapertapeError",
    "Param",
    "PluginError",
    "Position",
    "Prediction",
    "RequestError",
    "RiskRule",
    "Row",
    "SchemaOutOfDate",
    "Series",
    "SeriesRecord",
    "SessionDiffers",
    "SessionOwned",
    "Side",
    "Signal",
    "Sizer",
    "SizingRequest",
    "SlippageModel",
    "Snapshot",
    "StaleSnapshot",
    "Stance",
    "Standing",
    "Standpoint",
    "Strategy",
    "Surroundings",
    "TapeSourceChanged",
    "Tier",
    "UnknownComponent",
    "UnknownSession",
    "Verdict",
    "VersionedModel",
    "Wish",
    "WorkingOrder",
    "hookimpl",
    "kernel",
]
