"""What the API answers, as types: the OpenAPI document is made from them. Times of points are s since 1970 UTC."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw

from alerting.explanation import Explanation
from models.family import Family, Good
from models.kpi_value import Unit

Value = Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/KpiValueRecord"})]
"""A record of `kpi-values`, as it was published."""

Line = list[tuple[int, float | None, float | None, float | None]]
"""Start, value, low and high of each window, oldest first; major units for money."""

Pairs = list[tuple[int, float | None]]
"""Start and value of each window, oldest first."""


class Error(msgspec.Struct, frozen=True):
    """Why there is no answer."""

    what: str
    where: str
    do: str
    """What would help."""


class ErrorAnswer(msgspec.Struct, frozen=True):
    """Of every status from 400 on."""

    error: Error


class WindowAnswer(msgspec.Struct, frozen=True):
    """A kind of windows; months have no length."""

    name: str
    text: str
    length_s: int | None
    hop_s: int | None


class KpiAnswer(msgspec.Struct, frozen=True):
    """What a KPI is. `topics`: inputs that feed it; `target` in major units by window; `good`: the way it should go."""

    name: str
    help: str
    formula: str
    unit: Unit
    proportion: bool
    windows: tuple[str, ...]
    by: tuple[str, ...]
    topics: tuple[str, ...]
    family: Family
    target: dict[str, str] | None
    good: Good
    definition: str
    metric: str


class KpisAnswer(msgspec.Struct, frozen=True):
    """The catalogue, in the order of kpis.yaml; without the KPIs that targets make."""

    currency: str
    timezone: str
    public_url: str | None
    kpis: tuple[KpiAnswer, ...]
    windows: tuple[WindowAnswer, ...]


class ValuesAnswer(msgspec.Struct, frozen=True):
    """Newest windows first; `more`: the limit was reached."""

    values: list[Value]
    more: bool


class Goal(msgspec.Struct, frozen=True):
    """Of the same window as the value; null where not known."""

    target: float | None
    expected: float | None
    attainment: float | None
    forecast: float | None


class Tile(msgspec.Struct, frozen=True):
    """A KPI at a glance. `unread`: records of its topics, null before the first look; shares are 0 to 1 of received.

    `alerts`: fingerprints of what fires.
    """

    kpi: str
    window: str
    last: Value | None
    week_ago: float | None
    goal: Goal | None
    unread: int | None
    late: float
    invalid: float
    alerts: list[str]


class LinedTile(Tile, frozen=True):
    """With its line: at most 60 windows of the total."""

    line: Line = []


class OverviewAnswer(msgspec.Struct, frozen=True):
    """The tiles of the KPIs that have the window. `id`: where the stream is; give it to `/stream` as `since`."""

    window: str
    tiles: list[LinedTile]
    id: str


class GoalLines(msgspec.Struct, frozen=True):
    """Of the windows that have a target."""

    target: Pairs
    expected: Pairs


class SeriesAnswer(msgspec.Struct, frozen=True):
    """All known windows of a series. `week_ago`: what was a week before, under the start of the window now."""

    kpi: str
    window: str
    dimension: str
    segment: str
    line: Line
    week_ago: Pairs
    goal: GoalLines | None
    last: Value | None


class Total(msgspec.Struct, frozen=True):
    """Null where a window has no value, or is not known."""

    before: float | None
    after: float | None
    change: float | None


class SegmentAnswer(msgspec.Struct, frozen=True):
    """`change`: its contribution to the change of the total, `rate` and `mix` add up to it (null of a sum).

    `before` and `after`: its own values; `last` is null of what the segments leave of the total, `(rest)`.
    """

    segment: str
    last: Value | None
    before: float | None
    after: float | None
    change: float | None
    rate: float | None
    mix: float | None
    line: Line


class SegmentsAnswer(msgspec.Struct, frozen=True):
    """By contribution, the greatest first. Starts of the two windows that are compared, null where none is known."""

    against: str
    start_s: int | None
    before_s: int | None
    total: Total
    segments: list[SegmentAnswer]


class AlertAnswer(msgspec.Struct, frozen=True):
    """A record of `kpi-alerts` as it was published, and what is known beside it. `runbook`: an http(s) address."""

    fingerprint: str
    rule: str
    state: str
    level: str
    kpi: str
    window: str
    dimension: str
    segment: str
    sequence: int
    starts_at: str
    ends_at: str | None
    value: float | None
    threshold: float | None
    annotations: dict[str, str]
    labels: dict[str, str]
    explanation: Explanation | None
    runbook: str | None


Told = Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/AlertAnswer"})]
"""AlertAnswer, with every field that the record has."""


class AlertsAnswer(msgspec.Struct, frozen=True):
    """`history`: the last transitions, newest first."""

    firing: list[Told]
    history: list[Told]


class TopicAnswer(msgspec.Struct, frozen=True):
    """What became of the events of an input. `unread`: null before the first look."""

    topic: str
    received: int
    counted: int
    duplicate: int
    late: int
    bot: int
    invalid: int
    unread: int | None
    watermark: str | None


class Behind(msgspec.Struct, frozen=True):
    """A reason. unread: n records · stopped: silent for n s · unbalanced: n events without outcome · alert: n s behind.

    no_worker: none has ever told.
    """

    code: Literal["unread", "stopped", "no_worker", "unbalanced", "alert"]
    topic: str | None
    n: int


class LedgerAnswer(msgspec.Struct, frozen=True):
    """`freshness_s`: age of the oldest unread record, null before the first look; `emitted_at`: wall clock."""

    topics: list[TopicAnswer]
    freshness_s: float | None
    behind: bool
    why: list[Behind]
    emitted_at: str


class Hello(msgspec.Struct, frozen=True):
    """First event of a stream; `id`: where it begins."""

    version: str
    id: str
