"""Places where the kernel and the Python code came apart, or might: each as short as it can be."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flow import Sent
from kernel.comparison import difference, lanes
from kernel.script import START_US, Commit, Restart, Turn, Wait
from kernel.stages import EVERY, Rules, stage_of
from models.visitor import Visitor
from models.window import MINUTE_US
from streams.measuring.kernel_tables import KernelVisitors

pytestmark = pytest.mark.usefixtures("kernel")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHORT = (("session_retention_s", 3_600.0), ("correction_horizon_clickstream_s", 600.0))


def sent(number: int, minute: int, kind: str = "page_view", **fields: Any) -> Sent:
    """A click of `v1` in session `s1`, if its fields do not say otherwise; minutes after START_US."""
    at = EPOCH + timedelta(microseconds=START_US + minute * MINUTE_US)
    event = {"event_id": f"e{number}", "event_type": kind, "timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    event |= {"visitor_id": "v1", "session_id": "s1", **fields}
    return Sent("clickstream", event["visitor_id"].encode(), json.dumps(event, separators=(",", ":")).encode())


def test_a_step_may_be_longer_ago_than_what_its_session_keeps_of_its_minutes() -> None:
    """Minutes are kept for 77 here, so the session's mask stays short; that of the step did not fit 128 bits."""
    rules = Rules(EVERY, SHORT)
    steps = ((0, "add_to_cart"), (3, "add_to_cart"), (40, "page_view"), (80, "page_view"), (120, "page_view"))
    later = ((150, "page_view"), (160, "add_to_cart"), (170, "purchase"), (200, "add_to_cart"))
    clicks = [sent(number, minute, kind) for number, (minute, kind) in enumerate((*steps, *later))]
    assert difference(lanes(rules), [Wait(START_US + 400 * MINUTE_US), *clicks, Commit()]) is None


def test_segments_that_are_forgotten_and_come_back_are_the_same_ones() -> None:
    """More campaigns than are kept (20,000), then the first one again: of one visitor, and in one commit."""
    rules = Rules("kpis:\n  visitors: {help: x, numerator: visitors, windows: [1h], by: [campaign]}\n")
    own = [sent(number, 0, session_id=f"s{number}", utm_campaign="c0") for number in range(2)]
    others = (
        sent(10 + number, 1, visitor_id=f"w{number % 90}", session_id=f"w{number}", utm_campaign=f"c{number}")
        for number in range(20_100)
    )
    again = [sent(30_000 + number, 2, session_id=f"t{number}", utm_campaign="c0") for number in range(2)]
    turns: list[Turn] = [Wait(START_US + MINUTE_US), *own, *others, *again, Commit(), Restart(tombstones=False)]
    more: list[Turn] = [sent(40_000, 3, session_id="s0"), sent(40_001, 3, session_id="t1"), Commit()]
    assert difference(lanes(rules), [*turns, *more]) is None


@pytest.mark.parametrize(("change", "said"), [({"new_rule": 1}, "new_rule"), ({"gap_us": None}, "gap_us")])
def test_a_kernel_of_another_release_does_not_count(change: dict[str, Any], said: str, kernel: Any) -> None:
    booking: Any = stage_of(Rules(), native=True).clicks.booking
    settings = {name: its for name, its in (booking._settings() | change).items() if its is not None or name != said}
    with pytest.raises(ValueError, match=f"{said}.*make setup"):
        kernel.Visitors(settings, None, None, None)


def test_a_lent_row_that_was_deleted_and_came_back_is_deleted_once() -> None:
    """The changelog has what compaction has not yet removed: a row, its tombstone and another row of the same key."""
    table = stage_of(Rules(), native=True).tables(0).clicks.rows
    assert isinstance(table, KernelVisitors)
    key, stored = table._codec.key_to_bytes("v1"), table._codec.stored(Visitor(START_US, START_US // MINUTE_US, 1))
    for value in (stored, None, stored):
        table.restore(key, value)
    assert table.get("v1") is not None
    table.expire(START_US + 100 * 3_600 * 1_000_000, 10)  # files it
    table.expire(START_US + 100 * 3_600 * 1_000_000, 10)
    assert (len(table), list(table.drain())) == (0, [(key, None)])
