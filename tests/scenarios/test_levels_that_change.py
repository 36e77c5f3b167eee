"""A level that a reload takes from a rule that fires at it."""

import pytest

from alert_desk import Desk

ONE_LEVEL = "- {{name: Low, kpi: orders, window: 1m, on: final, levels: {{{}: {{below: {}}}}}}}\n"


@pytest.mark.parametrize(
    ("before", "after", "strip", "lives", "told"),
    [
        (("warning", 3), ("critical", 3), "11", "CC", ["fired warning", "level_up critical"]),
        (("critical", 3), ("warning", 3), "11", "WW", ["fired critical", "level_down warning"]),
        (("warning", 3), ("critical", 2), "25", "--", ["fired warning", "recovered warning"]),
    ],
    ids=["worse", "milder", "over"],
)
def test_receivers_are_told_of_a_level_that_a_reload_takes_away(
    before: tuple[str, int], after: tuple[str, int], strip: str, lives: str, told: list[str]
) -> None:
    desk = Desk(ONE_LEVEL.format(*before))
    desk.lives({"orders": "51"})
    desk.reload(ONE_LEVEL.format(*after))
    assert desk.lives({"orders": strip}, first=2) == lives
    assert [f"{one.reason.value} {one.level.value}" for one in desk.told] == told


def test_between_with_no_milder_level_left_the_level_stays_as_it_was_told() -> None:
    desk = Desk(ONE_LEVEL.format("warning", 3))
    desk.lives({"orders": "51"})
    desk.reload(ONE_LEVEL.format("critical", 2).replace("}}}", "}}, clear: {above: 5}}"))
    assert desk.lives({"orders": "44"}, first=2) == "WW"
    assert len(desk.told) == 1
