"""Clicks of the backlog through the product's own stage, without a broker: what a step and a commit cost.

    python -m bench.in_memory [CLICKS [ROUNDS [KPIS_FILE]]]

CPU time of one task as the bench loads it, the least of some rounds: other programs disturb less that way. A commit is
made as the engine makes it, every 10,000 clicks, as a worker does that is behind. A change is judged by instructions,
which nothing disturbs:

    valgrind --tool=callgrind python -m bench.in_memory 20000 1
"""

import gc
import json
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zlib import crc32

from bench.clicks import S_US, Plan, clicks
from models.click import TOPIC
from models.fx import Rates
from models.kpis_file import load_kpis
from models.settings import Settings
from models.stage import Batch, Stage
from streams.app import measure_stages
from streams.topics import topic_specs

_PARTITIONS = 4
_CHUNK = 700  # records of 192 KiB
_COMMIT = 10_000
_BATCH_US = 100_000  # records of a producer's batch have one broker timestamp
_END_US = 1_772_452_800 * S_US
_PLAN = Plan(events=2_000_000, sessions=212_000, end_us=_END_US)

Chunks = Sequence[Batch]


def chunks(events: int) -> Chunks:
    """What a consumer hands over of one partition; made beforehand."""
    mine = (sent for sent in clicks(_PLAN) if crc32(sent.key) % _PARTITIONS == 0)
    records = [
        SimpleNamespace(key=sent.key, value=sent.value, headers=(), offset=offset, timestamp=sent.turn_us // _BATCH_US)
        for offset, sent in enumerate(islice(mine, events))
    ]
    return [Batch(TOPIC, 0, records[first : first + _CHUNK]) for first in range(0, events, _CHUNK)]


def stage_of(kpis: Path) -> Stage[Any, Any]:
    """The stage that reads clicks."""
    settings, catalogue = Settings(), load_kpis(kpis.read_text(encoding="utf-8"), str(kpis))
    counts = {spec.name: _PARTITIONS for spec in topic_specs(settings.app_id, _PARTITIONS)}
    stages = measure_stages(settings, catalogue, counts, Rates(settings.reporting_currency), lambda: None)
    return next(stage for stage in stages if TOPIC in stage.inputs)


def run(stage: Stage[Any, Any], read: Chunks) -> dict[str, float]:
    """CPU of the steps and of the commits, us a click; what was stored and held at the end."""
    tables, outputs, pending = stage.tables(0), [], 0
    step_s = commit_s = written = 0.0
    for batch in read:
        began_s = time.process_time()
        outputs.append(stage.step(tables, batch, _END_US))
        step_s += time.process_time() - began_s
        pending += len(batch.records)
        if pending >= _COMMIT or batch is read[-1]:
            began_s = time.process_time()
            stage.outgoing(tables, outputs, _END_US)
            written += sum(len(value or b"") for table in tables.all() for _, value in table.drain())
            commit_s += time.process_time() - began_s
            outputs, pending = [], 0
    events = sum(len(batch.records) for batch in read)
    [visitors] = [table for table in tables.all() if table.name == "visitors"]
    return {
        "step_us": step_s / events * 1e6,
        "commit_us": commit_s / events * 1e6,
        "changelog_bytes": written / events,
        "bytes_a_visitor": visitors.memory_bytes() / max(1, len(visitors)),
    }


def main() -> None:
    events, rounds, kpis, *_ = [*sys.argv[1:], *("200000", "5", "deploy/kpis.yaml")[len(sys.argv) - 1 :]]
    read, stage = chunks(int(events)), stage_of(Path(kpis))
    gc.freeze()  # as streams.worker does
    gc.set_threshold(20_000, 2, 5_000)
    found = [run(stage, read) for _ in range(int(rounds))]
    print(json.dumps({name: round(min(one[name] for one in found), 2) for name in found[0]}))


if __name__ == "__main__":
    main()
