"""All that `kpi web` knows: takes records, answers questions, and tells those who listen. No I/O; `now` is given."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from alerting.notification import MalformedAlert, Notification
from models import status
from models.kpi import Catalogue, Kpi
from streams.monitoring.behind import PIPELINE_BEHIND
from streams.publication import VALUES_TOPIC
from streams.publication_alerts import TOPIC as ALERTS_TOPIC
from streams.web.alert_book import AlertBook
from streams.web.answers import AlertsAnswer, Hello, LedgerAnswer, OverviewAnswer, SeriesAnswer, ValuesAnswer
from streams.web.feed import Channel, Feed
from streams.web.lines import Lines
from streams.web.pipeline import Pipeline
from streams.web.segments import Segments
from streams.web.spans import Spans
from streams.web.store import TOTAL, Change, Store
from streams.web.tiles import Tiles
from streams.web.wanted import Wanted, wanted_values

TOPICS: Final = (VALUES_TOPIC, ALERTS_TOPIC, status.TOPIC)
ALERT: Final[Channel] = ("alert",)
LEDGER: Final[Channel] = ("ledger",)
WATCHED_US: Final = 60_000_000  # a window that was looked at is told of for who comes again
SETTLED_US: Final = 10_000_000  # segments come by partitions of their own, within moments of the alert
SETTLED_AT_ONCE: Final = 20  # an explanation takes some ms

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Young:
    """An alert whose explanation may change; `shown` as it was told last."""

    told: Notification
    until_us: int
    shown: bytes


@dataclass(slots=True)
class Desk:
    """`catalogue` in its order; `version`: of the product. Records are told to listeners once `caught_up`."""

    catalogue: Catalogue
    spans: Spans
    store: Store
    alerts: AlertBook
    pipeline: Pipeline
    feed: Feed
    version: str
    caught_up: bool = False
    malformed: int = 0
    read: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOPICS, 0))  # records by topic
    last_read_us: int | None = None
    _watched_us: dict[str, int] = field(default_factory=dict)  # by window
    _told: dict[tuple[str, ...], bytes] = field(default_factory=dict)  # tiles as they were told last
    _young: dict[str, _Young] = field(default_factory=dict)  # alerts by key

    def take(self, topic: str, key: bytes | None, value: bytes | None, now_us: int) -> None:
        """A record of one of TOPICS; what is malformed is counted."""
        self.read[topic] += 1
        self.last_read_us = now_us
        try:
            if topic == VALUES_TOPIC:
                self._take_value(key, value)
            elif topic == ALERTS_TOPIC:
                self._take_alert(key, value, now_us)
            else:
                self.pipeline.take(key, value)
        except (MalformedAlert, msgspec.DecodeError, UnicodeDecodeError):
            self.malformed += 1

    def catch_up(self) -> None:
        """The topics were read to where they ended: what is known is what is published."""
        if not self.caught_up:
            self.caught_up = True
            self.feed.reset()

    def tick(self, now_us: int) -> None:
        """About once a second: tiles that changed, the ledger, alerts whose explanation has changed."""
        if not self.caught_up:
            return
        for window in self._looked_at(now_us):
            self._tell_tiles(window)
        self._tell(LEDGER, "ledger", "ledger", _encode(self.ledger(now_us)))
        for key, young in list(self._young.items()):
            self._tell_alert(young.told, young.shown, young.until_us)
            if now_us >= young.until_us:
                del self._young[key]
        for told in [one for one in self.alerts.unsettled() if one.key not in self._young][:SETTLED_AT_ONCE]:
            self.alerts.settle(told)

    def channels(self, window: str, kpi: str | None, dimension: str | None) -> list[Channel]:
        """What a page listens to."""
        segments: list[Channel] = []
        if kpi is not None and dimension is not None and dimension != TOTAL:
            segments.append(("value", kpi, window, dimension))
        return [("value", window), ("tile", window), ALERT, LEDGER, *segments]

    def hello(self, since: str | None) -> bytes:
        """The first event of a stream that goes on after `since`; None: from now on."""
        at = self.feed.position if since is None else since
        head = b"" if since is not None else b"id: %s\n" % at.encode()
        return head + b"event: hello\ndata: %s\n\n" % _encode(Hello(self.version, at))

    def overview(self, window: str) -> OverviewAnswer:
        """All that the tiles need."""
        tiles = self._tiles
        lined = [tiles.lined(tile) for tile in tiles.of_window(window, self.alerts.firing())]
        return OverviewAnswer(window, lined, self.feed.position)

    def series(self, kpi: Kpi, window: str, dimension: str, segment: str) -> SeriesAnswer:
        """See Lines.series."""
        return Lines(self.store, self.spans).series(kpi, window, dimension, segment)

    @property
    def segments(self) -> Segments:
        """Answers by segment."""
        return Segments(self.store, self.spans)

    def values(self, wanted: Wanted) -> ValuesAnswer:
        """See wanted_values."""
        return wanted_values(self.store, wanted)

    def told(self) -> AlertsAnswer:
        """What fires, and the last transitions."""
        shown = self.alerts.shown
        return AlertsAnswer([*map(shown, self.alerts.firing())], [*map(shown, self.alerts.history())])

    def ledger(self, now_us: int) -> LedgerAnswer:
        """Of all inputs."""
        behind = [one.alert.value for one in self.alerts.firing() if one.alert.rule == PIPELINE_BEHIND.name]
        return self.pipeline.answer(now_us, (behind[0] or 0.0) if behind else None)

    @property
    def kpis(self) -> Mapping[str, Kpi]:
        """Those of the catalogue."""
        return self.catalogue.kpis

    @property
    def _tiles(self) -> Tiles:
        return Tiles(self.kpis, Lines(self.store, self.spans), self.pipeline)

    def _take_value(self, key: bytes | None, value: bytes | None) -> None:
        change = self.store.take(key, value)
        if change is not None and self.caught_up:
            self._tell(_channel(change), "value", (*change.kind, change.segment, change.start_s), change.raw)

    def _take_alert(self, key: bytes | None, value: bytes | None, now_us: int) -> None:
        told = self.alerts.take(key, value)
        if told is None or not self.caught_up:
            return
        self._tell_alert(told, b"", now_us + SETTLED_US)

    def _tell_alert(self, told: Notification, before: bytes, until_us: int) -> None:
        shown = bytes(self.alerts.shown(told))
        if shown != before:
            self._tell(ALERT, "alert", told.key, shown)
        self._young[told.key] = _Young(told, until_us, shown)

    def _looked_at(self, now_us: int) -> Iterable[str]:
        for window in self.spans.kinds:
            if self.feed.heard(("tile", window)):
                self._watched_us[window] = now_us
        return [window for window, at_us in self._watched_us.items() if now_us - at_us < WATCHED_US]

    def _tell_tiles(self, window: str) -> None:
        for tile in self._tiles.of_window(window, self.alerts.firing()):
            name, data = (tile.kpi, window), _encode(tile)
            if self._told.get(name) != data:
                self._told[name] = data
                self._tell(("tile", window), "tile", tile.kpi, data)

    def _tell(self, channel: Channel, kind: str, key: Hashable, data: bytes) -> None:
        self.feed.publish(channel, kind, key, data)


def _channel(change: Change) -> Channel:
    if change.kind.dimension == TOTAL:
        return "value", change.kind.window
    return ("value", *change.kind)
