"""The customers that the workers keep, as their changelog has them: read from beside, no task is opened or fenced."""

from dataclasses import dataclass, field

from models.customer import Customer
from models.settings import Settings
from models.table import Single
from streams.measuring.customers import Customers, customers_table
from streams.measuring.forecast import ForecastDay, forecast_day
from streams.tools.topic_reader import open_topic
from streams.topics import changelog

STAGE = "customers"


@dataclass(slots=True)
class KeptCustomers:
    """Of so many `partitions`. `days`: by partition, how far its days have ended."""

    partitions: int
    table: Customers = field(default_factory=customers_table)
    days: dict[int, Single[ForecastDay]] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, Customer]:
        """By id."""
        return self.table.rows

    @property
    def through(self) -> int | None:
        """The last business day (number of the DayGrid) that has ended for all of them.

        None: one has heard of no watermark yet, so it is not known how much of its customers is here.
        """
        ended = [day.row.done for day in self.days.values() if day.row.done is not None]
        return min(ended) if len(ended) == self.partitions else None

    def take(self, partition: int, key: bytes, value: bytes | None) -> None:
        """A record of the changelog, oldest first. EngineFault on a format that this program does not know."""
        name, _, stored = key.partition(b"|")
        if name == self.table.name.encode():
            self.table.restore(stored, value)
        elif name == forecast_day().name.encode():
            self.days.setdefault(partition, forecast_day()).restore(stored, value)


async def kept_customers(settings: Settings) -> KeptCustomers:
    """As of what is committed now. BrokerError, EngineFault."""
    async with open_topic(settings, changelog(settings.app_id, STAGE)) as reader:
        found = KeptCustomers(len(reader.partitions))
        async for batch in reader.to_end():
            for record in batch:
                found.take(record.partition, record.key or b"", record.value)
        return found
