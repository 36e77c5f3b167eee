"""Real data through a real Kafka: everything published is what an independent oracle computes from the files."""

from dataclasses import replace
from pathlib import Path

import pytest

from broker.real_shop import cdnow_alone, check, long_windows, retail_and_clicks, shuffled
from broker.shop_floor import shop_floor
from streams.commands.topics import DEFAULT_PARTITIONS
from streams.tools.kafka_installation import Installation


def test_a_killed_worker_changes_no_figure(installation: Installation, tmp_path: Path, ecom: Path) -> None:
    """One cell of the matrix below, for every day."""
    with shop_floor(installation, tmp_path, DEFAULT_PARTITIONS, **long_windows(tmp_path)) as floor:
        check(floor, retail_and_clicks(ecom, tmp_path), kills=1)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("partitions", [1, 4, 16])
@pytest.mark.parametrize("order", ["as it came", "shuffled within lateness"])
@pytest.mark.parametrize("kills", [0, 3])
def test_neither_partitions_nor_order_nor_kills_change_a_figure(
    installation: Installation, tmp_path: Path, ecom: Path, partitions: int, order: str, kills: int
) -> None:
    data = retail_and_clicks(ecom, tmp_path)
    if order != "as it came":
        data = replace(data, files=shuffled(data.files, tmp_path / "shuffled"))
    with shop_floor(installation, tmp_path, partitions, **long_windows(tmp_path)) as floor:
        check(floor, data, kills=kills)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [0, 3])
def test_customers_of_cdnow(installation: Installation, tmp_path: Path, cdnow: Path, kills: int) -> None:
    data = cdnow_alone(cdnow)
    settings = {"KPI_REPORTING_CURRENCY": data.currency}
    with shop_floor(installation, tmp_path, DEFAULT_PARTITIONS, **settings, **long_windows(tmp_path)) as floor:
        check(floor, data, kills=kills)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kills", [0, 3])
def test_the_whole_catalogue(installation: Installation, tmp_path: Path, ecom: Path, kills: int) -> None:
    """The same with every KPI, window and slice that is shipped."""
    with shop_floor(installation, tmp_path) as floor:
        check(floor, retail_and_clicks(ecom, tmp_path), kills=kills, patience_s=1200)
