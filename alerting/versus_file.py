"""What a change is compared with, in alerts.yaml: `versus: 1h`, `1w`, `baseline` or `goal`."""

from collections.abc import Mapping
from typing import Final

from alerting.reference import Ago, Baseline, Goal, Versus
from models.duration import text as duration_text
from models.source import Node
from models.window_definition import DAY_US, Shape

MOST_WINDOWS: Final = 20_160
"""Windows that are remembered of a series: two weeks of minutes, some 3 MB."""

MOST_WEEKS: Final = 12
_OF_BASELINE: Final = ("weeks", "min_weeks", "mads")


def versus(parts: Mapping[str, Node], window: str, shape: Shape | None, expected: str | None) -> Versus:
    """`parts` of a change in windows of a shape; `expected`: the KPI of what the target expects, if there is one.

    Raises DefinitionError.
    """
    node = parts["versus"]
    text = node.string()
    if text == "baseline":
        return _baseline(parts, window, shape)
    for key in _OF_BASELINE:
        if key in parts:
            raise parts[key].error("it is of a baseline only", "remove the key")
    if text == "goal":
        if expected is None:
            raise node.error(f"no target of the total in {window}", "give the KPI one in kpis.yaml, and remove `by`")
        return Goal(expected)
    if not text[:1].isdigit():
        raise node.error(f'"{text}" is not possible', "write a duration like 1w, baseline or goal")
    return _ago(node, window, shape)


def _ago(node: Node, window: str, shape: Shape | None) -> Ago:
    us = node.duration_us()
    if shape is None:
        raise node.error("months differ in length", "compare with goal, or watch another window")
    length_us, hop_us = shape
    if us < length_us:
        length = duration_text(length_us)
        raise node.error(f"it reaches into the same window of {window}", f"write {length} or more")
    if us % hop_us:
        hop = duration_text(hop_us)
        raise node.error(f"no window of {window} ended then", f"write a multiple of {hop}")
    if us // hop_us > MOST_WINDOWS:
        most = duration_text(MOST_WINDOWS * hop_us)
        raise node.error(f"{us // hop_us} windows to remember of every series", f"write {most} or less")
    return Ago(us)


def _baseline(parts: Mapping[str, Node], window: str, shape: Shape | None) -> Baseline:
    node, usual = parts["versus"], Baseline()
    if shape is None or shape[0] > DAY_US:
        raise node.error(f"a window of {window} is of no hour of the week", "watch one of a day or shorter")
    weeks = parts["weeks"].integer() if "weeks" in parts else usual.weeks
    if not 1 <= weeks <= MOST_WEEKS:
        raise parts["weeks"].error(f"{weeks} is out of range", f"write 1 to {MOST_WEEKS}")
    least = parts["min_weeks"].integer() if "min_weeks" in parts else min(usual.min_weeks, weeks)
    if not 1 <= least <= weeks:
        raise parts["min_weeks"].error(f"{least} of {weeks} weeks", f"write 1 to {weeks}")
    mads = parts["mads"].number() if "mads" in parts else usual.mads
    if mads <= 0:
        raise parts["mads"].error(f"{mads:g} makes no band", "write more than 0, like 3")
    return Baseline(weeks, least, mads)
