"""The page shows what was published, in the reader's language, theme and window; with a mouse or without."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from broker.shop_floor import within
from browser.conftest import Open
from browser.live_shop import LiveShop

# of each tile: the record's own value, as the page holds it
TILES = """() => Object.fromEntries([...document.querySelectorAll('.tile')].map((tile) =>
    [tile.dataset.kpi, tile.querySelector('.tile-value').dataset.value ?? null]))"""


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page("/?window=1h")


def published(shop: LiveShop, window: str) -> dict[str, str | None]:
    """The newest value of each KPI's total, of what `kpi values` reads from the topic, as text."""
    newest: dict[str, dict[str, Any]] = {}
    for value in shop.floor.values("--window", window, "--dimension", "all"):
        if value["kpi"] not in newest or newest[value["kpi"]]["start"] < value["start"]:
            newest[value["kpi"]] = value
    return {kpi: _text(value["value"]) for kpi, value in newest.items()}


def _text(value: object) -> str | None:
    """As a script writes it."""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return None if value is None else str(value)


def test_values_on_the_page_are_the_last_that_were_published(shop: LiveShop, open_page: Open) -> None:
    """While the shop is open: a tile that is the same before and after a reading of the topic shows what was read."""
    page = open_page("/?window=1d")
    for _ in within(20):
        before, topic = page.evaluate(TILES), published(shop, "1d")
        page.wait_for_timeout(400)  # what was published last is on its way for a moment
        shown = page.evaluate(TILES)
        quiet = {kpi for kpi in shown if shown[kpi] == before[kpi] and shown[kpi] is not None}
        if len(quiet) >= 20:
            break
    assert len(quiet) >= 20
    assert {kpi: shown[kpi] for kpi in quiet} == {kpi: topic[kpi] for kpi in quiet}


def test_a_figure_reads_as_its_unit(page: Page) -> None:
    for kpi, pattern in {
        "conversion_rate": r"^\d+\.\d+%$",
        "average_order_value": r"^£\d+\.\d\d$",
        "visits": r"^[\d,]+$",
        "time_on_site": r"^[\d.]+s$",
        "pages_per_visit": r"^\d\.\d\d$",
    }.items():
        expect(page.locator(f".tile[data-kpi={kpi}] .tile-value")).to_have_text(re.compile(pattern))


def test_a_goal_has_a_bar_and_words(open_page: Open) -> None:
    page = open_page("/?window=1d")
    goal = page.locator(".tile[data-kpi=revenue] .goal")
    expect(goal).to_contain_text(re.compile(r"% of the goal £50,000 · expected by now £"))
    expect(goal.locator(".goal-mark")).to_be_attached()


def test_language_theme_and_window_are_changed_and_remembered(page: Page) -> None:
    page.locator("#language").select_option("pl")
    expect(page.locator(".tile[data-kpi=conversion_rate] h3")).to_have_text("Współczynnik konwersji")
    assert page.evaluate("document.documentElement.lang") == "pl"
    page.locator("#theme").select_option("dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#theme").select_option("light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.locator("#windows label", has_text="5 min").click()
    expect(page).to_have_url(re.compile(r"\?window=5m$"))
    page.goto(page.url.split("?")[0])
    expect(page.locator(".tile[data-kpi=visits] h3")).to_have_text("Liczba odwiedzin")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    expect(page.locator("#windows input[value='5m']")).to_be_checked()


def test_a_kpi_opens_with_chart_and_segments_and_the_address_leads_back(page: Page, artifacts: Path) -> None:
    page.locator(".tile[data-kpi=conversion_rate]").click()
    expect(page).to_have_url(re.compile(r"kpi=conversion_rate&window=1h"))
    expect(page.locator(".chart canvas")).to_be_visible()
    expect(page.locator(".segments-table tbody tr").first).to_be_visible()
    page.locator(".slice-dimensions button", has_text="device").click()
    expect(page.locator(".segments-table tbody")).to_contain_text("mobile")
    page.locator(".segments-table a", has_text="mobile").click()
    expect(page).to_have_url(re.compile(r"dimension=device&segment=mobile"))
    expect(page.locator(".segments-table tr.chosen")).to_contain_text("mobile")
    page.screenshot(path=artifacts / "segment.png")
    shared = page.context.new_page()
    shared.goto(page.url)
    expect(shared.locator(".slice select")).to_have_value("mobile")
    for _ in range(3):
        page.go_back()
    expect(page.locator("#detail")).to_be_hidden()


def test_segments_are_sorted_by_a_click_and_add_up(shop: LiveShop, page: Page) -> None:
    page.goto(f"{shop.address}/?kpi=visits&window=1h&dimension=device")
    head = page.locator("thead .col-segment button")
    head.click()
    names = page.locator(".segments-table tbody a")
    expect(names.first).to_be_visible()
    assert names.all_text_contents() == sorted(names.all_text_contents())
    head.click()
    assert names.all_text_contents() == sorted(names.all_text_contents(), reverse=True)
    expect(page.locator("thead .col-segment")).to_have_attribute("aria-sort", "descending")


def focused(page: Page) -> str | None:
    """The KPI of the tile that has the focus."""
    kpi: str | None = page.evaluate("document.activeElement.dataset.kpi ?? null")
    return kpi


def test_the_keyboard_searches_and_moves_between_tiles(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("no such thing")
    expect(page.locator(".nothing")).to_contain_text("no such thing")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("revenue")
    page.keyboard.press("Enter")
    first = focused(page)
    page.keyboard.press("ArrowRight")
    assert None not in {first, focused(page)}
    assert first != focused(page)


def test_the_keyboard_opens_reads_and_closes(page: Page) -> None:
    page.locator(".tile[data-kpi=visits]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_be_focused()
    expect(page.locator(".chart canvas")).to_be_visible()
    page.locator(".chart-box").focus()
    page.keyboard.press("End")
    last = page.locator(".legend-time").text_content()
    page.keyboard.press("ArrowLeft")
    assert page.locator(".legend-time").text_content() != last
    page.keyboard.press("Escape")
    assert focused(page) == "visits"


def test_the_keyboard_changes_the_window_and_lists_its_keys(page: Page) -> None:
    page.keyboard.press("]")
    expect(page.locator("#windows input[value='1d']")).to_be_checked()
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()
