"""The synthetic shop on a real Kafka."""

import asyncio
import math
import time
from collections.abc import Iterator
from itertools import chain

import msgspec
import pytest

import topic_log
from models.settings import Settings
from streams.tools import instant
from streams.tools.broker import EmbeddedKafka
from streams.tools.generate import generate
from streams.tools.kafka_installation import Installation
from streams.tools.shop import TOPICS
from topic_log import Ends

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def shop_broker(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker of its own: the shop's topics have fixed names, and other tests count what is in theirs."""
    with EmbeddedKafka(installation, tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka


class Stamp(msgspec.Struct):
    timestamp: str


def now_us() -> int:
    return time.time_ns() // 1000


async def ends(shop_broker: EmbeddedKafka) -> Ends:
    await topic_log.create(shop_broker.bootstrap, TOPICS, 2)
    return await Ends.of(shop_broker.bootstrap, TOPICS)


async def test_a_run_ends_by_itself_and_counts_what_the_topics_received(shop_broker: EmbeddedKafka) -> None:
    before = await ends(shop_broker)
    began_us = now_us()
    counts = await generate(
        Settings(broker=shop_broker.bootstrap),
        rate=50,
        speed=60,
        incident=False,
        seed=1,
        duration_s=1.5,
        now_us=began_us,
    )
    log = await topic_log.read(shop_broker.bootstrap, before)
    read = dict.fromkeys(TOPICS, 0)
    for partition, records in log.items():
        read[partition.topic] += len(records)
    assert read == counts
    assert counts["clickstream"] > 1_000
    assert now_us() - began_us >= 1_300_000, "it takes about its duration"


async def test_no_event_is_ahead_of_the_wall_clock(shop_broker: EmbeddedKafka) -> None:
    before = await ends(shop_broker)
    await generate(
        Settings(broker=shop_broker.bootstrap),
        rate=400,
        speed=20,
        incident=True,
        seed=2,
        duration_s=1,
        now_us=now_us(),
    )
    for record in chain.from_iterable((await topic_log.read(shop_broker.bootstrap, before)).values()):
        event_us = instant.parse(msgspec.json.decode(record.value or b"", type=Stamp).timestamp)
        assert event_us is not None
        assert event_us <= (record.timestamp + 1) * 1000  # Kafka has the time of publishing in ms


async def test_a_run_without_an_end_stops_when_told_with_everything_acknowledged(shop_broker: EmbeddedKafka) -> None:
    before = await ends(shop_broker)
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.5, stop.set)
    counts = await generate(
        Settings(broker=shop_broker.bootstrap),
        rate=100,
        speed=math.inf,
        incident=False,
        seed=3,
        duration_s=None,
        now_us=now_us(),
        stop=stop,
    )
    log = await topic_log.read(shop_broker.bootstrap, before)
    assert sum(len(records) for records in log.values()) == sum(counts.values()) > 0


async def test_a_cancelled_run_has_sent_what_it_handed_over(shop_broker: EmbeddedKafka) -> None:
    before = await ends(shop_broker)
    run = generate(
        Settings(broker=shop_broker.bootstrap),
        rate=1_000,
        speed=1,
        incident=False,
        seed=4,
        duration_s=None,
        now_us=now_us(),
    )
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await run
    log = await topic_log.read(shop_broker.bootstrap, before)
    assert sum(len(records) for records in log.values()) > 20
