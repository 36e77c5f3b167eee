"""`kpi customers erase`: ask the workers to forget customers, and see that they have."""

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from models import order
from models.errors import SettingsError
from models.event import MAX_STRING
from models.kpi import Catalogue
from models.measure import CUSTOMER_FEED
from models.partition import partition_of_key
from models.settings import Settings
from streams.measuring import erasure
from streams.measuring.customers import customers_table
from streams.tools.kept_customers import STAGE
from streams.tools.publisher import Publisher
from streams.tools.record import Record
from streams.tools.terminal import note, write_lines
from streams.tools.topic_reader import Ends, TopicReader, open_topic
from streams.topics import changelog

_LOOK_EVERY_S = 0.2


@dataclass(slots=True)
class Seen:
    """What the changelog tells of customers to erase: which are `known` now, and which have been `erased`."""

    ids: Collection[str]
    known: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    _rows: Mapping[bytes, str] = field(init=False)
    _erasures: Mapping[bytes, str] = field(init=False)

    def __post_init__(self) -> None:
        self._rows = _stored(customers_table().name, self.ids)
        self._erasures = _stored(erasure.TABLE, self.ids)

    def take(self, key: bytes, value: bytes | None) -> None:
        """A record of the changelog, oldest first. An erasure that is done leaves a tombstone of its own."""
        if customer := self._rows.get(key):
            (self.known.discard if value is None else self.known.add)(customer)
        elif value is None and (customer := self._erasures.get(key)):
            self.erased.add(customer)


async def erase_customers(settings: Settings, catalogue: Catalogue, ids: Iterable[str], *, wait_s: float) -> bool:
    """Send the erasures behind the orders there are, wait until they are done, and tell of each.

    False: some were not done in `wait_s`; they will be, once a worker reads them. SettingsError, BrokerError.
    """
    wanted = checked(ids)
    async with open_topic(settings, changelog(settings.app_id, STAGE)) as reader:
        seen = Seen(wanted)
        await _read(reader, seen)
        known, seen.erased = set(seen.known), set()
        await _send(settings, wanted)
        if wait_s and CUSTOMER_FEED not in catalogue.feeds:
            note("no KPI over customers is defined: only their orders are concerned, and nothing tells when it is done")
            wait_s = 0
        deadline_s = time.monotonic() + wait_s
        while len(seen.erased) < len(wanted) and time.monotonic() < deadline_s:
            await asyncio.sleep(_LOOK_EVERY_S)
            await _read(reader, seen)
    write_lines(_told(customer, known, seen.erased).encode() for customer in wanted)
    if missing := len(wanted) - len(seen.erased):
        note(f"{missing} asked for, to be done by the worker; the same command again does no harm")
    return not (missing and wait_s)


def checked(ids: Iterable[str]) -> list[str]:
    """Each once, in their order. SettingsError."""
    wanted = list(dict.fromkeys(ids))
    for customer in wanted:
        if not 0 < len(customer) <= MAX_STRING:
            what = f"a customer_id has 1 to {MAX_STRING:,} characters, not {len(customer):,}"
            raise SettingsError("kpi customers erase", what, "name customers by the customer_id of their orders")
    return wanted


async def _send(settings: Settings, ids: Iterable[str]) -> None:
    async with Publisher(settings, [order.TOPIC]) as publisher:
        for customer in ids:
            await publisher.put(Record(order.TOPIC, customer.encode(), None, None, ((erasure.HEADER, b""),)))


async def _read(reader: TopicReader, seen: Seen) -> None:
    """What came to the partitions of the customers since the last time."""
    partitions = {partition_of_key(customer.encode(), len(reader.partitions)) for customer in seen.ids}
    ends: Ends = {tp: end for tp, end in (await reader.ends()).items() if tp.partition in partitions}
    async for batch in reader.to_end(ends):
        for record in batch:
            seen.take(record.key or b"", record.value)


def _stored(table: str, ids: Iterable[str]) -> dict[bytes, str]:
    """Keys of the records of a table by customer, as packed_codec writes them."""
    return {table.encode() + b"|" + msgspec.msgpack.encode(customer): customer for customer in ids}


def _told(customer: str, known: Collection[str], erased: Collection[str]) -> str:
    if customer not in erased:
        return f"{customer}: asked for"
    return f"{customer}: erased" if customer in known else f"{customer}: no such customer is known"
