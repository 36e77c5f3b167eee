"""Clicks booked one by one into a table of visitors, and the sums of what they add."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from models import measure
from models.click import Click
from models.kpi import Catalogue
from models.kpis_file import load_kpis
from models.outcome import Outcome
from models.session import SessionRules
from models.slices import TOTAL, Slice
from models.window import windows
from session_oracle import S, Seen, Sums
from streams.measuring.additions import Additions
from streams.measuring.deltas import Needs, by_slice
from streams.measuring.sessions import ClickBooking

RULES = SessionRules(
    retention_us=86_400 * S,
    gap_us=1_800 * S,
    allowed_lateness_us=60 * S,
    clicks_per_minute=120,
    conversion_events=("purchase",),
)
KINDS = {name: kind for name, kind in windows(ZoneInfo("UTC")).items() if name in {"1m", "5m", "1h", "1d"}}
DIMENSIONS = ("channel", "device")
HORIZON_US, OUT_OF_ORDERNESS_US = 3_600 * S, 5 * S
DAY = "1d"
START_US = 1_772_452_800 * S  # 2026-03-02 12:00:00 UTC


def of_all_measures(dimensions: Iterable[str] = DIMENSIONS) -> Catalogue:
    """A KPI for every measure of sessions, in all windows."""
    names = [name for name, one in measure.MEASURES.items() if one.feeds[0] == "clickstream"]
    listed = ", ".join(dimensions)
    kpis = "\n".join(
        f"  {name}: {{help: x, numerator: {name}, windows: [1m, 5m, 1h, 1d], by: [{listed}]}}" for name in names
    )
    return load_kpis(f"kpis:\n{kpis}\n", "kpis.yaml")


class Clicking:
    """A task of one partition without the stage around it: the watermark follows the latest event."""

    def __init__(self, rules: SessionRules = RULES, catalogue: Catalogue | None = None) -> None:
        self.catalogue = catalogue or of_all_measures()
        self.booking = ClickBooking(self.catalogue, HORIZON_US, OUT_OF_ORDERNESS_US, rules)
        self.visitors = self.booking.table()
        self.additions = Additions()
        self.latest_us = 0
        self._changelog: dict[bytes, bytes | None] = {}

    def watermark(self, at_us: int) -> None:
        self.latest_us = max(self.latest_us, at_us + OUT_OF_ORDERNESS_US)

    def click(self, seen: Seen, **fields: str | None) -> Outcome | None:
        named = dict(zip(DIMENSIONS, seen.segments, strict=False)) | fields
        event = msgspec.convert(
            {
                "event_id": seen.event_id,
                "timestamp": datetime.fromtimestamp(seen.at_us / S, UTC),
                "visitor_id": seen.visitor,
                "session_id": seen.session,
                "event_type": seen.kind,
                **named,
            },
            Click,
        )
        late_us = self.latest_us - OUT_OF_ORDERNESS_US - HORIZON_US
        outcome = self.booking.book(self.visitors, event, seen.at_us, self.additions, late_us)
        if outcome is None:
            self.latest_us = max(self.latest_us, seen.at_us)
        return outcome

    def restart(self) -> None:
        """The table is written to its changelog and read back by another program."""
        self._changelog |= self.visitors.drain()
        self.visitors = self.booking.table()
        for key, value in self._changelog.items():
            self.visitors.restore(key, value)

    def sums(self) -> Sums:
        needs = Needs.of(self.catalogue, KINDS)
        found: Sums = Counter()
        for piece, additions in by_slice(self.additions, needs).items():
            for addition, n in additions.items():
                for window, first, stop in needs.ranges.of(addition):
                    for number in range(first, stop):
                        found[addition[0], window, number, piece] += n
        return Counter({key: n for key, n in found.items() if n})


def click(
    seconds: float, session: str | None = "s", kind: str = "search", visitor: str = "v", channel: str = "Direct"
) -> Seen:
    name = f"{seconds}-{kind}-{visitor}-{(session or '')[-20:]}"
    return Seen(name, visitor, session, START_US + round(seconds * S), kind, (channel, "mobile"))


def day(clicking: Clicking, name: str, piece: Slice = TOTAL) -> int:
    number = KINDS[DAY].grid.pane(START_US)
    return clicking.sums()[name, DAY, number, piece]


def of(*clicks: Seen) -> Clicking:
    clicking = Clicking()
    for one in clicks:
        assert clicking.click(one) is None
    return clicking
