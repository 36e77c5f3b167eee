"""A real Chromium on a real `kpi web`: Kafka, a worker, a shop that sells or fails as a test tells it.

Every page that a test opens is watched: no error on its console, no request to another origin. What it looked like is
kept in .pytest-artifacts/.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from broker.shop_floor import ROOT
from browser.live_shop import LiveShop, live_shop
from streams.tools.kafka_installation import Installation

HERE = Path(__file__).parent
ARTIFACTS = ROOT / ".pytest-artifacts"
CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="the browser is Debian's package chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = {"width": 360, "height": 740}
Open = Callable[..., Page]
Script = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.broker)
            item.add_marker(needs_chromium)


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where screenshots stay."""
    ARTIFACTS.mkdir(exist_ok=True)
    return ARTIFACTS


@pytest.fixture(scope="module")
def browser(shop: LiveShop) -> Iterator[Browser]:
    """Of a module, after the shop: as long as it is open a loop runs in this thread, where no other can be started."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shop(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveShop]:
    with live_shop(installation, tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture
def open_page(browser: Browser, shop: LiveShop) -> Iterator[Open]:
    """`open_page(path, **context)`: a page that shows its first figures."""
    wrong: list[str] = []
    contexts = []

    def opened(path: str = "/", *, allowed: tuple[str, ...] = (), **options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", lambda said: _console(said.type, said.text, allowed, wrong))
        page.on("request", lambda asked: _origin(asked.url, shop.address, wrong))
        page.goto(shop.address + path)
        page.wait_for_selector(".tile [data-value]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="module")
def script(browser: Browser, shop: LiveShop) -> Iterator[Script]:
    """`script(module, code, *arguments)`: what the code answers, which sees a module of the page as `m`."""
    page = browser.new_page()
    page.goto(shop.address)

    def run(module: str, code: str, *arguments: object) -> Any:
        body = f"async (a) => {{ const m = await import('/static/js/{module}.js'); return ({code})(...a); }}"
        return page.evaluate(body, list(arguments))

    yield run
    page.close()


def _console(kind: str, text: str, allowed: tuple[str, ...], wrong: list[str]) -> None:
    if kind in {"error", "warning"} and not any(one in text for one in allowed):
        wrong.append(f"console: {text}")


def _origin(url: str, own: str, wrong: list[str]) -> None:
    if not url.startswith((own, "data:")):
        wrong.append(f"request: {url}")
