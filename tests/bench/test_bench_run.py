"""Every part of the bench on a real broker, too short for its figures to mean anything."""

from pathlib import Path

import pytest

from bench.ground import Ground
from bench.machine import machine
from bench.report import document, rows
from bench.run import Options, parts
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

SHORT = Options(events=60_000, stock_s=2, rates=(500,), warm_up_s=1, rate_s=2, recovered_keys=4_000)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_every_part_runs_and_is_in_the_table(installation: Installation, tmp_path: Path) -> None:
    with EmbeddedKafka(installation, tmp_path / "kafka") as kafka:
        found = dict(parts(Ground(kafka, tmp_path), SHORT))
    assert found["one_worker"]["ledger"]["received"] == found["backlog"]["received"] == 60_000
    assert found["recovery"]["visitors"] == 4_000
    assert found["recovery"]["static_member"]["after_sigkill"]["restored_rows"] > 4_000
    assert len(list(rows(document(machine(), "this", {}, found)))) > 20
