"""The page is readable: axe finds nothing in light, dark and on a phone; nothing is wider than the screen."""

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from browser.conftest import PHONE, Open

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
}
WIDER = "() => document.documentElement.scrollWidth - innerWidth"


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("look", LOOKS)
def test_it_is_accessible_and_fits(look: str, open_page: Open, artifacts: Path) -> None:
    page = open_page("/?kpi=conversion_rate&window=1h&dimension=device", **LOOKS[look])
    expect(page.locator(".segments-table tbody tr").first).to_be_visible()
    page.locator(".strip summary").click()
    page.locator(".figures summary").click()
    assert violations(page) == []
    assert page.evaluate(WIDER) <= 0
    page.locator(".strip summary").click()
    page.locator(".figures summary").click()
    page.screenshot(path=artifacts / f"detail-{look}.png")
    page.locator(".close").click()
    assert violations(page) == []
    assert page.evaluate(WIDER) <= 0
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=artifacts / f"tiles-{look}.png")


def test_polish_fits_a_phone(open_page: Open, artifacts: Path) -> None:
    page = open_page("/?window=1d", viewport=PHONE, locale="pl-PL")
    expect(page.locator("h1")).to_have_text("Monitor KPI")
    assert page.evaluate(WIDER) <= 0
    page.screenshot(path=artifacts / "tiles-polish.png", full_page=True)


def test_less_motion_is_no_motion(open_page: Open) -> None:
    page = open_page("/", reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.querySelector('.tile')).transitionDuration") in {"0s", "none"}
