"""The last revision of every window, from the records of `kpi-values`; a record is decoded only when it is shown.

A key is `kpi|window|dimension|start|segment`, its start in RFC 3339 UTC, so that keys compare as they should.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_PROVISIONAL = b'"status":"provisional"'  # in a JSON text the quotes of a segment are escaped: never in a name


class WindowKey(NamedTuple):
    """A record's key in its parts."""

    kpi: bytes
    window: bytes
    dimension: bytes
    start: bytes
    segment: bytes

    @property
    def series(self) -> tuple[bytes, bytes, bytes, bytes]:
        """Without the start."""
        return (self.kpi, self.window, self.dimension, self.segment)


def window_key(key: bytes) -> WindowKey:
    """The segment comes last: it alone may hold the separator."""
    return WindowKey(*key.split(b"|", 4))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which values are asked for; None: all. `final`: no provisional revisions."""

    kpi: str | None = None
    window: str | None = None
    dimension: str | None = None
    segment: str | None = None
    final: bool = False

    @property
    def totals(self) -> "Choice":
        """The same for the total alone, unless a slice is asked for."""
        if self.dimension is not None or self.segment is not None:
            return self
        return Choice(self.kpi, self.window, "all", "all", self.final)

    def names(self) -> tuple[tuple[int, bytes], ...]:
        """What parts of a key must be: position and text."""
        asked = (self.kpi, self.window, self.dimension, None, self.segment)
        return tuple((place, text.encode()) for place, text in enumerate(asked) if text is not None)


@dataclass(slots=True)
class Revisions:
    """Takes records in the order of their partitions; what was taken last is the last revision."""

    choice: Choice
    _last: dict[bytes, bytes] = field(default_factory=dict)
    _names: tuple[tuple[int, bytes], ...] = field(init=False)

    def __post_init__(self) -> None:
        self._names = self.choice.names()

    def __len__(self) -> int:
        return len(self._last)

    def wants(self, key: bytes | None, value: bytes | None) -> bool:
        """Whether the choice holds for a record. A deletion has no status."""
        if key is None or key.count(b"|") < len(WindowKey._fields) - 1:
            return False
        if self.choice.final and value is not None and _PROVISIONAL in value:
            return False
        parts = key.split(b"|", 4) if self._names else ()
        return all(parts[place] == text for place, text in self._names)

    def take(self, key: bytes | None, value: bytes | None) -> bool:
        """Whether the record was wanted."""
        if key is None or not self.wants(key, value):
            return False
        if value is None:
            self._last.pop(key, None)
        else:
            self._last[key] = value
        return True

    def keep_latest(self) -> None:
        """Only the newest window of each series stays."""
        newest: dict[tuple[bytes, ...], tuple[bytes, bytes]] = {}
        for key in self._last:
            parts = window_key(key)
            before = newest.get(parts.series)
            if before is None or parts.start > before[0]:
                newest[parts.series] = (parts.start, key)
        self._last = {key: self._last[key] for _, key in newest.values()}

    def by_key(self) -> Iterator[bytes]:
        """The records in the order of their keys."""
        return (self._last[key] for key in sorted(self._last))

    def newest_first(self) -> Iterable[bytes]:
        """The records, the windows that began last first, then in the order of their keys."""
        keys = sorted(sorted(self._last), key=lambda key: window_key(key).start, reverse=True)
        return (self._last[key] for key in keys)
