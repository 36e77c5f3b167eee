"""Values of the past, from the topic `kpi-values`: the last revision of every window of the kinds that are wanted."""

from collections.abc import Collection, Iterable, Iterator

from aiokafka import ConsumerRecord

from models import money
from models.kpi_value import KpiValue
from models.settings import Settings
from streams.publication import VALUES_TOPIC, read_value, value_of
from streams.tools.revisions import window_key
from streams.tools.topic_reader import open_topic

Kind = tuple[str, str, str | None]
"""KPI, window and dimension; None: all of them."""

PARTS = 4  # separators of a key


async def recorded(settings: Settings, kinds: Collection[Kind]) -> list[KpiValue]:
    """What is on the topic now, of these kinds alone; BrokerError."""
    names = frozenset((kpi.encode(), window.encode(), _bytes(dimension)) for kpi, window, dimension in kinds)
    last: dict[bytes, bytes] = {}
    async with open_topic(settings, VALUES_TOPIC) as reader:
        async for batch in reader.to_end():
            for key, value in _of(batch, names):
                if value is None:
                    last.pop(key, None)
                else:
                    last[key] = value
    digits = money.exponent(settings.reporting_currency) or 0
    return [value_of(read_value(value), digits) for value in last.values()]


def _of(
    batch: Iterable[ConsumerRecord], names: Collection[tuple[bytes, bytes, bytes | None]]
) -> Iterator[tuple[bytes, bytes | None]]:
    for record in batch:
        if record.key is None or record.key.count(b"|") < PARTS:
            continue
        key = window_key(record.key)
        if (key.kpi, key.window, key.dimension) in names or (key.kpi, key.window, None) in names:
            yield record.key, record.value


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
