"""Changelogs on a real broker: compacted ones, those of several formats, those of a release to come."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

import topic_log
import transaction
from broker.shop_floor import ShopFloor, within
from models.delta import SliceDelta
from models.errors import EngineFault
from models.outcome import Ledger
from models.stage import Outgoing
from models.table import ChangeLogged, Single, Table, packed_codec, packed_older
from streams.engine.recovery import restore
from streams.engine.transaction import CommitStep, Snapshot, TransactionalWriter
from streams.measuring import visitor_table
from streams.measuring.dedup import SeenIds
from streams.monitoring.windows import WindowedTable
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

MINUTE = 60_000_000
QUICK_CLEANER = {"log.cleaner.backoff.ms": "100"}
TINY = {
    "cleanup_policy": "compact",
    "segment_ms": "200",
    "min_cleanable_dirty_ratio": "0.01",
    "max_compaction_lag_ms": "200",
    "delete_retention_ms": "200",
}
CLEANED_WITHIN_S = 60


@pytest.fixture(scope="module")
def kafka(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(installation, tmp_path_factory.mktemp("kafka"), overrides=QUICK_CLEANER) as started:
        yield started


@dataclass
class State:
    """A table of every kind."""

    numbers: Table[str, int] = field(default_factory=lambda: Table("numbers", packed_codec(int, str)))
    seen: SeenIds = field(default_factory=lambda: SeenIds("seen"))
    cells: WindowedTable = field(default_factory=WindowedTable)
    ledger: Single[Ledger] = field(default_factory=lambda: Single("ledger", Ledger()))

    def all(self) -> tuple[ChangeLogged, ...]:
        return (self.numbers, self.seen, self.cells, self.ledger)

    def rows(self) -> Mapping[str, Any]:
        """Everything, row for row."""
        ids = {name: (sorted((*one.hot, *one.cold)), one.chunks) for name, one in self.seen._minutes.items()}
        return {"numbers": self.numbers.rows, "ids": ids, "cells": self.cells.rows, "ledger": self.ledger.row}

    def work(self, turn: int) -> None:
        """Rewritten rows, new ones, and tombstones, as in a commit of a busy shop."""
        for n in range(20):
            self.numbers.put(f"hot-{n}", turn)
        self.numbers.put(f"new-{turn}", turn)
        if turn >= 3:
            self.numbers.delete(f"new-{turn - 3}")
        for n in range(5):
            self.seen.claim(turn * MINUTE // 2, turn * 1000 + n)
        self.seen.sweep(turn * MINUTE // 2, (turn - 6) * MINUTE // 2)
        list(self.cells.fold(SliceDelta("orders", "all", "all", [("1m", turn, 3, {"orders": 1})]), {}))
        self.cells.release("orders", "1m", before=turn - 4)
        self.ledger.row.received = self.ledger.row.counted = turn
        self.ledger.touch()


class Changelog:
    """A changelog partition, written as a task writes it and read as a task reads it."""

    def __init__(self, kafka: EmbeddedKafka, topic: str) -> None:
        self.client = {"bootstrap_servers": kafka.bootstrap}
        self.place = TopicPartition(topic, 0)

    async def writer(self) -> TransactionalWriter:
        """A new one ends what the one before has begun."""
        writer = transaction.writer(self.client["bootstrap_servers"], self.place.topic, self.place)
        await writer.start()
        return writer

    def changes(self, *tables: ChangeLogged) -> Snapshot:
        rows = [(table.name.encode() + b"|" + key, value, ()) for table in tables for key, value in table.drain()]
        return Snapshot({self.place: rows}, {})

    async def commit(self, writer: TransactionalWriter, *tables: ChangeLogged) -> int:
        """The number of records."""
        snapshot = self.changes(*tables)
        await writer.write(snapshot, lambda _: None)
        return snapshot.size

    async def restored(self, *tables: ChangeLogged) -> int:
        """The number of records there were."""
        count, _ = await restore({self.place: tables}, self.client)
        return count


class KilledError(Exception):
    """The end of a process."""


def killed_before(last: CommitStep, step: CommitStep) -> None:
    if step is last:
        raise KilledError


async def fresh_changelog(kafka: EmbeddedKafka, name: str, **configs: str) -> Changelog:
    topic = topic_log.fresh(name)
    await topic_log.create(kafka.bootstrap, [topic], 1, **configs)
    return Changelog(kafka, topic)


async def written(log: Changelog, state: State, turns: int) -> tuple[TransactionalWriter, int]:
    """A writer after some commits and one that was cut off just before its end; the number of records committed."""
    writer, records = await log.writer(), 0
    for turn in range(turns):
        state.work(turn)
        records += await log.commit(writer, *state.all())
        if turn == turns // 2:
            await log.restored(*(doomed := State()).all())
            doomed.work(turn + 1)
            doomed.numbers.put("hot-0", -1)
            doomed.numbers.delete("hot-1")
            with pytest.raises(KilledError):
                await writer.write(log.changes(*doomed.all()), partial(killed_before, CommitStep.COMMIT))
            killed, writer = writer, await log.writer()
            await killed.close()
    return writer, records


@pytest.mark.asyncio
async def test_a_compacted_changelog_restores_the_same(kafka: EmbeddedKafka) -> None:
    log = await fresh_changelog(kafka, "compacted", **TINY)
    state, before = State(), State()
    writer, records = await written(log, state, turns=40)
    live = sum(map(len, state.all()))
    assert records > 8 * live
    assert await log.restored(*before.all()) <= records
    assert before.rows() == state.rows()
    # What is active is not cleaned: the last row is written again until the segments before it are.
    deadline_s = time.monotonic() + CLEANED_WITHIN_S
    count = records
    while count > 2 * live:
        assert time.monotonic() < deadline_s, f"{count} of {records} records left after {CLEANED_WITHIN_S} s"
        state.ledger.touch()
        await log.commit(writer, state.ledger)
        count = await log.restored(*(after := State()).all())
        assert after.rows() == state.rows()
        await asyncio.sleep(0.25)
    await writer.close()
    print(f"{records} records written, {count} left, {live} rows")


class RowV1(msgspec.Struct, array_like=True):
    pounds: int


class RowV2(msgspec.Struct, array_like=True):
    minor: int
    currency: str


LIFT = packed_older(RowV1, lambda row: RowV2(row.pounds * 100, "GBP"))


def of_release(version: int) -> Table[str, Any]:
    """The table as releases 1, 2 and 3 have it; what changed in 3 does not matter here."""
    row, older = (RowV1, None) if version == 1 else (RowV2, dict.fromkeys(range(1, version), LIFT))
    return Table("baskets", packed_codec(row, str, version, older))


@pytest.mark.asyncio
async def test_a_changelog_of_two_formats_is_read_and_one_of_a_later_release_is_refused(kafka: EmbeddedKafka) -> None:
    log = await fresh_changelog(kafka, "formats", cleanup_policy="compact")
    first, second, again, third = of_release(1), of_release(2), of_release(2), of_release(3)
    writer = await log.writer()
    for key, pounds in (("a", 1), ("b", 2)):
        first.put(key, RowV1(pounds))
    await log.commit(writer, first)
    await log.restored(second)
    second.rows["b"].minor += 50
    second.touch("b")
    second.put("c", RowV2(7, "EUR"))
    await log.commit(writer, second)
    assert await formats(kafka, log) == {"a": [1], "b": [1, 2], "c": [2]}
    await log.restored(again)
    assert again.rows == {"a": RowV2(100, "GBP"), "b": RowV2(250, "GBP"), "c": RowV2(7, "EUR")}
    third.put("d", RowV2(1, "GBP"))
    await log.commit(writer, third)
    await writer.close()
    with pytest.raises(EngineFault, match="table baskets: stored format 3, this program reads 1 to 2; run the release"):
        await log.restored(of_release(2))


async def formats(kafka: EmbeddedKafka, log: Changelog) -> dict[str, list[int]]:
    """The format of every value, by key in the order of the log."""
    found: dict[str, list[int]] = {}
    records = await topic_log.read(kafka.bootstrap, topic_log.Ends({log.place: 0}))
    for record in records[log.place]:
        key = msgspec.msgpack.decode(record.key.removeprefix(b"baskets|"), type=str)
        found.setdefault(key, []).append(record.value[0])
    return found


def test_a_worker_does_not_start_over_state_of_a_later_release(kafka: EmbeddedKafka, tmp_path: Path) -> None:
    floor = ShopFloor(kafka, tmp_path)
    floor.kpi("topics", "create", "--partitions", 1)
    key = b"visitors|" + msgspec.msgpack.encode("v")
    later = bytes((visitor_table.VERSION + 1,)) + msgspec.msgpack.encode({})
    asyncio.run(transaction.commit(kafka.bootstrap, [Outgoing("kpi-visitors-changelog", 0, key, later)]))
    worker = floor.start_worker()
    try:
        ended = any(worker.poll() is not None for _ in within(60))
    finally:
        worker.kill()
        worker.wait()
    log = floor.log_of(worker)
    assert (ended, worker.returncode) == (True, 70), log
    version = visitor_table.VERSION
    assert f"table visitors: stored format {version + 1}, this program reads {version}; run the" in log
