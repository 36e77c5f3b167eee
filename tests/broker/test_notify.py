"""`kpi notify` between a real Kafka and a local server."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from life import lived, rule
from models.receiver import PagerDutyReceiver, Receiver, SlackReceiver, WebhookReceiver
from models.settings import Settings
from receiver import Answer, Fault, Server, serving
from streams.delivering.notify import notify
from streams.publication_alerts import TOPIC, alert_record
from streams.tools.broker import EmbeddedKafka

ROOT = Path(__file__).parents[2]
DEAD_LETTERS = "kpi-dead-letters"
PARTITIONS = 2
WAIT_S = 30  # for what takes a second; a killed member of a group is missed after its session timeout of 10 s
FIRED, RESOLVED = [told for _, told in lived(rule(below=2), "3113") if told]
PROCESS = """
import asyncio, sys, msgspec
from models.settings import Settings
from streams.delivering.notify import notify
asyncio.run(notify(msgspec.json.decode(sys.argv[1], type=Settings)))
"""


@pytest_asyncio.fixture
async def settings(broker: EmbeddedKafka) -> Settings:
    """A group of its own that has read what other tests left on the topic."""
    partitions = await create_topics(broker.bootstrap)
    app_id = f"t{uuid4().hex[:8]}"
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap, group_id=f"{app_id}-notify-ops", enable_auto_commit=False
    )
    await consumer.start()
    try:
        consumer.assign(partitions)
        await consumer.commit(await consumer.end_offsets(partitions))
    finally:
        await consumer.stop()
    return Settings(broker=broker.bootstrap, app_id=app_id)


async def create_topics(bootstrap: str) -> list[TopicPartition]:
    """The partitions of the outbox."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = await admin.list_topics()
        await admin.create_topics(
            [NewTopic(name, PARTITIONS, 1) for name in (TOPIC, DEAD_LETTERS) if name not in there]
        )
        (outbox,) = await admin.describe_topics([TOPIC])
        return [TopicPartition(TOPIC, partition["partition"]) for partition in outbox["partitions"]]
    finally:
        await admin.close()


async def produce(settings: Settings, *values: bytes, commit: bool = True, partition: int | None = None) -> None:
    """In one transaction, as the worker does."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.broker, transactional_id=f"t{uuid4().hex}")
    await producer.start()
    try:
        await producer.begin_transaction()
        for value in values:
            await producer.send_and_wait(TOPIC, value, key=settings.app_id.encode(), partition=partition)
        await (producer.commit_transaction() if commit else producer.abort_transaction())
    finally:
        await producer.stop()


def records(settings: Settings) -> tuple[bytes, bytes]:
    """Fired and resolved, under a fingerprint that only this test has."""
    fired, resolved = (
        json.dumps({**json.loads(alert_record(told)), "fingerprint": settings.app_id}).encode()
        for told in (FIRED, RESOLVED)
    )
    return fired, resolved


def webhook(server: Server, _: Path) -> Receiver:
    return WebhookReceiver("ops", server.url, allow_private=True)


def pagerduty(server: Server, folder: Path) -> Receiver:
    file = folder / "routing-key"
    file.write_text("r0ut1ng", encoding="utf-8")
    return PagerDutyReceiver("ops", str(file), server.url, allow_private=True)


def slack(server: Server, folder: Path) -> Receiver:
    file = folder / "url"
    file.write_text(server.url, encoding="utf-8")
    return SlackReceiver("ops", str(file), allow_private=True)


def to(settings: Settings, *receivers: Receiver) -> Settings:
    return msgspec.structs.replace(settings, receivers=receivers)


@asynccontextmanager
async def notifying(settings: Settings, server: Server) -> AsyncIterator[None]:
    task = asyncio.create_task(notify(to(settings, webhook(server, Path()))))
    try:
        yield
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def sequences(server: Server, count: int) -> list[str]:
    """The last part of the idempotency keys of the next `count` requests."""
    requests = [await asyncio.wait_for(server.requests.get(), WAIT_S) for _ in range(count)]
    return [request.headers["Idempotency-Key"].rpartition("-")[2] for request in requests]


async def dead_letter(settings: Settings, value: bytes) -> dict[str, str]:
    """Our headers of the dead letter with these bytes."""
    consumer = AIOKafkaConsumer(DEAD_LETTERS, bootstrap_servers=settings.broker, auto_offset_reset="earliest")
    await consumer.start()
    try:
        while True:
            record = await asyncio.wait_for(consumer.getone(), WAIT_S)
            if record.value == value:
                return {name: said.decode() for name, said in record.headers}
    finally:
        await consumer.stop()


@pytest.mark.asyncio
async def test_committed_alerts_arrive_in_order_and_aborted_ones_never(settings: Settings) -> None:
    fired, resolved = records(settings)
    await produce(settings, resolved, commit=False)
    await produce(settings, fired, resolved)
    async with serving() as server, notifying(settings, server):
        assert await sequences(server, 2) == ["1", "2"]


@pytest.mark.asyncio
async def test_a_500_is_retried_and_the_order_is_kept(settings: Settings) -> None:
    await produce(settings, *records(settings))
    async with serving([Answer(500)]) as server, notifying(settings, server):
        assert await sequences(server, 3) == ["1", "1", "2"]


@pytest.mark.asyncio
async def test_after_a_restart_it_goes_on_where_it_was(settings: Settings) -> None:
    fired, resolved = records(settings)
    await produce(settings, fired, resolved)
    async with serving() as server:
        async with notifying(settings, server):
            assert await sequences(server, 2) == ["1", "2"]  # 2 was sent, so the offset of 1 is committed
        await produce(settings, fired.replace(b'"sequence": 1', b'"sequence": 3'))
        async with notifying(settings, server):
            (first,) = await sequences(server, 1)
            assert first in {"2", "3"}
            assert first == "3" or await sequences(server, 1) == ["3"]


@pytest.mark.asyncio
async def test_a_refusal_is_a_dead_letter_and_the_next_alert_goes_on(settings: Settings) -> None:
    fired, resolved = records(settings)
    await produce(settings, fired, resolved)
    async with serving([Answer(400)]) as server, notifying(settings, server):
        assert await sequences(server, 2) == ["1", "2"]
        letter = await dead_letter(settings, fired)
    said = {name: letter[f"kpi-{name}"] for name in ("topic", "reason", "receiver", "status")}
    assert said == {"topic": TOPIC, "reason": "refused", "receiver": "ops", "status": "400"}


@pytest.mark.asyncio
async def test_a_record_that_is_no_alert_is_a_dead_letter_and_the_next_alert_goes_on(settings: Settings) -> None:
    fired, _ = records(settings)
    poison = b"\xff" + settings.app_id.encode()
    await produce(settings, poison, fired)
    async with serving() as server, notifying(settings, server):
        assert await sequences(server, 1) == ["1"]
        assert (await dead_letter(settings, poison))["kpi-reason"] == "malformed"


@pytest.mark.asyncio
async def test_an_alert_it_hangs_on_holds_up_its_own_partition_alone(settings: Settings) -> None:
    fired, _ = records(settings)
    await produce(settings, fired, partition=0)
    async with serving([Fault.HANG]) as server, notifying(settings, server):
        assert await sequences(server, 1) == ["1"]
        await produce(settings, fired.replace(b'"sequence": 1', b'"sequence": 7'), partition=1)
        assert await sequences(server, 1) == ["7"]
        assert await sequences(server, 1) == ["1"]  # once it gave up waiting for an answer


@asynccontextmanager
async def process_of(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    configured = msgspec.json.encode(settings).decode()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROCESS, configured, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [webhook, *(pytest.param(one, marks=pytest.mark.soak) for one in (pagerduty, slack))])
async def test_killed_before_its_commit_it_delivers_again_with_the_same_key(
    settings: Settings, kind: Callable[[Server, Path], Receiver], tmp_path: Path
) -> None:
    await produce(settings, *records(settings))
    async with serving([Fault.HANG]) as server:
        configured = to(settings, kind(server, tmp_path))
        async with process_of(configured):
            assert await sequences(server, 1) == ["1"]
        async with process_of(configured):
            assert await sequences(server, 2) == ["1", "2"]


@pytest.mark.asyncio
async def test_killed_at_any_moment_every_change_arrives_in_order(settings: Settings) -> None:
    fired, _ = records(settings)
    changes = [fired.replace(b'"sequence": 1', b'"sequence": %d' % number) for number in range(1, 15)]
    await produce(settings, *changes)
    seen: list[str] = []
    async with serving() as server:
        configured = to(settings, webhook(server, Path()))
        while len(set(seen)) < len(changes):
            async with process_of(configured):
                enough = min(len(set(seen)) + 4, len(changes))
                while len(set(seen)) < enough:  # new ones: the first after a kill may be the last before it
                    seen += await sequences(server, 1)
            seen += [request.headers["Idempotency-Key"].rpartition("-")[2] for request in server.seen()]
    assert list(dict.fromkeys(seen)) == [str(number) for number in range(1, 15)]
