"""The page follows: an alert comes and goes with its records, a server that is back is found, only news are drawn."""

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaConsumer
from playwright.sync_api import Page, expect

from broker.shop_floor import within
from browser.conftest import Open
from browser.live_shop import BOOMING, FAILING, USUAL, Business, LiveShop
from streams.publication_alerts import TOPIC

SEEN_WITHIN_S = 2.0
BACK_WITHIN_S = 5.0
RULE = "ConversionRateLow"
# the moment (ms of the wall clock) at which a card of the rule is there, or is not any more
WATCH = """() => {
  window.seen = [];
  new MutationObserver(() => {
    const shown = document.querySelector('.firing .alert') !== null;
    if (window.seen.length === 0 || window.seen.at(-1)[0] !== shown) window.seen.push([shown, Date.now()]);
  }).observe(document.getElementById('alerts'), { childList: true, subtree: true });
}"""
# {touched, changed}: KPIs of the tiles that the page wrote to in that time, and of those that are not as they were
CHANGES = """(ms) => new Promise((resolve) => {
  const tiles = () => new Map([...document.querySelectorAll('.tile')].map((one) => [one.dataset.kpi, one.outerHTML]));
  const touched = new Set(), before = tiles();
  const seen = new MutationObserver((all) => all.forEach(({ target }) => {
    const tile = (target.closest ? target : target.parentElement)?.closest('.tile');
    if (tile) touched.add(tile.dataset.kpi);
  }));
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  seen.observe(document.getElementById('families'), all);
  setTimeout(() => {
    seen.disconnect();
    const changed = [...tiles()].filter(([kpi, html]) => html !== before.get(kpi)).map(([kpi]) => kpi);
    resolve({ touched: [...touched].sort(), changed: changed.sort() });
  }, ms);
})"""


class Follower(threading.Thread):
    """A subscriber of the alerts beside the page: when it was given the last record of each state."""

    def __init__(self, shop: LiveShop) -> None:
        super().__init__()
        self.bootstrap = shop.floor.kafka.bootstrap
        self.given_s: dict[str, float] = {}
        self.over = threading.Event()

    def run(self) -> None:
        asyncio.run(self._follow())

    async def _follow(self) -> None:
        options = {"bootstrap_servers": self.bootstrap, "isolation_level": "read_committed"}
        consumer = AIOKafkaConsumer(TOPIC, group_id=None, auto_offset_reset="earliest", **options)
        await consumer.start()
        try:
            while not self.over.is_set():
                batch = await consumer.getmany(timeout_ms=200)
                for record in (one for its in batch.values() for one in its):
                    alert = msgspec.json.decode(record.value)
                    if alert["rule"] == RULE:
                        self.given_s[alert["state"]] = time.time()
        finally:
            await consumer.stop()


@contextmanager
def following(shop: LiveShop) -> Iterator[dict[str, float]]:
    """When a subscriber was given the last record of each state, s since 1970."""
    follower = Follower(shop)
    follower.start()
    try:
        yield follower.given_s
    finally:
        follower.over.set()
        follower.join()


@contextmanager
def business(shop: LiveShop, its: Business) -> Iterator[None]:
    """It goes like that as long as the body runs."""
    shop.business = its
    try:
        yield
    finally:
        shop.business = USUAL


def test_an_alert_appears_with_its_record_and_goes_when_it_is_resolved(
    shop: LiveShop, open_page: Open, artifacts: Path
) -> None:
    page = open_page("/?window=5m")
    expect(page.locator("#alerts h2")).to_have_text("No alert is firing.")
    page.evaluate(WATCH)
    with following(shop) as given_s:
        with business(shop, FAILING):
            check_firing(page)
            page.screenshot(path=artifacts / "alert.png")
        with business(shop, BOOMING):
            expect(page.locator(".firing .alert")).to_have_count(0, timeout=60_000)
        expect(page.locator("#said")).to_contain_text("Alert resolved")
        expect(page.locator(".past")).to_contain_text("Conversion rate low")
        expect(page.locator(".tile[data-kpi=conversion_rate] .badge")).to_be_hidden()
    seen = {shown: at_ms / 1000 for shown, at_ms in page.evaluate("window.seen")}
    assert abs(seen[True] - given_s["firing"]) <= SEEN_WITHIN_S
    assert abs(seen[False] - given_s["resolved"]) <= SEEN_WITHIN_S


def check_firing(page: Page) -> None:
    card = page.locator(".firing .alert")
    expect(card).to_be_visible(timeout=60_000)
    expect(card).to_contain_text("Conversion rate low")
    expect(card).to_contain_text(re.compile(r"\d+\.\d+%, below the bound of 10\.0%"))
    expect(card.locator("a", has_text="Runbook")).to_have_attribute("href", "https://runbooks.example/conversion")
    expect(page.locator(".tile[data-kpi=conversion_rate]")).to_contain_text("Critical alert")
    expect(page.locator("#said")).to_contain_text("Critical alert: Conversion rate low")
    assert page.title() == "(1) KPI monitor"


def test_the_page_is_back_with_the_server(shop: LiveShop, open_page: Open) -> None:
    gone = ("net::ERR_CONNECTION_REFUSED", "net::ERR_INCOMPLETE_CHUNKED_ENCODING", "503")
    page = open_page("/?window=1m", allowed=gone)  # its figures change every second
    expect(page.locator("#link")).to_have_text("Live")
    shop.stop_serving()
    expect(page.locator("#link")).to_contain_text("Reconnecting")
    shop.serve()
    shop.until_ready()
    ready_s = time.monotonic()
    expect(page.locator("#link")).to_have_text("Live", timeout=BACK_WITHIN_S * 1000)
    expect(page.locator("#trouble")).to_be_hidden(timeout=BACK_WITHIN_S * 1000)
    assert time.monotonic() - ready_s < BACK_WITHIN_S
    drawn_anew(page)  # all of it again, maybe, once the server has read the older history


def drawn_anew(page: Page) -> dict[str, list[str]]:
    """The tiles that were touched, and those whose figures changed, when some did."""
    for _ in within(15):
        seen: dict[str, list[str]] = page.evaluate(CHANGES, 1500)
        if seen["changed"]:
            return seen
    raise AssertionError("nothing is drawn any more")


def test_only_what_changed_is_drawn(open_page: Open) -> None:
    page = open_page("/?window=1m")
    page.wait_for_timeout(1500)  # the stream's first look at all tiles
    seen = drawn_anew(page)
    assert seen["touched"] == seen["changed"]


def test_a_hidden_tab_draws_nothing_and_catches_up(open_page: Open) -> None:
    """A hidden tab has no frames."""
    page = open_page("/?window=1m")
    page.evaluate("() => { window.later = []; window.requestAnimationFrame = (draw) => window.later.push(draw); }")
    page.wait_for_timeout(300)  # a frame that was asked for before
    assert page.evaluate(CHANGES, 1000)["touched"] == []
    page.wait_for_function("() => window.later.length > 0", polling=100)
    page.evaluate(f"() => {{ window.changes = {CHANGES}; }}")
    draws = "(ms) => { const seen = window.changes(ms); window.later.forEach((draw) => draw()); return seen; }"
    assert page.evaluate(draws, 100)["changed"] != [], "the first frame draws what is then known"
