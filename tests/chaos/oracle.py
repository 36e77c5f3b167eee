"""What must have been published: computed by DuckDB from the ledger of acknowledged sends, and by nothing of ours."""

from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from chaos.catalogue import WINDOWS, Catalogue

LINES = """
create table line as
select * from read_json(?, format = 'newline_delimited',
                        columns = {topic: 'VARCHAR', kind: 'VARCHAR', key: 'VARCHAR', value: 'VARCHAR'})
"""
EVENTS = """
create table event as
with parsed as (
    select topic, value->>'event_id' as id, epoch_us((value->>'timestamp')::timestamp) as at_us,
           value->>'event_type' as kind, value->>'order_id' as order_id, (value->>'amount')::decimal(18, 2) as amount,
           (value->>'visitor_id') || '/' || (value->>'session_id') as session,
           coalesce((value->>'count')::bigint, 1) as n,
           coalesce(value->>'channel', if(topic = 'clickstream', 'Direct', null)) as channel,
           value->>'country' as country, value->>'platform' as platform,
           value->>'utm_campaign' as campaign,
           if(value->>'device' in ('desktop', 'mobile', 'tablet'), value->>'device', 'other') as device
    from (select topic, value::json as value from line where kind = 'event')
), once as (select distinct on (topic, id) * from parsed)
select once.* exclude (amount),
       (100 * coalesce(once.amount, placed.amount))::bigint as minor
from once left join once as placed on once.kind = 'order_cancelled' and placed.kind = 'order_placed'
                                  and placed.order_id = once.order_id
"""
SLICES = """
unnest([{dimension: 'all', segment: 'all'},
        {dimension: 'channel', segment: channel}, {dimension: 'device', segment: device},
        {dimension: 'country', segment: country}, {dimension: 'platform', segment: platform},
        {dimension: 'campaign', segment: campaign}])
"""
MEASURES = """
create table cell as
with kinds (name, span_us, hop_us) as (values {kinds}),
placed as (
    select kinds.name as name, (at_us // hop_us - unnest(range(0, span_us // hop_us))) * hop_us as start_us, event.*
    from event cross join kinds
), sliced as (select *, {slices} as slice from placed)
select name as window_name, start_us, slice.dimension as dimension,
       coalesce(slice.segment, '(not set)') as segment,
       count(distinct session) filter (topic = 'clickstream') as sessions,
       count(distinct session) filter (topic = 'clickstream' and kind = 'purchase') as converting_sessions,
       count(*) filter (topic = 'clickstream' and kind = 'page_view') as page_views,
       count(*) filter (kind = 'order_placed') as orders,
       coalesce(sum(minor) filter (kind = 'order_placed'), 0) as revenue,
       coalesce(sum(minor) filter (kind in ('order_refunded', 'order_cancelled')), 0) as refunds,
       coalesce(sum(case kind when 'like' then n when 'unlike' then -n else 0 end), 0) as likes,
       coalesce(sum(n) filter (kind = 'share'), 0) as shares,
       coalesce(sum(n) filter (kind = 'comment'), 0) as comments,
       coalesce(sum(case kind when 'follow' then n when 'unfollow' then -n else 0 end), 0) as new_followers
from sliced group by all
"""
COUNTS = """
select topic, count(*) filter (kind = 'event') as valid, count(*) filter (kind = 'garbage') as garbage,
       count(distinct json_extract_string(value::json, 'event_id')) filter (kind = 'event') as ids
from (select topic, kind, case when kind = 'event' then value end as value from line) group by topic
"""


class CellKey(NamedTuple):
    """A window of a series; `start`: RFC 3339 UTC."""

    kpi: str
    window: str
    start: str
    dimension: str
    segment: str


Figure = tuple[int, int | None]
"""Numerator, money in minor units, and denominator; None for a sum."""

Figures = dict[CellKey, Figure]


class Account(NamedTuple):
    """Records of a topic in the ledger: events, different ones among them, garbage."""

    valid: int
    unique: int
    garbage: int


class Oracle:
    """Over one ledger."""

    def __init__(self, ledger: Path) -> None:
        self._database = duckdb.connect()
        self._database.execute(LINES, [str(ledger)])
        self._database.execute(EVENTS)

    def accounts(self) -> dict[str, Account]:
        rows = self._database.execute(COUNTS).fetchall()
        return {topic: Account(valid, ids, garbage) for topic, valid, garbage, ids in rows}

    def garbage(self) -> list[tuple[str, str | None, str]]:
        """Topic, key and value of every garbage record, base64."""
        return self._rows("select topic, key, value from line where kind = 'garbage'")

    def figures(self, catalogue: Catalogue) -> Figures:
        """What is not 0; a sum that is 0 may be published or not."""
        used = {window for kpi in catalogue.values() for window in kpi.windows}
        kinds = (f"('{n}', {span * 10**6}, {hop * 10**6})" for n, (span, hop) in WINDOWS.items() if n in used)
        self._database.execute(MEASURES.replace("{kinds}", ", ".join(kinds)).replace("{slices}", SLICES))
        found: Figures = {}
        for name, kpi in catalogue.items():
            rows = self._rows(
                f"""select window_name, strftime(make_timestamp(start_us), '%Y-%m-%dT%H:%M:%SZ'), dimension, segment,
                           {kpi.numerator}, {kpi.denominator or "null"} from cell
                    where window_name in {(*kpi.windows, "")} and dimension in {("all", *kpi.by)}"""  # noqa: S608  ours
            )
            for *place, numerator, denominator in rows:
                if numerator or denominator:
                    found[CellKey(name, *place)] = (int(numerator), denominator)
        return found

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._database.execute(query).fetchall()
        return rows
