"""Files replayed to a real Kafka: every record, its bytes, its partition, and what is said when it cannot be done."""

import math
import time
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
from aiokafka.partitioner import murmur2

import topic_log
from models.errors import BrokerError
from models.settings import Settings
from streams.tools import datasets
from streams.tools.broker import EmbeddedKafka
from streams.tools.replay import replay
from topic_log import Ends

RETAIL = Path(__file__).parents[1] / "data" / "online_retail.parquet"
PARTITIONS = 3
pytestmark = pytest.mark.asyncio


async def publish(
    broker: EmbeddedKafka, *files: Path, topic: str | None = None, speed: float = math.inf, heartbeat: str | None = None
) -> dict[str, int]:
    now_us = time.time_ns() // 1000
    settings = Settings(broker=broker.bootstrap)
    return await replay(settings, files, topic=topic, speed=speed, shift=False, heartbeat=heartbeat, now_us=now_us)


async def fresh_topic(broker: EmbeddedKafka, **configs: str) -> tuple[str, Ends]:
    topic = topic_log.fresh("replay")
    await topic_log.create(broker.bootstrap, [topic], PARTITIONS, **configs)
    return topic, await Ends.of(broker.bootstrap, [topic])


def write(folder: Path, topic: str, *lines: str) -> Path:
    path = folder / f"{topic}.ndjson"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


async def test_online_retail_arrives_whole_in_its_order_by_key(broker: EmbeddedKafka) -> None:
    topic, before = await fresh_topic(broker)
    expected = list(datasets.source(RETAIL, topic).read())
    began_ms = time.time_ns() // 1_000_000
    assert await publish(broker, RETAIL, topic=topic) == {topic: 23_798}
    log = await topic_log.read(broker.bootstrap, before)
    for number in range(PARTITIONS):
        own = [r for r in expected if (murmur2(r.key) & 0x7FFFFFFF) % PARTITIONS == number]
        read = next(records for partition, records in log.items() if partition.partition == number)
        assert [(r.key, r.value) for r in read] == [(r.key, r.value) for r in own]
        assert all(r.timestamp >= began_ms for r in read), "Kafka's timestamp is when it was published"


async def test_bytes_nulls_and_headers_arrive_as_the_file_says(broker: EmbeddedKafka, tmp_path: Path) -> None:
    topic, before = await fresh_topic(broker)
    path = write(
        tmp_path,
        topic,
        '{"key": "a", "value_base64": "AP8="}',
        '{"value": {"a":  1}}',
        '{"key": "a", "value": null}',
        '{"key": "a", "value_base64": "", "headers": {"h": "1"}}',
    )
    assert await publish(broker, path) == {topic: 4}
    records = chain.from_iterable((await topic_log.read(broker.bootstrap, before)).values())
    assert Counter((r.key, r.value, r.headers) for r in records) == Counter(
        [(b"a", b"\x00\xff", ()), (None, b'{"a":  1}', ()), (b"a", None, ()), (b"a", b"", (("h", b"1"),))]
    )


async def test_a_heartbeat_reaches_every_partition_after_the_records(broker: EmbeddedKafka, tmp_path: Path) -> None:
    topic, before = await fresh_topic(broker)
    path = write(tmp_path, topic, '{"key": "a", "value": {}}')
    assert await publish(broker, path, heartbeat="2011-12-10T01:00:00+01:00") == {topic: 1}
    log = await topic_log.read(broker.bootstrap, before)
    assert len(log) == PARTITIONS
    assert {records[-1].headers for records in log.values()} == {(("kpi-heartbeat", b"2011-12-10T00:00:00Z"),)}
    assert sum(len(records) for records in log.values()) == 1 + PARTITIONS


async def test_speed_paces_by_event_time(broker: EmbeddedKafka, tmp_path: Path) -> None:
    topic, _ = await fresh_topic(broker)
    lines = [f'{{"key":"a","value":{{"timestamp":"2011-12-09T12:00:{second:02d}Z"}}}}' for second in (0, 10, 30)]
    began_s = time.monotonic()
    await publish(broker, write(tmp_path, topic, *lines), speed=60)
    assert time.monotonic() - began_s >= 30 / 60


async def test_a_megabyte_of_garbage_can_be_sent_where_the_topic_takes_it(
    broker: EmbeddedKafka, tmp_path: Path
) -> None:
    topic, before = await fresh_topic(broker, max_message_bytes="2000000")
    path = write(tmp_path, topic, '{"key": "a", "value": "' + "x" * 1_048_576 + '"}')
    assert await publish(broker, path) == {topic: 1}
    [records] = (await topic_log.read(broker.bootstrap, before)).values()
    assert len(records[0].value or b"") == 1_048_578


async def test_a_record_larger_than_the_topic_takes_says_so(broker: EmbeddedKafka, tmp_path: Path) -> None:
    topic, _ = await fresh_topic(broker, max_message_bytes="1000")
    path = write(tmp_path, topic, '{"key": "a", "value": "' + "x" * 2_000 + '"}')
    with pytest.raises(BrokerError, match=r"larger than the topic takes; raise its max\.message\.bytes"):
        await publish(broker, path)


async def test_a_missing_topic_names_the_command_that_makes_it(broker: EmbeddedKafka, tmp_path: Path) -> None:
    path = write(tmp_path, topic_log.fresh("missing"), '{"key": "a", "value": {}}')
    with pytest.raises(BrokerError, match=r"topic missing-.* does not exist; run `kpi topics create`"):
        await publish(broker, path)


async def test_no_broker_is_one_line_that_names_the_setting(
    tmp_path: Path, unused_tcp_port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "orders", '{"key": "a", "value": {}}')
    settings = Settings(broker=f"127.0.0.1:{unused_tcp_port}")
    began_s = time.monotonic()
    with pytest.raises(BrokerError, match="KPI_BROKER"):
        await replay(settings, [path], speed=math.inf, shift=False, heartbeat=None, now_us=0)
    assert time.monotonic() - began_s < 11
    assert capfd.readouterr() == ("", "")
