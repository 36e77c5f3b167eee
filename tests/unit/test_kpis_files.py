"""Whole files: each of `bad/` has one defect and begins with the message about it; all of `good/` is taken."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from models.click import DIMENSIONS, Click
from models.dimension import FieldDimension, Part, segments_of, text_fields
from models.errors import DefinitionError
from models.goal import with_goals
from models.kpi import Catalogue
from models.kpis_file import load_kpis
from models.slices import MAX_SEGMENT, Slicing
from models.target import EVEN, PPM

FILES = Path(__file__).parents[1] / "data" / "kpis"
BAD = sorted((FILES / "bad").glob("*.yaml"))


def read(file: Path) -> Catalogue:
    return load_kpis(file.read_text(encoding="utf-8"), file.name)


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_a_bad_file_is_refused_with_file_line_key_and_remedy(file: Path) -> None:
    with pytest.raises(DefinitionError) as wrong:
        read(file)
    expected, *more = file.read_text(encoding="utf-8").splitlines()[0].split(" ...")  # a list that grows
    message = f"# {wrong.value}"
    assert expected == (message[: len(expected)] if more else message)


@pytest.mark.parametrize("file", sorted((FILES / "good").glob("*.yaml")), ids=lambda file: file.stem)
def test_a_good_file_is_taken(file: Path) -> None:
    assert read(file).kpis


def test_a_kpi_is_published_in_windows_of_its_own() -> None:
    found = read(FILES / "good" / "windows.yaml")
    assert found.kpis["rate"].windows == ("15m", "quarter", "2h", "14d", "week")
    assert [(one.name, one.length_us // 60_000_000, one.hop_us // 60_000_000) for one in found.windows] == [
        ("15m", 15, 5),
        ("quarter", 15, 15),
        ("2h", 120, 10),
        ("14d", 20_160, 1_440),
        ("week", 10_080, 10_080),
    ]


def test_a_dimension_may_be_a_field_of_one_topic_or_of_all_that_have_it() -> None:
    found = read(FILES / "good" / "dimensions.yaml")
    assert found.kpis["takings"].by == ("channel", "visitor_session")  # orders and clicks have a session_id
    assert found.defined_for("orders") == (FieldDimension("visitor_session", "orders", "session_id"),)
    assert [one.name for one in found.defined_for("clickstream")] == ["landing_host", "source", "visitor_session"]
    assert found.dimensions_of_feed("clickstream") == ("channel", "landing_host", "source", "visitor_session")
    assert found.defined_for("social") == ()


def test_targets_are_exact_and_their_pace_is_even_unless_it_is_given() -> None:
    kpis = read(FILES / "good" / "targets.yaml").kpis
    takings, rate, placed = (kpis[name].target for name in ("takings", "rate", "placed"))
    assert takings is not None
    assert rate is not None
    assert placed is not None
    assert (takings.value("1d"), takings.curve) == (Decimal("50000.50"), None)
    assert (rate.value("1d"), rate.curve) == (Decimal("0.03"), EVEN)
    assert placed.curve == (*[40_000] * 23, PPM)


def test_a_target_makes_four_kpis() -> None:
    published = with_goals(read(FILES / "good" / "targets.yaml").kpis)
    made = {name: (kpi.unit.value, kpi.metric) for name, kpi in published.items() if name.startswith("takings_")}
    assert made == {
        "takings_target": ("money", "kpi_takings_target"),
        "takings_expected": ("money", "kpi_takings_expected"),
        "takings_attainment": ("ratio", "kpi_takings_attainment_ratio"),
        "takings_forecast": ("money", "kpi_takings_forecast"),
    }
    assert published["takings_forecast"].windows == ("1d",)


def test_a_changed_target_changes_the_hash_of_its_goals_and_not_that_of_the_kpi() -> None:
    text = (FILES / "good" / "targets.yaml").read_text(encoding="utf-8")
    one, other = (with_goals(load_kpis(t, "kpis.yaml").kpis) for t in (text, text.replace("50000.50", "60000")))
    changed = {name for name in one if one[name].definition != other[name].definition}
    assert changed == {"takings_target", "takings_expected", "takings_attainment", "takings_forecast"}


def test_only_text_fields_are_dimensions() -> None:
    fields = text_fields("social")
    assert "platform" in fields
    assert not {"count", "event_type", "timestamp", "event_id"} & set(fields)


def click(page_url: str, **fields: str) -> Click:
    event = {"event_id": "e", "timestamp": datetime(2026, 3, 2, tzinfo=UTC), "visitor_id": "v", "event_type": "x"}
    return msgspec.convert({**event, "page_url": page_url, **fields}, Click)


@pytest.mark.parametrize(
    ("url", "part", "segment"),
    [
        ("https://Shop.example:8443/a/b?q=1#c", Part.HOST, "shop.example"),
        ("https://shop.example/a/b?q=1#c", Part.PATH, "/a/b"),
        ("https://shop.example/a", None, "https://shop.example/a"),
        ("/a/b?q=1", Part.HOST, None),
        ("http://[broken", Part.HOST, None),
        ("", None, None),
        ("x" * 1_000, None, "x" * MAX_SEGMENT),
    ],
)
def test_the_segment_of_an_event(url: str, part: Part | None, segment: str | None) -> None:
    assert FieldDimension("landing", "clickstream", "page_url", part).segment(click(page_url=url)) == segment


def test_segments_that_were_stored_before_a_dimension_was_defined_stay_right() -> None:
    landing = FieldDimension("landing", "clickstream", "page_url", Part.HOST)
    source = FieldDimension("source", "clickstream", "utm_source")
    event = click(page_url="https://a.example/", utm_source="x=y", channel="Email")
    before, after = segments_of(event, [landing]), segments_of(event, [source, landing])
    slicing = Slicing(DIMENSIONS, ("channel", "source", "landing"))
    assert slicing.of(before).pairs == (
        ("all", "all"),
        ("channel", "Email"),
        ("source", "(not set)"),
        ("landing", "a.example"),
    )
    assert slicing.of(after).pairs[2:] == (("source", "x=y"), ("landing", "a.example"))
    assert slicing.of(slicing.of(after).segments) is slicing.of(after)
    assert Slicing(DIMENSIONS, ("channel",)).of(after).pairs[1:] == (("channel", "Email"),)
