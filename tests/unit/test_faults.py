"""A mistake of ours in telling one alert: it is counted and kept, and the next ones are told."""

import asyncio
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from alerting.delivery import Request
from alerting.explanation import FAULT
from alerting.notification import EXPLANATION, Notification
from alerting.notifiers.alertmanager import Alertmanager
from alerting.notifiers.webhook import Webhook
from alerts import Clock, Written, notification, record
from receiver import serving
from streams.delivering.dead_letters import DeadLetters
from streams.delivering.explaining import Explaining
from streams.delivering.follower import Follower
from streams.delivering.http import open_wire
from streams.delivering.metrics import Notifications
from streams.delivering.outbox import Outbox
from streams.delivering.post import Post
from streams.delivering.readiness import Readiness
from streams.delivering.reasons import Reasons
from streams.delivering.resending import Resending

PARTITION = TopicPartition("kpi-alerts", 0)


@dataclass
class Topic:
    """A consumer and a producer of one partition in memory; `done` once all of it was read and the reader is back."""

    records: list[Written]
    done: asyncio.Event = field(default_factory=asyncio.Event)
    committed: list[int] = field(default_factory=list)
    letters: list[dict[str, bytes]] = field(default_factory=list)
    paused: bool = False

    def subscribe(self, topics: Iterable[str], listener: object = None) -> None:
        self.listener = listener

    def assignment(self) -> set[TopicPartition]:
        return {PARTITION}

    def last_poll_timestamp(self, partition: TopicPartition) -> int:
        return 7

    async def end_offsets(self, partitions: object) -> Mapping[TopicPartition, int]:
        return {PARTITION: len(self.records)}

    async def position(self, partition: TopicPartition) -> int:
        return len(self.records)

    async def getmany(self, **_: int) -> Mapping[TopicPartition, list[Written]]:
        if self.records and not self.paused:
            its, self.records = self.records, []
            return {PARTITION: its}
        if not self.paused:
            self.done.set()
        await asyncio.sleep(0)
        return {}

    def pause(self, partition: TopicPartition) -> None:
        self.paused = True

    def resume(self, partition: TopicPartition) -> None:
        self.paused = False

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.committed += offsets.values()

    async def send_and_wait(self, topic: str, headers: list[tuple[str, bytes]], **_: Any) -> None:
        self.letters.append(dict(headers))


class Breaks(Webhook):
    """Cannot tell the second alert."""

    def request(self, told: Notification) -> Request:
        if told.alert.sequence == 2:
            raise ZeroDivisionError("ours")
        return super().request(told)


def topic() -> Topic:
    """Three alerts."""
    its = (record(fingerprint=f"f{n}", sequence=n) for n in (1, 2, 3))
    return Topic([Written(one, offset=offset) for offset, one in enumerate(its)])


async def run(line: Outbox | Follower, its: Topic) -> None:
    task = asyncio.create_task(line.run())
    async with asyncio.timeout(30):
        await its.done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.asyncio
async def test_what_one_receiver_cannot_be_told_is_a_dead_letter_and_the_next_goes_out() -> None:
    its, clock, registry, readiness = topic(), Clock(), CollectorRegistry(), Readiness()
    metrics = Notifications(registry, clock.now_us)
    metrics.expect("ops")
    async with serving() as server, open_wire(allow_private=True) as wire:
        post = Post("ops", Breaks(server.url), wire, metrics, clock.now_us, clock.sleep, random.Random(1))
        outbox = Outbox(its, post, DeadLetters("ops", its), metrics, readiness)
        assert "receiver ops: joining its consumer group" in readiness.reasons(0)
        with capture_logs() as logs:
            await run(outbox, its)
        assert [request.headers["Idempotency-Key"] for request in server.seen()] == ["f1-1", "f3-3"]
    await outbox.on_partitions_assigned([PARTITION])
    assert readiness.reasons(0) == ["connecting to the broker"]
    await outbox.on_partitions_revoked([PARTITION])
    assert "receiver ops: joining its consumer group" in readiness.reasons(0)
    assert its.committed == [1, 2, 3]
    [letter] = its.letters
    assert (letter["kpi-reason"], letter["kpi-offset"], letter["kpi-detail"]) == (
        b"fault",
        b"1",
        b"ZeroDivisionError('ours')",
    )
    assert [line["offset"] for line in logs if line["event"] == "fault"] == [1]
    counted = {"delivered": 2, "fault": 1}
    for outcome, number in counted.items():
        labels = {"receiver": "ops", "outcome": outcome}
        assert registry.get_sample_value("kpi_notifications_total", labels) == number


class Forgetful(Resending):
    """Cannot take the second alert."""

    def take(self, told: Notification, record: Any, at_us: int) -> None:
        if told.alert.sequence == 2:
            raise ZeroDivisionError("ours")
        super().take(told, record, at_us)


@pytest.mark.asyncio
async def test_what_the_alertmanagers_cannot_take_is_counted_and_the_next_is_taken() -> None:
    its, clock, registry, readiness = topic(), Clock(at_us=10**9), CollectorRegistry(), Readiness()
    metrics = Notifications(registry, clock.now_us)
    metrics.expect("am")
    async with serving() as server, open_wire(allow_private=True) as wire:
        one = Forgetful(
            "am", Alertmanager(server.url), wire, metrics, DeadLetters("am", its), clock.now_us, random.Random(1)
        )
        firing: list[int] = []
        follower = Follower(its, (one,), firing.append, readiness)
        assert "reading kpi-alerts for what fires now" in readiness.reasons(0)
        with capture_logs() as logs:
            await run(follower, its)
    readiness.go("broker")
    assert readiness.reasons(7_000) == [], "the topic was read, and the broker has answered"
    assert firing == [3], "by the topic"
    assert [line["offset"] for line in logs if line["event"] == "fault"] == [1]
    labels = {"receiver": "am", "outcome": "fault"}
    assert registry.get_sample_value("kpi_notifications_total", labels) == 1
    assert one.roster._keys.keys() == {"f1", "f3"}


@pytest.mark.asyncio
async def test_a_page_that_cannot_be_explained_for_a_mistake_of_ours_goes_out_and_says_so() -> None:
    class Broken(Reasons):
        def asks(self, alert: object) -> bool:
            raise ZeroDivisionError("ours")

    explaining = Explaining(Broken({}, ()), Clock().now_us)  # type: ignore[arg-type]  # no catalogue is looked at
    told = await explaining.explained(notification(), 0)
    assert (told.alert.annotations[EXPLANATION], told.why) == (FAULT, (FAULT,))
