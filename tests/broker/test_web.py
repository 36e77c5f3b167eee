"""`kpi web` beside a real worker: it says what is published, also after it was started again."""

import json
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from broker.shop_floor import ROOT, ShopFloor, shop_floor, within
from streams.tools.kafka_installation import Installation

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


def agreed(floor: ShopFloor, page: Page) -> dict[tuple[str, ...], dict[str, Any]]:
    """The newest windows of all series, the same of both; a worker that only waits still closes windows."""
    for _ in within(READY_S, every=0.5):
        published = by_series(floor.values("--latest"))
        answer = page.got("values?latest=true&limit=10000")
        assert not answer["more"]
        if published == by_series(answer["values"]):
            return published
    raise AssertionError("they never agreed")


def publish(floor: ShopFloor) -> None:
    floor.kpi("replay", *DEMO, "--shift")


def live(floor: ShopFloor, page: Page) -> None:
    """It says what is published, and what was received."""
    publish(floor)
    floor.caught_up()
    assert len(agreed(floor, page)) > 500
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
