"""The tools that read what is published, on a real Kafka with transactions: values, ledger, status, dead letters."""

import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from itertools import chain

import msgspec
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

import topic_log
from models import delta
from models.errors import BrokerError, EngineFault
from models.settings import Settings
from models.stage import Outgoing
from models.status import MeasureStatus, MonitorStatus, status_record
from streams.tools.broker import EmbeddedKafka
from streams.tools.dead_letters import Wanted, list_letters, replay_letters
from streams.tools.kafka_installation import Installation
from streams.tools.ledger import show_ledger
from streams.tools.revisions import Choice
from streams.tools.status import show_status
from streams.tools.topic_reader import open_topic
from streams.tools.values import show_values
from streams.topics import INPUTS
from topic_log import Ends
from transaction import commit

pytestmark = pytest.mark.asyncio
TOPICS = (*INPUTS, "kpi-deltas", "kpi-values", "kpi-status", "kpi-dead-letters")
FOLLOW = """
import asyncio, sys
from models.settings import Settings
from streams.tools.revisions import Choice
from streams.tools.following import follow_lines
asyncio.run(follow_lines(Settings(broker=sys.argv[1]), Choice(kpi=sys.argv[2])))
"""


@pytest.fixture(scope="module")
def own_broker(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker of its own: the topics have fixed names."""
    with EmbeddedKafka(installation, tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka


@pytest_asyncio.fixture
async def settings(own_broker: EmbeddedKafka) -> Settings:
    await topic_log.create(own_broker.bootstrap, TOPICS, 2)
    return Settings(broker=own_broker.bootstrap)


def value(kpi: str, start: str, status: str, revision: int, partition: int = 0) -> Outgoing:
    key = f"{kpi}|1m|all|2024-05-01T{start}:00Z|all".encode()
    raw = b'{"kpi":"%s","status":"%s","revision":%d}' % (kpi.encode(), status.encode(), revision)
    return Outgoing("kpi-values", partition, key, raw)


async def printed(
    settings: Settings, choice: Choice, capfd: pytest.CaptureFixture[str], *, latest: bool = False
) -> str:
    await show_values(settings, choice, latest=latest, as_json=True)
    return capfd.readouterr().out


async def test_the_last_committed_revision_of_every_window(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    kpi = topic_log.fresh("kpi")
    first = [value(kpi, "12:00", "provisional", 0), value(kpi, "12:01", "provisional", 0, partition=1)]
    await commit(settings.broker, first)
    await commit(settings.broker, [value(kpi, "12:00", "final", 1)])
    await commit(settings.broker, [value(kpi, "12:00", "corrected", 2)], abort=True)
    final, provisional = (
        f'{{"kpi":"{kpi}","status":"{s}","revision":{n}}}\n' for s, n in (("final", 1), ("provisional", 0))
    )
    assert await printed(settings, Choice(kpi=kpi), capfd) == final + provisional
    assert await printed(settings, Choice(kpi=kpi, final=True), capfd) == final
    assert await printed(settings, Choice(kpi=kpi), capfd, latest=True) == provisional


async def test_a_transaction_that_is_still_open_is_not_waited_for(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    kpi = topic_log.fresh("kpi")
    await commit(settings.broker, [value(kpi, "12:00", "final", 0)])
    open_one = AIOKafkaProducer(bootstrap_servers=settings.broker, transactional_id=topic_log.fresh("writer"))
    async with open_one as producer:
        await producer.begin_transaction()
        late = value(kpi, "12:00", "corrected", 1)
        await producer.send_and_wait(late.topic, late.value, late.key, late.partition)
        assert '"revision":0' in await printed(settings, Choice(kpi=kpi), capfd)
        await producer.abort_transaction()


async def test_following_misses_nothing_between_the_end_and_what_comes(settings: Settings) -> None:
    kpi = topic_log.fresh("kpi")
    async with open_topic(settings, "kpi-values") as reader:
        ends = await reader.ends()
        await commit(
            settings.broker, [value(kpi, "12:00", "provisional", 0)]
        )  # after the end, and fetched together with it
        before = [record.value async for batch in reader.to_end(ends) for record in batch]
        assert not [raw for raw in before if kpi.encode() in raw]
        await commit(settings.broker, [value(kpi, "12:00", "final", 1)])
        seen: list[bytes] = []
        async for batch in reader.follow(0.2):
            seen += (record.value for record in batch if kpi.encode() in record.value)
            if len(seen) == 2:
                break
    assert [b'"revision":%d' % n in raw for n, raw in enumerate(seen)] == [True, True]


async def test_following_ends_in_order_on_ctrl_c(settings: Settings) -> None:
    kpi = topic_log.fresh("kpi")
    await commit(settings.broker, [value(kpi, "12:00", "final", 0)])
    command = [sys.executable, "-c", FOLLOW, settings.broker, kpi]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    assert b'"final"' in await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(10):
        _, said = await process.communicate()
    assert (process.returncode, said) == (0, b"")


def measure(topic: str, partition: int, *, counted: int = 0, received: int | None = None) -> Outgoing:
    status = MeasureStatus(
        task=f"{topic}-{partition}",
        topic=topic,
        partition=partition,
        received=counted if received is None else received,
        counted=counted,
        duplicate=0,
        late=0,
        bot=0,
        invalid=0,
        watermark_us=1_000_000,
        announced_us=1_000_000,
        promise_us=None,
        emitted_us=0,
    )
    return status_record(status)


def monitor(partition: int) -> Outgoing:
    marks = dict.fromkeys(INPUTS, 1_000_000)
    name = f"monitor-{partition}"
    return status_record(
        MonitorStatus(task=name, partition=partition, watermarks_us=marks, unfinished=False, emitted_us=0)
    )


async def test_the_ledger_is_the_sum_of_the_last_records_of_the_tasks(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    topic = topic_log.fresh("topic")
    await commit(settings.broker, [measure(topic, 0, counted=1), measure(topic, 1, counted=2)])
    await commit(settings.broker, [measure(topic, 0, counted=5)])
    await show_ledger(settings, as_json=True)
    read = msgspec.json.decode(capfd.readouterr().out)[topic]
    assert read == {"received": 7, "counted": 7, "duplicate": 0, "late": 0, "bot": 0, "invalid": 0}
    await commit(settings.broker, [measure(topic, 0, counted=5, received=6)])
    with pytest.raises(EngineFault, match=f"the ledger of {topic} does not add up"):
        await show_ledger(settings)
    await commit(settings.broker, [measure(topic, 0, counted=5)])


async def test_a_group_is_caught_up_when_nothing_is_unread_and_every_task_has_told(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    await commit(settings.broker, [Outgoing("orders", 0, b"k", b"{}"), Outgoing("kpi-deltas", 1, b"k", b"")])
    settings = msgspec.structs.replace(settings, app_id=topic_log.fresh("group"))
    assert not await show_status(settings, INPUTS, (delta.TOPIC,), as_json=True)
    last = msgspec.json.decode(capfd.readouterr().out)
    assert last["lag"]["orders"] >= 2, "a group that never committed has everything before it, the marker too"
    assert last["freshness_s"] > 0
    assert "orders/1: no task has told of it yet, is a worker running?" in last["reasons"]
    partitions = [TopicPartition(topic, number) for topic in (*INPUTS, "kpi-deltas") for number in (0, 1)]
    async with AIOKafkaConsumer(bootstrap_servers=settings.broker, group_id=settings.app_id) as consumer:
        consumer.assign(partitions)
        await consumer.commit(await consumer.end_offsets(partitions))
    await commit(settings.broker, [monitor(0), monitor(1), *(measure(topic, n) for topic in INPUTS for n in (0, 1))])
    assert await show_status(settings, INPUTS, (delta.TOPIC,), as_json=True)
    last = msgspec.json.decode(capfd.readouterr().out)
    assert (last["reasons"], last["freshness_s"], set(last["lag"].values())) == ([], 0.0, {0})
    assert last["watermarks"] == dict.fromkeys(INPUTS, "1970-01-01T00:00:01Z")


def letter(topic: str, key: bytes | None, raw: bytes | None, reason: str, *own: tuple[str, bytes]) -> Outgoing:
    said = (("topic", topic), ("partition", "1"), ("offset", "7"), ("reason", reason), ("detail", "d"))
    ours = [(f"kpi-{name}", text.encode()) for name, text in said]
    return Outgoing("kpi-dead-letters", 0, key, raw, [*own, *ours])


async def test_letters_are_listed_and_sent_again_byte_for_byte(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    garbage, trace = b"\x00\xff" * 400_000, ("trace", b"1")
    await commit(
        settings.broker, [letter("orders", b"c1", garbage, "not_json", trace), letter("social", None, None, "empty")]
    )
    alert = letter("kpi-alerts", b"fp", b"{}", "rejected", ("kpi-receiver", b"pager"))
    await commit(settings.broker, [alert, Outgoing("kpi-dead-letters", 1, b"foreign", b"{}")])
    await list_letters(settings, Wanted(topic="orders"), as_json=True)
    [line] = capfd.readouterr().out.splitlines()
    assert (msgspec.json.decode(line)["offset"], msgspec.json.decode(line)["reason"]) == (7, "not_json")
    await list_letters(settings, Wanted(), limit=1)
    assert "the newest 1 of 4 letters" in capfd.readouterr().err
    before = await Ends.of(settings.broker, INPUTS)
    assert await replay_letters(settings, Wanted(), lambda _: False) == {}
    assert await topic_log.read(settings.broker, before) == {}
    asked: list[str] = []
    counts = await replay_letters(settings, Wanted(), lambda question: not asked.append(question))  # type: ignore[func-returns-value]  # always yes
    assert (counts, asked) == ({"orders": 1, "social": 1}, ["send again orders 1, social 1?"])
    assert "not inputs, left alone: kpi-alerts 1, of no known topic 1" in capfd.readouterr().err
    sent = {r.topic: r for r in chain.from_iterable((await topic_log.read(settings.broker, before)).values())}
    assert (sent["orders"].key, sent["orders"].value, sent["orders"].headers) == (b"c1", garbage, (trace,))
    assert (sent["social"].key, sent["social"].value, sent["social"].partition) == (None, None, 1)


async def test_a_missing_topic_names_the_command_that_makes_it(settings: Settings) -> None:
    with pytest.raises(BrokerError, match=r"topic no-such-topic does not exist; run `kpi topics create`"):
        async with open_topic(settings, "no-such-topic"):
            pass


async def test_no_broker_is_one_line_that_names_the_setting(
    unused_tcp_port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(broker=f"127.0.0.1:{unused_tcp_port}")
    began_s = time.monotonic()
    status = show_status(settings, INPUTS, (delta.TOPIC,))
    for command in (show_values(settings, Choice()), show_ledger(settings), status):
        with pytest.raises(BrokerError, match=rf"^{settings.broker}: no Kafka broker answers .*KPI_BROKER"):
            await command
    assert time.monotonic() - began_s < 30
    assert capfd.readouterr() == ("", "")


async def test_what_kafka_refuses_is_a_broker_error(settings: Settings) -> None:
    with pytest.raises(BrokerError, match="reading failed"):
        async with open_topic(settings, "kpi-values"):
            raise KafkaError("refused")
