"""`kpi web` beside a real worker: it says what is published, also after it was started again."""

import json
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

import topic_log
from broker.shop_floor import ROOT, ShopFloor, shop_floor, within
from models.settings import Settings
from streams.tools.broker import EmbeddedKafka
from streams.tools.consumer import open_consumer
from streams.tools.kafka_installation import Installation
from streams.web import past
from streams.web.store import Kind, Store
from web_desk import DAY_S, HOUR_S, T0_S, Record, value

KPI = "conversion_rate"
DEMO = sorted((ROOT / "deploy" / "demo").glob("*.ndjson.gz"))
READY_S = 30


def opened(url: str) -> Any:
    return urllib.request.urlopen(url, timeout=30)  # noqa: S310  of a server of ours


class Page:
    """A client of the server on a port."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    def got(self, question: str) -> dict[str, Any]:
        with opened(f"{self.address}/api/v1/{question}") as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def until_ready(self, seconds: float = READY_S) -> None:
        for _ in within(seconds):
            with suppress(OSError):
                opened(f"{self.address}/readyz").close()
                return
        raise AssertionError(f"not ready after {seconds} s")

    @contextmanager
    def events(self, window: str, since: str) -> Iterator[Iterator[tuple[str, str]]]:
        """Kinds and data, as they come."""
        url = f"{self.address}/api/v1/stream?window={window}&since={since}"
        with opened(url) as answer:
            yield _events(answer)


def _events(lines: Iterator[bytes]) -> Iterator[tuple[str, str]]:
    kind = ""
    for raw in lines:
        name, _, text = raw.decode().rstrip("\n").partition(": ")
        if name == "event":
            kind = text
        elif name == "data":
            yield kind, text


def by_series(values: list[dict[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    return {tuple(one[name] for name in ("kpi", "window", "dimension", "segment")): one for one in values}


def newness(one: dict[str, Any]) -> tuple[str, int]:
    return one["start"], one["revision"]


def agreed(floor: ShopFloor, page: Page) -> int:
    """The newest window of every series is as published: between two looks at the topic, which goes on."""
    before = by_series(floor.values("--latest"))
    answer = page.got("values?latest=true&limit=10000")
    after = by_series(floor.values("--latest"))
    told = by_series(answer["values"])
    assert not answer["more"]
    assert before.keys() <= told.keys() <= after.keys()
    for series, one in before.items():
        assert newness(one) <= newness(told[series]) <= newness(after[series])
        known = {newness(record): record for record in (after[series], one)}
        assert told[series] == known.get(newness(told[series]), told[series])
    return sum(told[series] in (before[series], after[series]) for series in before)


def publish(floor: ShopFloor) -> None:
    floor.kpi("replay", *DEMO, "--shift")


def live(floor: ShopFloor, page: Page) -> None:
    """It says what is published, and what was received."""
    publish(floor)
    floor.caught_up()
    assert agreed(floor, page) > 500
    topics = {topic["topic"]: topic for topic in page.got("ledger")["topics"]}
    outcomes = {topic: {name: topics[topic][name] for name in its} for topic, its in floor.ledger().items()}
    assert outcomes == floor.ledger()
    assert {tile["unread"] for tile in page.got("overview?window=1h")["tiles"]} == {0}


def live_again(floor: ShopFloor, page: Page, known: str) -> None:
    """What was known before is known; a page of the life before is told so, and then what changes."""
    agreed(floor, page)
    with page.events("5m", since=known) as events:
        assert [kind for kind, _ in events] == ["hello", "reset"]
    since = page.got("overview?window=5m")["id"]
    with (
        page.events("5m", since=since) as events,
        floor.started("generate", "--rate", "100", "--duration", "10") as shop,
    ):
        told = next(json.loads(data) for kind, data in events if kind == "value")
        assert shop.wait(60) == 0
    assert (told["window"], told["dimension"]) == ("5m", "all")
    floor.caught_up()
    agreed(floor, page)


def test_a_page_says_what_is_published_and_goes_on_after_a_restart(
    installation: Installation, tmp_path: Path, unused_tcp_port: int
) -> None:
    with shop_floor(installation, tmp_path, partitions=2, KPI_WEB_PORT=str(unused_tcp_port)) as floor:
        floor.start_worker()
        page = Page(unused_tcp_port)
        with floor.started("web") as first:
            page.until_ready()
            live(floor, page)
            known = page.got("overview?window=5m")["id"]
            first.send_signal(signal.SIGTERM)
            assert first.wait(10) == 0
        with floor.started("web"):
            page.until_ready()
            live_again(floor, page, known)


@pytest.mark.asyncio
async def test_what_was_published_long_ago_is_read_backwards_and_is_the_same(broker: EmbeddedKafka) -> None:
    settings = Settings(broker=broker.bootstrap)
    topic, now_s = topic_log.fresh("values"), time.time()
    await topic_log.create(broker.bootstrap, [topic], 2)
    records = [value(KPI, T0_S + n % 40 * HOUR_S, n, 1_000, revision=n // 40, segment=f"s{n % 3}") for n in range(120)]
    await produce(broker.bootstrap, topic, records[:90], now_s - 5 * HOUR_S)
    await produce(broker.bootstrap, topic, records[90:], now_s)
    whole, pieces = store(), store()
    for key, raw in records:
        whole.take(key, raw)
    async with open_consumer(settings, [topic]) as (consumer, partitions):
        begun = await past.begin(consumer, partitions[topic], now_s, first_records=0)
        assert sum(begun.values()) == 90
        for key, raw in records[90:]:
            pieces.take(key, raw)
        assert await past.fill(consumer, pieces, begun, now_s - HOUR_S) == 0, "too long ago"
        assert await past.fill(consumer, pieces, begun, now_s - 6 * HOUR_S, most=7) >= 90 - 40
        assert sum((await past.begin(consumer, partitions[topic], now_s, first_records=100)).values()) == 0
    kind = Kind(KPI, "1h", "channel")
    assert pieces.rows(kind).keys() == whole.rows(kind).keys()
    for segment, row in whole.rows(kind).items():
        assert list(pieces.rows(kind)[segment].points()) == list(row.points())
        assert pieces.rows(kind)[segment].last_raw == row.last_raw


def store() -> Store:
    return Store(frozenset((KPI,)), {"1h": 8 * DAY_S}, {"1h": 100})


async def produce(bootstrap: str, topic: str, records: list[Record], at_s: float) -> None:
    """Published then, by the records' own timestamps; of a segment always into one partition."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for key, raw in records:
            partition = (key or b"").endswith(b"s0")
            await producer.send_and_wait(topic, raw, key, partition=int(partition), timestamp_ms=round(at_s * 1_000))
