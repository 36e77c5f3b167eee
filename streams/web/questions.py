"""What can be asked under /api/v1: parameters, types of the answers, and how they are found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from models.goal import with_goals
from models.settings import Settings
from streams.web.answers import (
    AlertsAnswer,
    KpisAnswer,
    LedgerAnswer,
    OverviewAnswer,
    SegmentsAnswer,
    SeriesAnswer,
    ValuesAnswer,
)
from streams.web.catalogue_answer import catalogue_answer
from streams.web.desk import Desk
from streams.web.feed import Channel
from streams.web.query import BadQuery, Query
from streams.web.segments import Against
from streams.web.store import TOTAL
from streams.web.wanted import Wanted

API: Final = "/api/v1"
MOST_VALUES: Final = 10_000
DEFAULT_VALUES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Parameter:
    """`type`: as JSON Schema says it."""

    name: str
    text: str
    required: bool = False
    type: str = "string"


@dataclass(frozen=True, slots=True)
class Question:
    """`ask` is given `now`, us since 1970 UTC; raises BadQuery. `always`: before all is read, too."""

    name: str
    text: str
    parameters: tuple[Parameter, ...]
    answer: type[msgspec.Struct]
    ask: Callable[[Desk, Query, int], msgspec.Struct]
    always: bool = False


_KPI: Final = Parameter("kpi", "Name of a KPI", required=True)
_WINDOW: Final = Parameter("window", "Kind of windows, as 1h", required=True)
_DIMENSION: Final = Parameter("dimension", "As channel; absent: all, the total")
_SEGMENT: Final = Parameter("segment", "As Email; absent: all")
STREAM: Final = (
    _WINDOW,
    Parameter("kpi", "Also values by segment, of this KPI, with dimension"),
    Parameter("dimension", "By which"),
    Parameter("since", "Id after which to go on, as the header Last-Event-ID; overview has one"),
)


def channels(desk: Desk, query: Query) -> list[Channel]:
    """What a stream listens to; raises BadQuery."""
    query.only([one.name for one in STREAM])
    window = query.window()
    if "kpi" not in query.given:
        if "dimension" in query.given:
            raise BadQuery("is missing", "kpi", "name the KPI whose segments are wanted")
        return desk.channels(window, None, None)
    kpi = query.kpi()
    return desk.channels(query.window(kpi), kpi.name, query.dimension(kpi, total=True))


def questions(settings: Settings) -> tuple[Question, ...]:
    """All of them; the settings name currency and zone."""

    def kpis(desk: Desk, _: Query, __: int) -> KpisAnswer:
        return catalogue_answer(settings, desk.catalogue)

    return (
        Question("kpis", "The catalogue of KPIs", (), KpisAnswer, kpis, always=True),
        Question("overview", "What the tiles of a window need", (_WINDOW,), OverviewAnswer, _overview),
        Question("values", "Last revisions of values", _VALUES, ValuesAnswer, _values),
        Question("series", "A series over time", (_KPI, _WINDOW, _DIMENSION, _SEGMENT), SeriesAnswer, _series),
        Question("segments", "Segments, and what changed by them", _SEGMENTS, SegmentsAnswer, _segments),
        Question("alerts", "What fires, and what was told", (), AlertsAnswer, lambda desk, _, __: desk.told()),
        Question("ledger", "What became of events", (), LedgerAnswer, lambda desk, _, now: desk.ledger(now)),
    )


_VALUES: Final = (
    Parameter("kpi", "Of this KPI"),
    Parameter("window", "Of this kind of windows"),
    Parameter("dimension", "By this dimension; all: totals"),
    Parameter("segment", "Of this segment"),
    Parameter("limit", f"At most so many, up to {MOST_VALUES}", type="integer"),
    Parameter("latest", "Only the newest window of each series", type="boolean"),
)
_SEGMENTS: Final = (
    _KPI,
    _WINDOW,
    Parameter("dimension", "By which", required=True),
    Parameter("against", "Compared with the window before, or a week before: before, week"),
)


def _overview(desk: Desk, query: Query, _: int) -> OverviewAnswer:
    return desk.overview(query.window())


def _values(desk: Desk, query: Query, _: int) -> ValuesAnswer:
    return desk.values(
        Wanted(
            kpi=query.maybe("kpi", with_goals(desk.kpis)),
            window=query.maybe("window", query.windows),
            dimension=query.maybe("dimension", desk.catalogue.dimensions),
            segment=query.maybe("segment"),
            limit=query.number("limit", DEFAULT_VALUES, MOST_VALUES),
            latest=query.flag("latest"),
        )
    )


def _series(desk: Desk, query: Query, _: int) -> SeriesAnswer:
    kpi = query.kpi()
    dimension = query.dimension(kpi, total=True)
    return desk.series(kpi, query.window(kpi), dimension, query.maybe("segment") or TOTAL)


def _segments(desk: Desk, query: Query, _: int) -> SegmentsAnswer:
    kpi, against = query.kpi(), query.choice("against", Against, Against.BEFORE)
    return desk.segments.answer(kpi, query.window(kpi), query.dimension(kpi, total=False), against)
