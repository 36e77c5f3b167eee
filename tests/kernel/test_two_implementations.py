"""The kernel and the Python code do the same, whatever comes; and the comparison sees it where they do not."""

from collections.abc import Sequence
from typing import Any

import pytest

from bench.clicks import Plan, clicks
from flow import Sent
from kernel.comparison import difference, failure_of, shortened
from kernel.script import START_US, script
from kernel.stages import Rules, stage_of
from models.stage import Batch

TURNS = 300
KERNEL = pytest.mark.usefixtures("kernel")


@KERNEL
@pytest.mark.parametrize("seed", range(30))
def test_both_do_the_same(seed: int) -> None:
    failure = failure_of(seed, TURNS)
    assert failure is None, failure


@KERNEL
@pytest.mark.soak
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("first", range(1_000, 3_000, 250))
def test_both_do_the_same_in_thousands_of_ways(first: int) -> None:
    failures = [failure for seed in range(first, first + 250) if (failure := failure_of(seed, TURNS)) is not None]
    assert failures == [], failures[0]


@KERNEL
@pytest.mark.soak
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(20))
def test_both_do_the_same_for_long(seed: int) -> None:
    failure = failure_of(seed, 3_000)
    assert failure is None, failure


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        pytest.param({"session_gap_s": 1_799.0}, "/visitors ", id="a gap that is a second shorter"),
        pytest.param({"bot_events_per_minute": 4}, "/ledger/", id="a click more a minute"),
        pytest.param({"conversion_events": ("search",)}, "/engaged_us: ", id="another conversion"),
    ],
)
def test_a_difference_is_seen_and_its_script_shortened(changed: dict[str, Any], where: str) -> None:
    python = stage_of(Rules(changes=(("bot_events_per_minute", 3),)), native=False)
    other = stage_of(Rules(changes=(*{"bot_events_per_minute": 3, **changed}.items(),)), native=False)
    its = {"python": [python], "other": [other]}
    turns = next(turns for turns in scripts() if difference(its, turns) is not None)
    shortest = shortened(its, turns)
    assert where in str(difference(its, shortest))
    assert len(shortest) <= 6


def scripts() -> Sequence[Any]:
    return [script(seed, TURNS, orders=True) for seed in range(40)]


@KERNEL
def test_most_clicks_need_no_python() -> None:
    """Few visitors are lent to it, or what is compared above would be Python and Python."""
    stage = stage_of(Rules(), native=True)
    tables = stage.tables(0)
    read = [Sent("clickstream", one.key, one.value) for one in clicks(Plan(2_000, 400, end_us=START_US))]
    stage.step(tables, Batch("clickstream", 0, read), START_US)
    assert len(tables.clicks.rows.rows) < 40
    assert tables.clicks.ledger.row.counted > 1_900
