"""Which window lies before a window, and how far back windows are kept. Seconds of event time since 1970 UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from models.kpi import Catalogue
from models.settings import Settings
from models.window import DAY_US, Window, windows
from models.window_definition import WEEK_US, defined_windows
from streams.monitoring.history import earlier

_S_US: Final = 1_000_000
DAY_S: Final = 86_400
FINE_S: Final = 8 * DAY_S
"""A week to compare with, and a day of corrections."""

CALENDAR_S: Final = 400 * DAY_S
"""As long as the topic."""


@dataclass(frozen=True)
class Spans:
    """`kinds` of windows by name; `zone`: business timezone."""

    kinds: Mapping[str, Window]
    zone: tzinfo

    @classmethod
    def of(cls, settings: Settings, catalogue: Catalogue) -> "Spans":
        """Those that everybody has and those defined beside them."""
        zone = ZoneInfo(settings.business_timezone)
        return cls(windows(zone) | defined_windows(catalogue.windows, zone), zone)

    def before_s(self, window: str, start_s: int) -> int:
        """Start of the window that ends where this one starts."""
        kind = self.kinds[window]
        return kind.start_us(kind.grid.pane(start_s * _S_US) - kind.panes) // _S_US

    def week_before_s(self, start_s: int) -> int:
        """A week before, by the local calendar."""
        return earlier(start_s * _S_US, WEEK_US, self.zone) // _S_US

    def start_s(self, window: str, end_us: int) -> int:
        """Start of the window that ends then."""
        kind = self.kinds[window]
        return kind.start_us(kind.grid.pane(end_us) - kind.panes) // _S_US

    def horizons_s(self) -> Mapping[str, int]:
        """By kind, how long windows of the total are kept after their start, before the newest one."""
        return {
            name: CALENDAR_S if kind.calendar else FINE_S + self._length_s(kind) for name, kind in self.kinds.items()
        }

    def least(self) -> Mapping[str, int]:
        """By kind, windows that are kept of any series: from the newest back to the one before it that ended then."""
        return {name: kind.panes + 2 for name, kind in self.kinds.items()}

    @staticmethod
    def _length_s(kind: Window) -> int:
        return min(kind.end_us(0) - kind.start_us(0), DAY_US) // _S_US
