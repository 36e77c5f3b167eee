"""What of a group of KPIs is published when: corrections, what the watermark closes, and what is open to the public.

Zeros: of the total, every sum has a value in every window from the first one with data on. The task that has the total
publishes them, for windows below an hour only within an hour of the wall clock.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from models.delta import Measured
from models.kpi import Kpi
from models.kpi_value import KpiValue, Status
from models.slices import TOTAL, Slice
from models.window import Window
from streams.monitoring.closing import Agenda, Key, Unpublished, shown_empty
from streams.monitoring.keeping import Keeping
from streams.monitoring.tables import MonitorOutput, MonitorTables
from streams.monitoring.values import Group, Moment, Span, kpi_value


@dataclass(frozen=True)
class Publisher:
    """`digits` of the minor unit of the reporting currency; `total_owner`: the task that has the total."""

    windows: Mapping[str, Window]
    keeping: Keeping
    digits: int
    total_owner: int

    def open(self, tables: MonitorTables, group: Group) -> None:
        """What was changed but not yet published before a restart is not known: publish the open windows again."""
        time_us = tables.groups.rows.get(group.key)
        began = {name: number for (key, name), number in tables.began.rows.items() if key == group.key}
        walked = group.window_names if self._has_total(tables) else frozenset(group.stocks)
        to = Unpublished(Agenda(walked), began, self.keeping.kept_from(group, time_us))
        tables.unpublished[group.key] = to
        for window in self._kinds(group):
            before = self.keeping.closed_before(time_us, window)
            for number, changed in tables.all_measured(group, window.name, before).items():
                to.touch(window, number, before).update(changed)
            if before is not None and window.name in walked & began.keys():
                to.agenda.add(window, max(before, began[window.name]))
                self._add_passed(tables, group, window, range(began[window.name], before))

    def shown(self, tables: MonitorTables, group: Group, now_us: int) -> Iterator[KpiValue]:
        """What Prometheus shows: of every series the earliest open window, of `1m` the last that has ended.

        Of predictions too the last: they are made when a day has ended.
        """
        watermark_us = tables.groups.rows.get(group.key)
        if watermark_us is None:
            return
        moment = Moment(Status.PROVISIONAL, watermark_us, now_us, self.digits)
        for window in self._kinds(group):
            number = window.earliest_open(watermark_us)
            its = number - (1 if window.name == "1m" else 0)
            yield from self._shown(tables, group, (window.name, its), moment, predicted=False)
            if window.name in group.predicted_in:
                yield from self._shown(tables, group, (window.name, number - 1), moment, predicted=True)

    def _shown(
        self, tables: MonitorTables, group: Group, key: Key, moment: Moment, *, predicted: bool
    ) -> Iterator[KpiValue]:
        (name, number), began = key, tables.unpublished[group.key].began
        span, zeros = (
            Span.of(self.windows[name], number),
            self._has_total(tables) and number >= began.get(name, number + 1),
        )
        for piece in sorted(tables.pieces(group, name, number) | ({TOTAL} if zeros else set())):
            measured, empty = tables.measured(group, name, number, piece), zeros and piece == TOTAL
            kpis = group.published(name, piece[0], measured.keys(), zeros=empty)
            for kpi in tables.definitions.whole(kpis, span, piece[0], self.keeping.allowed_lateness_us):
                if kpi.predicted is predicted:
                    yield kpi_value(kpi, piece, span, measured, 0, moment)

    def publish(self, tables: MonitorTables, group: Group, now_us: int, output: MonitorOutput) -> None:
        """Corrected, then final, then provisional values of a group."""
        was_us, heard_us = tables.groups.rows.get(group.key), tables.marks.of(group.timed_by)
        if heard_us is None:
            return
        to = tables.unpublished[group.key]
        goal_us = heard_us if was_us is None else max(heard_us, was_us)
        for window in self._kinds(group) if to.raised else ():
            to.spread(window, self.keeping.closed_before(was_us, window), goal_us)
        for name in to.begun:
            tables.began.put((group.key, name), to.began[name])
        to.begun.clear()
        closed = to.agenda.close(
            lambda key: tables.count(group, *key), goal_us, self.keeping.allowed_lateness_us, now_us
        )
        is_us = closed.at_us if was_us is None else max(closed.at_us, was_us)
        output.unfinished |= closed.more
        if is_us != was_us:
            tables.groups.put(group.key, is_us)
            output.closed = True
        for key in to.corrected():
            moment = Moment(Status.CORRECTED, is_us, now_us, self.digits)
            output.values += self._changed(tables, group, key, to.take(key, Status.CORRECTED), moment)
        for key in closed.keys:
            to.take(key, Status.FINAL)
            moment = Moment(Status.FINAL, is_us, now_us, self.digits)
            output.values += self._closing(tables, group, key, moment, was_us)
        for key in to.provisional_due(self._kinds(group), is_us, now_us):
            moment = Moment(Status.PROVISIONAL, is_us, now_us, self.digits)
            output.values += self._changed(tables, group, key, to.take(key, Status.PROVISIONAL), moment)

    def _changed(
        self, tables: MonitorTables, group: Group, key: Key, touched: dict[Slice, set[str]], moment: Moment
    ) -> Iterator[KpiValue]:
        """The KPIs of a window whose measures changed."""
        for piece in sorted(touched):
            measured = tables.measured(group, *key, piece)
            kpis = group.published(key[0], piece[0], touched[piece])
            yield from self._values(tables, group, key, piece, kpis, measured, moment)

    def _closing(
        self, tables: MonitorTables, group: Group, key: Key, moment: Moment, was_us: int | None
    ) -> Iterator[KpiValue]:
        """All KPIs of a window, also those of what was published and then taken back.

        Of a window that was passed before it was known to be due, the zeros alone.
        """
        (name, number), window = key, self.windows[key[0]]
        zeros = self._has_total(tables) and shown_empty(window, number, moment.now_us)
        before = self.keeping.closed_before(was_us, window)
        passed = before is not None and number < before
        pieces = set() if passed else tables.pieces(group, name, number)
        for piece in sorted(pieces | {TOTAL} if zeros else pieces):
            measured, empty = tables.measured(group, name, number, piece), zeros and piece == TOTAL
            told = tables.cells.published(group.home, name, number, piece)
            kpis = group.published(name, piece[0], measured.keys(), () if passed else told, zeros=empty)
            if passed:
                kpis = (kpi for kpi in kpis if kpi.name not in told)
            yield from self._values(tables, group, key, piece, kpis, measured, moment)

    def _values(
        self,
        tables: MonitorTables,
        group: Group,
        key: Key,
        piece: Slice,
        kpis: Iterable[Kpi],
        measured: Measured,
        moment: Moment,
    ) -> Iterator[KpiValue]:
        """One more revision of each of these KPIs."""
        span = Span.of(self.windows[key[0]], key[1])
        for kpi in tables.definitions.whole(kpis, span, piece[0], self.keeping.allowed_lateness_us):
            revisions = tables.cells.revisions(group.home, *key, piece)
            revision = revisions[kpi.name] = revisions.get(kpi.name, 0) + 1
            yield kpi_value(kpi, piece, span, measured, revision, moment)

    def _add_passed(self, tables: MonitorTables, group: Group, window: Window, numbers: range) -> None:
        """Windows that were found due after the watermark had passed them, and of which nothing is published yet."""
        to = tables.unpublished[group.key]
        for number in range(max(numbers.start, to.kept.get(window.name, numbers.start)), numbers.stop):
            if not tables.cells.published(group.home, window.name, number, TOTAL):
                to.agenda.add(window, number)

    def _has_total(self, tables: MonitorTables) -> bool:
        return tables.partition == self.total_owner

    def _kinds(self, group: Group) -> list[Window]:
        return [window for name, window in self.windows.items() if name in group.window_names]
