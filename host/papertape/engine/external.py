"""External series of a session: named in its configuration, put between the batches of its feed as events."""

from bisect import bisect_right
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any

from papertape.contract.errors import ConfigError, PapertapeError, TapeSourceChanged
from papertape.contract.feed import Block, Event, Feed, LiveFeed, Standpoint
from papertape.contract.series import Series, SeriesRecord, standing
from papertape.engine.config import SessionConfig
from papertape.engine.discovery import Plugins

Told = dict[str, SeriesRecord]
"""The record of each series that stands, of those that have been put between batches."""


def series_of(config: SessionConfig, plugins: Plugins) -> dict[str, Series]:
    """The series of a session, by the names that features have for them. Raises `RequestError` kinds."""
    found: dict[str, Series] = {}
    names = [spec.name for spec in config.external]
    for spec in config.external:
        if spec.name is None or names.count(spec.name) > 1:
            raise ConfigError(f"external: give each series a name of its own (name=...) to ask for it by: {spec.kind}")
        found[spec.name] = plugins.find("series", spec.kind).create(spec.kind, spec.params)
    return found


def with_series(feed: Feed, series: Mapping[str, Series], source: Mapping[str, Any] | None) -> Feed:
    """The feed with the records of `series` between its batches. `source`: what the tape says of both, if anything.

    Raises `TapeSourceChanged` where a series is read from a file that is not the one on the tape, and as `standing`
    does; the feed is closed then.
    """
    try:
        return _joined_feed(feed, series, source) if series else feed
    except BaseException:
        feed.close()
        raise


def _joined_feed(feed: Feed, series: Mapping[str, Series], source: Mapping[str, Any] | None) -> Feed:
    if isinstance(feed, LiveFeed):
        return LiveWithSeries(feed, series)
    hashes = {path: found for each in series.values() for path, found in each.hashes().items()}
    for path, said in (source or {}).get("series", {}).items():
        if hashes.get(path) != said:
            raise TapeSourceChanged(f"{path} is not the file that the session was recorded with; put that file back")
    return WithSeries(feed, series, hashes)


class WithSeries(Feed):
    """A feed that can be read again, and what was known from elsewhere at each of its batches."""

    def __init__(self, feed: Feed, series: Mapping[str, Series], hashes: Mapping[str, str]) -> None:
        super().__init__()
        self.feed = feed
        self.hashes = hashes
        self.symbols, self.timeframe = feed.symbols, feed.timeframe
        self.instruments, self.warmed, self.funded = feed.instruments, feed.warmed, feed.funded
        self._records = {name: standing(each, name) for name, each in series.items()}

    def describe(self) -> Mapping[str, Any]:
        return {**self.feed.describe(), "series": dict(self.hashes)}

    def blocks(self, start: int = 0) -> Iterator[Block]:
        told: Told = {}
        for block in self.feed.blocks(start):
            yield joined(block, self._records, told)

    def total(self) -> int | None:
        return self.feed.total()

    def close(self) -> None:
        self.feed.close()


class LiveWithSeries(LiveFeed):
    """A live feed, and what is known from elsewhere when each of its batches comes.

    A series that cannot be read is refused at the start; later on its last good records stand in for it, and people are
    told when that begins, when it fails in another way, and when it ends.
    """

    def __init__(self, feed: LiveFeed, series: Mapping[str, Series]) -> None:
        super().__init__()
        self.feed = feed
        self.series = series
        self.symbols, self.timeframe = feed.symbols, feed.timeframe
        self.instruments, self.funded = feed.instruments, feed.funded
        self._records = {name: standing(each, name) for name, each in series.items()}
        self._failing: dict[str, type[BaseException]] = {}
        self._news: list[str] = []
        self._told: Told = {}

    def describe(self) -> Mapping[str, Any]:
        return self.feed.describe()

    def warm(self, lookbacks: Mapping[str, int]) -> Block:
        block = self.feed.warm(lookbacks)
        self.warmed = self.feed.warmed
        return self._join(block)

    def news(self) -> Iterator[str]:
        yield from self.feed.news()
        while self._news:
            yield self._news.pop(0)

    def follow(self, since: Standpoint) -> Generator[Block | None]:
        for block in self.feed.follow(since):
            yield None if block is None else self._join(block)

    def close(self) -> None:
        self.feed.close()

    def _join(self, block: Block) -> Block:
        for name in self.series:
            self._ask(name)
        return joined(block, self._records, self._told)

    def _ask(self, name: str) -> None:
        try:
            self._records[name] = standing(self.series[name], name)
        except PapertapeError as error:
            kind = type(error.__cause__ or error)
            if self._failing.get(name) is not kind:
                self._news.append(f"external series {name!r} cannot be read, what it said before stands: {error}")
            self._failing[name] = kind
        else:
            if self._failing.pop(name, None):
                self._news.append(f"external series {name!r} can be read again")


def joined(block: Block, records: Mapping[str, list[SeriesRecord]], told: Told) -> Block:
    """The block with an event for each record, before the first batch that closes when it was known or later.

    `records`: as `standing` gives them. Of what was known before the block began, and is not yet told, the one that
    stands.
    """
    events: list[tuple[int, Event]] = []
    for name, known in records.items():
        until = bisect_right(known, block.times[-1], key=_available) if block.times else 0
        since = bisect_right(known, _rank(told[name]), key=_rank) if name in told else 0
        if block.times:
            since = max(since, bisect_right(known, block.times[0], key=_available) - 1)
        for record in known[since:until]:
            place = _first_from(block.times, record.available)
            events.append((place, {"external": name, **record._asdict()}))
            told[name] = record
    if not events:
        return block
    return replace(block, events=tuple(sorted([*block.events, *events], key=lambda event: event[0])))


def _first_from(times: list[int], available: int) -> int:
    """The number of the first batch that closes at a time or later."""
    return bisect_right(times, available - 1)


def _rank(record: SeriesRecord) -> tuple[int, int]:
    return record.valid, record.available


def _available(record: SeriesRecord) -> int:
    return record.available
