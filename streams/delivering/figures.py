"""What was published, as far as alerts may have to be explained: the figures of the last windows that rules watch.

Memory is bounded twice: a window goes once it is further back than it is compared, and in all there are MAX_ROWS, of
which those that came first go first. One that has just come stays for GRACE: in a replay months come at once, and the
alerts of each after them. No I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import islice
from typing import Final

import msgspec

from alerting.contribution import Counts
from alerting.explanation import Slices
from models.kpi_value import Unit

Kind = tuple[str, str]
"""KPI and window."""

MAX_ROWS: Final = 300_000  # about 400 bytes each
GRACE_US: Final = 600_000_000
_PARTS: Final = 4  # separators of a key
_AT_ONCE: Final = 8  # more than come in between
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Record(msgspec.Struct, frozen=True, gc=False):
    """Of a record of `kpi-values`, what is used."""

    kpi: str
    window: str
    end: datetime
    dimension: str
    segment: str
    unit: Unit
    numerator: int | float | str
    denominator: int | None


_decode = msgspec.json.Decoder(_Record).decode


@dataclass(slots=True)
class _Window:
    """`came_us`: when its first value was read, wall clock."""

    came_us: int
    slices: dict[str, dict[str, Counts]] = field(default_factory=dict)


@dataclass(slots=True)
class Figures:
    """`kept_us`: by kind that is watched, how much event time before its newest window is kept."""

    kept_us: Mapping[Kind, int] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    max_rows: int = MAX_ROWS
    rows: int = 0
    _windows: dict[Kind, dict[int, _Window]] = field(default_factory=dict)
    _names: frozenset[tuple[bytes, bytes]] = frozenset()

    def __post_init__(self) -> None:
        self.watch(self.kept_us)

    def watch(self, kept_us: Mapping[Kind, int]) -> None:
        """Other rules: of what they watch anew, values are known from now on."""
        self.kept_us = kept_us
        self._names = frozenset((kpi.encode(), window.encode()) for kpi, window in kept_us)
        for kind in self._windows.keys() - kept_us.keys():
            for end_us in list(self._windows[kind]):
                self._drop(kind, end_us)

    def take(self, key: bytes | None, value: bytes | None, now_us: int = 0) -> bool:
        """A record of `kpi-values`, read now (wall clock); whether it is one to keep. Others are not decoded."""
        if key is None or value is None or key.count(b"|") < _PARTS:
            return False
        kpi, window, _ = key.split(b"|", 2)
        if (kpi, window) not in self._names:
            return False
        self._put(_decode(value), now_us)
        return True

    def at(self, kpi: str, window: str, end_us: int) -> Slices:
        """The figures of a window by dimension and segment, none if it is not known."""
        its = self._windows.get((kpi, window), {}).get(end_us)
        return {} if its is None else its.slices

    def _put(self, record: _Record, now_us: int) -> None:
        kind, end_us = (record.kpi, record.window), (record.end - _EPOCH) // timedelta(microseconds=1)
        ends = self._windows.setdefault(kind, {})
        if end_us not in ends:
            self._forget(kind, end_us - self.kept_us[kind], now_us - GRACE_US)
            ends[end_us] = _Window(now_us)
        segments = ends[end_us].slices.setdefault(record.dimension, {})
        self.rows += record.segment not in segments
        denominator = None if record.denominator is None else Fraction(record.denominator)
        segments[record.segment] = Counts(Fraction(record.numerator), denominator)
        self.units[record.kpi] = record.unit
        while self.rows > self.max_rows:
            self._drop(*self._first())

    def _forget(self, kind: Kind, before_us: int, came_before_us: int) -> None:
        """From the first that came on: nearly the order of time, so that there is little to look through."""
        for end_us, window in list(islice(self._windows[kind].items(), _AT_ONCE)):
            if end_us >= before_us or window.came_us > came_before_us:
                return
            self._drop(kind, end_us)

    def _first(self) -> tuple[Kind, int]:
        firsts = ((next(iter(ends.items())), kind) for kind, ends in self._windows.items() if ends)
        (end_us, _), kind = min(firsts, key=lambda one: one[0][1].came_us)
        return kind, end_us

    def _drop(self, kind: Kind, end_us: int) -> None:
        window = self._windows[kind].pop(end_us)
        self.rows -= sum(map(len, window.slices.values()))
