"""The last line of the demo: what was published, counted, computed and told, and whether that is a success."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from models.outcome import Ledger
from models.settings import Settings
from streams.publication import KpiValueRecord, read_value
from streams.tools.alert_inbox import AlertInbox
from streams.tools.ledger import ledgers_by_topic, task_statuses
from streams.tools.quantile import Buckets, quantile
from streams.tools.revisions import Choice
from streams.tools.values import last_revisions

KPIS = ("conversion_rate", "average_order_value", "social_engagement_rate")
WINDOW = "1h"
"""The window whose newest values are shown: of the total, provisional or final."""


class Alerts(msgspec.Struct, frozen=True):
    """Transitions that were delivered."""

    fired: int
    resolved: int


class Delay(msgspec.Struct, frozen=True):
    """From the broker's timestamp of an event to the first snapshot that has counted it, ms; None: of no event."""

    p50: float | None
    p99: float | None

    @classmethod
    def of(cls, buckets: Buckets) -> "Delay":
        """From a histogram in seconds."""
        return cls(_ms(quantile(0.5, buckets)), _ms(quantile(0.99, buckets)))


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """`published`: records by topic; `events`: their ledger, over all topics."""

    events: Ledger
    published: dict[str, int]
    kpis: dict[str, float | None]
    alerts: Alerts
    event_to_metric_ms: Delay

    def line(self) -> str:
        """One JSON object."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return msgspec.json.encode(fields | {"events": msgspec.structs.asdict(self.events)}).decode()

    def missing(self) -> Iterator[str]:
        """What keeps the demo from being a success; nothing: it is one."""
        yield from self._unaccounted()
        if not self.alerts.fired:
            yield "no alert fired"
        elif self.alerts.resolved < self.alerts.fired:
            yield f"{self.alerts.fired} alerts fired, {self.alerts.resolved} resolved"
        yield from (f"{kpi} has no value in the newest {WINDOW}" for kpi, value in self.kpis.items() if value is None)

    def _unaccounted(self) -> Iterator[str]:
        published, received = sum(self.published.values()), self.events.received
        if not self.events.balanced:
            yield f"the ledger does not add up: {msgspec.structs.asdict(self.events)}"
        if received != published:
            yield f"{published} records were published, {received} were received"


async def sum_up(settings: Settings, published: Mapping[str, int], inbox: AlertInbox, delays: Buckets) -> Summary:
    """From what is on the broker. `delays`: of the events to sum up. BrokerError."""
    newest = await last_revisions(settings, Choice(window=WINDOW).totals)
    newest.keep_latest()
    return Summary(
        events=total(ledgers_by_topic(await task_statuses(settings)).values()),
        published=dict(published),
        kpis=kpis_of(map(read_value, newest.by_key())),
        alerts=Alerts(inbox.fired, inbox.resolved),
        event_to_metric_ms=Delay.of(delays),
    )


def total(ledgers: Iterable[Ledger]) -> Ledger:
    """The account of all topics."""
    found = Ledger()
    for ledger in ledgers:
        found.add(ledger)
    return found


def kpis_of(records: Iterable[KpiValueRecord]) -> dict[str, float | None]:
    """The values of KPIS among the newest ones."""
    values = {record.kpi: record.value for record in records}
    found = {kpi: values.get(kpi) for kpi in KPIS}
    return {kpi: None if value is None else round(float(value), 6) for kpi, value in found.items()}


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 1)
