"""Every metric family of `kpi worker` but the KPIs' own, and of `kpi notify`, with its labels: what is documented."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from models.kpi import Kpi
from models.kpi_value import KpiValue, Series, Status, Unit
from models.outcome import Ledger, Outcome
from models.slices import TOTAL
from streams.delivering.metrics import Notifications
from streams.histogram import Histogram
from streams.measuring.heartbeat import Counts
from streams.metrics import Snapshot, SnapshotCollector
from streams.metrics_alerts import Firing
from streams.metrics_process import BuildCollector

_SHARE = KpiValue(Series("share", "1d", *TOTAL), 0, 0, Unit.RATIO, 0, 1, 2, (0.0, 1.0), Status.FINAL, 1, 0, "", 0)


def exported() -> Iterator[Metric]:
    """Of a worker that has something of everything, so that the labels are seen, and of `kpi notify`."""
    place = ("stage", "table")
    snapshot = Snapshot(
        values=[_SHARE],
        alerts=[Firing(*Firing._fields)],
        ledgers={("topic", "partition"): Ledger()},
        heartbeats={("topic", "partition"): Counts()},
        watermarks_us={"topic": 0},
        lag={"topic": 0},
        rows={place: 0},
        table_bytes={place: 0},
        named_segments={"dimension": 0},
        folded_cells={"dimension": 0},
        tasks={"stage": 0},
        commits={"stage": Histogram()},
        last_commits_s={"stage": 0},
        written={"stage": 0},
        clv_fit="",
        clv_parameters={Outcome.COUNTED: 0},
        fx_rates={Outcome.COUNTED: 0},
    )
    kpi = Kpi("share", "", Unit.RATIO, (), None, proportion=True, windows=(), by=())
    collected = SnapshotCollector(snapshot, {kpi.name: kpi}, "GBP").collect()
    yield from (family for family in collected if family.name != kpi.metric)
    registry = CollectorRegistry()
    registry.register(BuildCollector())
    Notifications(registry, lambda: 0).expect("receiver")
    yield from registry.collect()
