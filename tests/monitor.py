"""One task of the monitor in memory, for scenarios of what the first stages may book: measures in, values out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flow import DAY, Sent
from models import delta
from models.delta import Mark
from models.kpi_value import KpiValue, Status
from models.kpis_file import load_kpis
from models.measure import FEEDS, MEASURES
from models.order_fact import BY_CUSTOMER, BY_VISITOR
from models.settings import Settings
from models.slices import Slicing
from models.stage import Batch, Tick
from models.window import DAY_US, MINUTE_US
from streams.app import monitor_stage
from streams.measuring.additions import Additions
from streams.measuring.deltas import Needs, delta_records
from streams.monitoring.tables import MonitorOutput
from streams.topics import INPUTS

START_US = round(DAY.timestamp() * 1e6)
TOTAL = ("all", "all")
Published = dict[int, float | None]


def day(number: float) -> int:
    """A moment of the scenarios' days, us since 1970 UTC; day 0 is 2 March 2026, a Monday."""
    return START_US + round(number * DAY_US)


@dataclass
class Monitor:
    """`horizons_us` replaces those of the settings, by feed; a horizon of None is without end."""

    kpis: str
    settings: Settings = field(default_factory=Settings)
    horizons_us: Mapping[str, int | None] = field(default_factory=dict)
    partition: int = 0
    inputs: int = 1  # partitions of each input topic
    now_us: int = START_US + 400 * DAY_US
    values: list[KpiValue] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)  # values of each
    until: int = 10**9  # a step after that many is not made: the worker is dead
    log: dict[str, dict[bytes, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.catalogue = load_kpis(self.kpis, "kpis.yaml")
        partitions = dict.fromkeys((*INPUTS, BY_VISITOR, BY_CUSTOMER), self.inputs)
        partitions |= dict.fromkeys((delta.TOPIC, "kpi-values", "kpi-alerts"), 1)
        stage = monitor_stage(self.settings, self.catalogue, (), partitions)
        self.stage = replace(stage, horizons_us={**stage.horizons_us, **self.horizons_us})
        self.needs = Needs.of(self.catalogue, self.stage.windows)
        self.additions = Additions()
        self.restart()

    def restart(self) -> None:
        """Another worker takes over, with nothing but the changelog."""
        self.tables, self.until = self.stage.tables(self.partition), 10**9
        for table in self.tables.all():
            for key, value in self.log.get(table.name, {}).items():
                table.restore(key, value)
        self.stage.opened(self.tables, self.now_us)

    def book(self, measure: str, at_us: int, n: int = 1, **segments: str) -> None:
        """To be sent with the next mark."""
        dimensions = FEEDS[MEASURES[measure].feeds[0]].dimensions
        slices = Slicing(dimensions, dimensions).of(tuple(segments.get(name) for name in dimensions))
        self.additions.add(slices, measure, at_us // MINUTE_US, n)

    def mark(self, partition: int = 0, *, idle: bool = False, **watermarks_us: int | None) -> None:
        """A commit of a task of the first stages: what was booked, and watermarks of feeds (`ad_spend` is ad-spend).

        `idle`: its last look at the broker, just now, found nothing.
        """
        looked_us = self.now_us if idle else None
        marks = {feed.replace("_", "-"): Mark(at_us, looked_us, self.now_us) for feed, at_us in watermarks_us.items()}
        additions, self.additions = self.additions, Additions()
        records = delta_records(partition, additions, self.needs, marks, 1)
        batch = Batch(delta.TOPIC, 0, [Sent(record.topic, None, record.value) for record in records])
        self._take(self.stage.step(self.tables, batch, self.now_us))

    def tick(self, seconds: float = 1) -> None:
        """The wall clock goes on."""
        self.now_us += round(seconds * 1e6)
        self._take(self.stage.step(self.tables, Tick({}), self.now_us))

    def history(self, kpi: str, window: str, start_us: int, piece: tuple[str, str] = TOTAL) -> list[tuple[object, str]]:
        """What was published of one window, in its order: value and status."""
        its = (one for one in self.values if one.series == (kpi, window, *piece) and one.start_us == start_us)
        return [(one.value, one.status.value) for one in its]

    def closed(self, kpi: str, window: str, piece: tuple[str, str] = TOTAL) -> Published:
        """The last final or corrected value of every window, by start."""
        its = (one for one in self.values if one.series == (kpi, window, *piece))
        return {one.start_us: one.value for one in its if one.status is not Status.PROVISIONAL}

    def _take(self, output: MonitorOutput) -> None:
        while True:
            self.values += output.values
            self.steps.append(len(output.values))
            for table in self.tables.all():
                rows = self.log.setdefault(table.name, {})
                for key, value in table.drain():
                    if value is None:
                        rows.pop(key, None)
                    else:
                        rows[key] = value
            if not output.unfinished or len(self.steps) >= self.until:
                return
            output = self.stage.step(self.tables, Tick({}), self.now_us)
