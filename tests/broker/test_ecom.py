"""The e-commerce clickstream, fetched as a wheel: its known figures, and the demo's slice of it."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from models.click import Click, decode_click
from streams.tools import datasets, demo_slice

DEMO = Path(__file__).parents[2] / "deploy" / "demo"


@pytest.fixture(scope="session")
def clicks(ecom: Path) -> list[Click]:
    decoded = [decode_click(record.key, record.value) for record in datasets.source(ecom, None).read()]
    return [click for click in decoded if isinstance(click, Click)]


def test_the_clickstream_has_its_known_figures(clicks: list[Click]) -> None:
    assert len(clicks) == len({click.event_id for click in clicks}) == 31_106
    assert len({click.visitor_id for click in clicks}) == 600
    assert len({click.session_id for click in clicks}) == 3_605
    assert len({click.session_id for click in clicks if click.event_type == "purchase"}) == 470


def test_events_come_by_time(clicks: list[Click]) -> None:
    times = [click.at_us for click in clicks]
    assert times == sorted(times)


def test_names_are_those_of_the_contract(clicks: list[Click]) -> None:
    types = Counter(click.event_type for click in clicks)
    assert (types["view_item"], types["begin_checkout"], types["add_payment_info"]) == (6_851, 958, 709)
    assert types["page_view"] == 6_521 + 2_762 + 1_204 + 796 + 659 + 406 + 276
    assert {c.channel for c in clicks} == {"Organic Search", "Direct", "Email", "Paid Search", "Organic Social"}


def test_the_clicks_of_the_demo_are_what_the_command_in_its_readme_makes(ecom: Path) -> None:
    made = b"".join(demo_slice.clicks(ecom))
    assert made == gzip.decompress((DEMO / "clickstream.ndjson.gz").read_bytes())
