"""How much of a day or month is usually reached by a moment: given, or learnt from the same weekday of the last weeks.

A pace is a curve of cumulative shares at the ends of the local hours (models.target.Curve), straight in between.
"""

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Final

from models.target import HOURS, PPM, Curve

LEARNT_FROM: Final = "1h"
"""The windows of a KPI that teach its pace: those that begin with a local hour."""

WEEKS: Final = 4
KEPT_DAYS: Final = 7 * WEEKS + 7
"""Days worth keeping: those a curve is learnt from, and some before, so that the first of them is known to be whole."""

_HOUR_US: Final = 3_600_000_000

Hours = Mapping[int, int]
"""What was counted in each local hour of a day; an absent one is 0."""


def local(at_us: int, zone: tzinfo) -> datetime:
    """A moment (us since 1970 UTC) on the clock of the shop."""
    return datetime.fromtimestamp(at_us // 1_000_000, zone).replace(microsecond=at_us % 1_000_000)


def share_of_day(curve: Curve, moment: datetime) -> int:
    """The share reached by a local moment, in parts per million.

    While the clock is turned back, the second pass through the hour stays at its end, so the share never falls.
    """
    hour = moment.hour
    begin, end = (curve[hour - 1] if hour else 0), curve[hour]
    if moment.fold:
        return end
    passed_us = (moment.minute * 60 + moment.second) * 1_000_000 + moment.microsecond
    return begin + (end - begin) * passed_us // _HOUR_US


def share_of(curve: Curve, start_us: int, end_us: int, at_us: int, zone: tzinfo) -> int:
    """The share of a window of whole days [start, end) reached by `at_us`, in parts per million.

    The days of a month weigh the same, and each goes by the curve. Times are event time, us since 1970 UTC.
    """
    if at_us <= start_us:
        return 0
    if at_us >= end_us:
        return PPM
    first, after, moment = (local(us, zone) for us in (start_us, end_us, at_us))
    days, passed = _days(first, after), _days(first, moment)
    return (passed * PPM + share_of_day(curve, moment)) // days


def learnt(days: Mapping[int, Hours], day: int) -> Curve | None:
    """The curve of a day (proleptic ordinal) from the same weekday of the last four weeks; None: nothing is known.

    At the end of hour h: the mean, over these days, of (counted in hours 0 to h) / (counted in the day). Each day
    weighs the same. The earliest day on record may have begun in the middle and teaches nothing, nor does one that
    ended at 0 or below. Hours in which more was taken back than came do not let the curve fall.
    """
    earliest = min(days, default=day)
    taught = [days[day - 7 * week] for week in range(1, WEEKS + 1) if day - 7 * week in days]
    shares = [found for hours in taught if hours is not days[earliest] and (found := _shares(hours))]
    if not shares:
        return None
    means = [sum(hour) / len(shares) for hour in zip(*shares, strict=True)]
    return _rising(means)


def day_of(at_us: int, zone: tzinfo) -> int:
    """The proleptic ordinal of a moment's local day."""
    return local(at_us, zone).toordinal()


def _shares(hours: Hours) -> list[float] | None:
    counted = sum(hours.values())
    if counted <= 0:
        return None
    reached, shares = 0, []
    for hour in range(HOURS):
        reached += hours.get(hour, 0)
        shares.append(reached / counted)
    return shares


def _rising(shares: list[float]) -> Curve:
    curve, least = [], 0
    for share in shares:
        least = min(max(least, round(share * PPM)), PPM)
        curve.append(least)
    return (*curve[:-1], PPM)


def _days(first: date, last: date) -> int:
    return last.toordinal() - first.toordinal()
