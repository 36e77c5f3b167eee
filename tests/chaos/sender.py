"""Sends live traffic from a thread, through every outage, and keeps a ledger of what the broker acknowledged."""

import asyncio
import base64
import contextlib
import json
import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from chaos.traffic import TOPICS, Mix, Sent, Traffic

TURN_S = 0.02
CLOSE_S = 3.0
MAX_UNACKED = 20_000
HEARTBEAT = "kpi-heartbeat"


@dataclass
class Clock:
    """Event time: two days ago and `speed` times as fast, so that every window, a day too, can be closed at the end.

    A run begins at 10:40, so that it crosses an hour.
    """

    speed: float = 20.0

    def __post_init__(self) -> None:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._began_s = time.monotonic()
        self.start_us = round((today - timedelta(days=2) + timedelta(hours=10, minutes=40)).timestamp() * 1e6)
        self.all_closed = (today - timedelta(days=1) + timedelta(hours=1)).isoformat()

    def now_us(self) -> int:
        return self.start_us + round((time.monotonic() - self._began_s) * self.speed * 1e6)


@dataclass
class Sender:
    """`rate`: records a second, may be changed at any time. `acknowledged`: records by topic, `garbage` ones too.

    The producer is idempotent and tries each batch until it is acknowledged, so a record is in its topic once; should
    it give one up, the run is void and `error` says why.
    """

    bootstrap: str
    ledger: Path
    seed: int
    rate: float = 200.0
    mix: Mix = field(default_factory=Mix)
    clock: Clock = field(default_factory=Clock)
    acknowledged: Counter[str] = field(default_factory=Counter)
    heartbeats: Counter[str] = field(default_factory=Counter)
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self._traffic = Traffic(self.seed, self.mix)
        self._unacked = 0
        self._given_up = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Wait until everything is acknowledged, then close every window with a heartbeat a partition."""
        self._end.set()
        self._thread.join(120)
        assert not self._thread.is_alive(), f"{self._unacked} records are not acknowledged"
        if self.error is not None:
            raise self.error

    def abandon(self) -> None:
        """End at once; nothing happens after `finish`."""
        self._given_up = True
        self._end.set()
        self._thread.join(30)

    def _run(self) -> None:
        try:
            asyncio.run(self._until_given_up())
        except BaseException as error:  # noqa: BLE001  raised in the thread that waits for us
            self.error = error

    async def _until_given_up(self) -> None:
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        sending = asyncio.create_task(self._send_all())
        while not sending.done():
            await asyncio.wait({sending}, timeout=0.2)
            if self._given_up:
                sending.cancel()
        if not self._given_up:
            await sending

    async def _send_all(self) -> None:
        with self.ledger.open("w", encoding="utf-8") as file:
            producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap, acks="all", enable_idempotence=True)
            await producer.start()
            try:
                before_s = time.monotonic()
                while not self._end.is_set() or self._unacked:
                    await asyncio.sleep(TURN_S)
                    if self.error is not None:
                        return
                    before_s = await self._catch_up(producer, before_s, file)
                await self._beat(producer)
            finally:
                await _close(producer)

    async def _catch_up(self, producer: AIOKafkaProducer, before_s: float, file: Any) -> float:
        """Send what was due since `before_s`, of one second at most; the time it is due until."""
        now_s = time.monotonic()
        due = int(min(now_s - before_s, 1.0) * self.rate)
        if self._end.is_set() or due == 0:
            return before_s
        for _ in range(min(due, MAX_UNACKED - self._unacked)):
            await self._send(producer, self._traffic.next(self.clock.now_us()), file)
        return now_s

    async def _send(self, producer: AIOKafkaProducer, record: Sent, file: Any) -> None:
        self._unacked += 1

        def done(future: "asyncio.Future[Any]") -> None:
            self._unacked -= 1
            if future.cancelled():
                return
            if error := future.exception():
                self.error = error
                return
            self.acknowledged[record.topic] += 1
            self.acknowledged["garbage"] += record.garbage
            file.write(_line(record))

        future = await producer.send(record.topic, record.value, record.key)
        future.add_done_callback(done)

    async def _beat(self, producer: AIOKafkaProducer) -> None:
        headers = [(HEARTBEAT, self.clock.all_closed.encode())]
        for topic in TOPICS:
            for partition in await producer.partitions_for(topic):
                await producer.send_and_wait(topic, b"", partition=partition, headers=headers)
                self.heartbeats[topic] += 1


async def _close(producer: AIOKafkaProducer) -> None:
    """Within a moment: left alone it waits for the broker's return."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await producer.stop()
    await producer.client.close()


def _line(record: Sent) -> str:
    """Garbage is bytes, an event is its own text."""
    if not record.garbage:
        return json.dumps({"topic": record.topic, "kind": "event", "value": record.value.decode()}) + "\n"
    key = None if record.key is None else base64.b64encode(record.key).decode()
    value = base64.b64encode(record.value).decode()
    return json.dumps({"topic": record.topic, "kind": "garbage", "key": key, "value": value}) + "\n"
