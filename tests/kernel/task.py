"""One task that goes through a script; at each restart the next of its stages takes it over from the changelog."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any, assert_never

from flow import Sent
from kernel.script import Commit, Restart, Turn, Wait
from models.outcome import Ledger
from models.restoring import restore_all
from models.stage import Batch, Outgoing, Tick
from models.table import Change
from streams.measuring.tables import MeasureOutput
from streams.measuring.visitor_stage import VisitorStage

Key = tuple[str, bytes]
"""Of a changelog record: its table, and its key there."""


class Task:
    """`changelog`: None is a tombstone; in the order in which the keys were written last.

    `written`: the records of the last commit, and `changed` the keys that it wrote to the changelog. `steps`: what each
    step of the last turn said of itself.
    """

    def __init__(self, name: str, stages: Sequence[VisitorStage[Any]], now_us: int) -> None:
        self.name = name
        self.changelog: dict[Key, bytes | None] = {}
        self.written: list[Outgoing] = []
        self.changed: list[Key] = []
        self.steps: list[tuple[int, bool, bool]] = []
        self._now_us = now_us
        self._outputs: list[MeasureOutput] = []
        self._stages = cycle(stages)
        self._offset = 0
        self._waiting: list[Sent] = []
        self._start(tombstones=True)

    def play(self, turn: Turn) -> None:
        """One turn; a record waits until its batch ends."""
        self.steps, self.written, self.changed = [], [], []
        if isinstance(turn, Sent):
            if self._waiting and self._waiting[0].topic != turn.topic:
                self._read()
            self._waiting.append(replace(turn, offset=self._offset))
            self._offset += 1
            return
        self._read()
        match turn:
            case Wait():
                self._now_us = turn.now_us
                if turn.tick is not None:
                    self._step(turn.tick)
            case Commit():
                self._commit()
            case Restart():
                self._start(tombstones=turn.tombstones)
            case _:
                assert_never(turn)

    @property
    def ledger(self) -> Ledger:
        """Of the clicks."""
        return self._tables.clicks.ledger.row

    @property
    def passed_us(self) -> int:
        """No event before this comes any more, and no order."""
        clicks = self._tables.clicks
        fixed_us: int = clicks.rows.fixed_us
        return min(clicks.clock.row.at_us or 0, fixed_us)

    @property
    def rows(self) -> dict[str, int]:
        """Of each table."""
        return {table.name: len(table) for table in self._tables.all()}

    def _read(self) -> None:
        if self._waiting:
            batch, self._waiting = Batch(self._waiting[0].topic, 0, self._waiting), []
            self._step(batch)

    def _step(self, read: Batch | Tick) -> None:
        output = self._stage.step(self._tables, read, self._now_us)
        self.steps.append((output.received, output.moved, output.unfinished))
        self._outputs.append(output)
        if output.unfinished:
            self._step(Tick({}))

    def _commit(self) -> None:
        """As the engine does it: what the stage writes, then what the tables drain."""
        self.written = self._stage.outgoing(self._tables, self._outputs, self._now_us)
        self._outputs = []
        for table in self._tables.all():
            assert table.memory_bytes() >= 0
            for key, value in table.drain():
                name = table.name, key
                self.changelog.pop(name, None)
                self.changelog[name] = value
                self.changed.append(name)
        twice = [name for name, n in Counter(self.changed).items() if n > 1]
        assert not twice, f"{self.name}: a drain has a key twice: {twice}"

    def _start(self, *, tombstones: bool) -> None:
        """What was not committed is lost; a compacted changelog is read."""
        self._stage = next(self._stages)
        self._tables = self._stage.tables(0)
        self._outputs, self._waiting = [], []
        changes = defaultdict[str, list[Change]](list)
        for (name, key), value in self.changelog.items():
            if value is not None or tombstones:
                changes[name].append((key, value))
        for table in self._tables.all():
            restore_all(table, changes[table.name])
        self._stage.opened(self._tables, self._now_us)
