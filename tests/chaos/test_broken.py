"""The check itself: an engine with one part broken must not pass it."""

from pathlib import Path

import pytest

from broker.shop_floor import within
from chaos.blow import Blow
from chaos.scene import scene
from chaos.traffic import Mix
from chaos.verdict import Verdict
from streams.engine.transaction import CommitStep
from streams.tools.kafka_installation import Installation

WORKERS = ("one", "two")


def verdict_over(
    part: str, blows: list[Blow], installation: Installation, folder: Path, seed: int, mix: Mix | None = None
) -> Verdict:
    """Of workers with one part broken, each hit at every one of its blows."""
    with scene(f"broken: {part}", seed, installation, folder, rate=300, mix=mix) as run:
        for number, name in enumerate(WORKERS):
            run.crew.add(name, blows[number::2], CHAOS_BROKEN=part)
        run.crew.finish_blows(120)
        assert any(run.sender.acknowledged.total() >= 3_000 for _ in within(60))
        run.kills = {"placed": len(blows)}
        return run.settle()


def test_an_engine_without_dedup_is_caught(installation: Installation, tmp_path: Path, seed: int) -> None:
    verdict = verdict_over("dedup", [], installation, tmp_path, seed, Mix(duplicates=0.3))
    assert verdict.doubled > 0
    assert any("duplicate is 0" in line for line in verdict.ledger)


@pytest.mark.soak
def test_offsets_outside_the_transaction_are_caught(installation: Installation, tmp_path: Path, seed: int) -> None:
    """What was read is committed, what was made of it is not."""
    blows = [Blow("kill", stage, CommitStep.COMMIT, 4) for stage in ("visitors", "orders", "monitor", "social")]
    verdict = verdict_over("offsets", blows, installation, tmp_path, seed)
    assert verdict.lost > 0
    assert any("received is" in line for line in verdict.ledger)


@pytest.mark.soak
def test_uncommitted_reads_between_stages_are_caught(installation: Installation, tmp_path: Path, seed: int) -> None:
    """Deltas of transactions that failed are added too."""
    blows = [Blow("kill", stage, CommitStep.COMMIT, 4) for stage in ("visitors", "orders", "visitors", "social")]
    verdict = verdict_over("uncommitted", blows, installation, tmp_path, seed)
    assert verdict.doubled > 0
    assert verdict.ledger == []
