"""Clicks by the kernel in Rust (streams/kernel), where it is installed.

It does what most clicks are: plain JSON, of a visitor without joined orders. Whatever else comes it declines before
anything was changed, and the Python code does it, on a row that the kernel lends and gets back at the next commit. Both
store the same, so a worker with it and one without may take turns on a task.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from models import measure
from models.click import Click, decode
from models.crawler import is_crawler
from models.delta import SliceDelta
from models.event import ANCIENT_US, FUTURE_TOLERANCE_US
from models.slices import Slice, Slices
from models.stage import Batch, Outgoing
from models.visitor import MAX_COUNT
from streams.measuring.additions import Additions
from streams.measuring.kernel_tables import KernelIds, KernelVisitors
from streams.measuring.sessions import ClickBooking
from streams.measuring.sink import DeltaSink
from streams.measuring.stage import MeasureStage
from streams.measuring.tables import MeasureOutput, MeasureTables
from streams.measuring.visitor_table import VisitorCodec, Visitors
from streams.native import INSTALLED

if INSTALLED or TYPE_CHECKING:
    import kpi_kernel

CLOCKS = {name: its.clock for name, its in measure.MEASURES.items()}
Tables = MeasureTables[Visitors, Additions]


class KernelBooking(ClickBooking):
    """See ClickBooking, which it is for the clicks that the kernel declines."""

    def table(self) -> Visitors:
        """See ClickBooking."""
        codec = VisitorCodec(self._slicing)
        kernel = kpi_kernel.Visitors(
            self._settings(),
            is_crawler,
            lambda raw: _given(self._slices_of(decode(raw))),
            lambda packed: _given(codec.slices(packed)),
        )
        return KernelVisitors(codec.codec, self._kept_us, kernel)

    def _settings(self) -> Mapping[str, Any]:
        rules, measures = self._rules, self._measures
        steps = [(*step, step.kind in measures.conversions) for step in measures.all_steps]
        fields = [dimension.field for dimension in self._defined]
        return {
            "steps": steps,
            "seen": [[measures.seen[engaged, alone] for alone in (False, True)] for engaged in (False, True)],
            "sessions": measure.SESSIONS,
            "visitors": measure.VISITORS if measures.visitors else None,
            "engaged": measure.ENGAGED_SESSIONS if measures.engaged else None,
            "converting": measure.CONVERTING_SESSIONS if measures.converting else None,
            "counts_events": measures.views or measures.time,
            "limit": min(rules.clicks_per_minute, MAX_COUNT),
            "retention_us": rules.retention_us,
            "gap_us": rules.gap_us,
            "thaw_us": self._thaw_us,
            "horizon_us": self.horizon_us,
            "kept_us": self._kept_us,
            "keep_counts": self._keep,
            "keep_minutes": self._keep_minutes,
            "fields": ["page_url", *fields] if self._landing else fields,
        }


@dataclass(frozen=True)
class KernelStage(MeasureStage[Click, Visitors, Additions]):
    """See MeasureStage; of clicks, with a KernelBooking."""

    def tables(self, partition: int) -> Tables:
        """See Stage."""
        seen = KernelIds("seen", kpi_kernel.Ids())
        return MeasureTables(partition, self.booking.table(), self.sink.empty(), seen)

    def outgoing(self, tables: Tables, outputs: Sequence[MeasureOutput], now_us: int) -> list[Outgoing]:
        """See Stage."""
        sink = cast("DeltaSink", self.sink)
        deltas = _kernel(tables).take_deltas(sink.needs.measures, sink.needs.ranges.of, CLOCKS)
        tables.sums.rolled_up = [SliceDelta(*its) for its in deltas]
        return super().outgoing(tables, outputs, now_us)

    def _take(self, tables: Tables, batch: Batch, now_us: int, output: MeasureOutput) -> int:
        """What the kernel declines, the Python code does; in the order of the records."""
        rows, ids, sums = cast("KernelVisitors", tables.rows), tables.seen, tables.sums.arrivals
        clock, ledger = tables.clock.row, tables.ledger.row
        chunk, beats, done = kpi_kernel.Chunk(batch.records), 0, 0
        limits = (now_us, now_us + FUTURE_TOLERANCE_US, ANCIENT_US, self.out_of_orderness_us)
        assert isinstance(ids, KernelIds)
        while True:
            done, counts, arrivals, highest_us = rows.kernel.receive(
                ids.ids, chunk, done, limits, clock.at_us, clock.highest_us, rows.fixed_us
            )
            counted, duplicate, late, bot = counts
            ledger.counted += counted
            ledger.duplicate += duplicate
            ledger.late += late
            ledger.bot += bot
            clock.highest_us = highest_us
            for at_ms, n in arrivals:
                sums[at_ms] = sums.get(at_ms, 0) + n
            if done == len(batch.records):
                break
            one = Batch(batch.topic, batch.partition, batch.records[done : done + 1])
            beats += super()._take(tables, one, now_us, output)
            done += 1
        return beats

    def _weight(self, tables: Tables) -> int:
        return super()._weight(tables) + _kernel(tables).weight


def _kernel(tables: Tables) -> "kpi_kernel.Visitors":
    return cast("KernelVisitors", tables.rows).kernel


def _given(slices: Slices) -> tuple[tuple[Slice, ...], bytes, int]:
    """As the kernel takes them."""
    return slices.pairs, slices.packed, slices.weight
