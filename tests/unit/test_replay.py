"""What a replay will publish, before there is a broker."""

import asyncio
import math
from pathlib import Path

import pytest

from models.errors import InputFileError, SettingsError
from models.settings import Settings
from streams.tools import datasets, instant
from streams.tools.replay import Plan, heartbeats, plan, replay

NOW_US = instant.parse("2026-11-25T12:00:00Z") or 0


def write(folder: Path, topic: str, *times: str) -> datasets.Source:
    path = folder / f"{topic}.ndjson"
    path.write_text("".join(f'{{"key":"a","value":{{"timestamp":"{time}"}}}}\n' for time in times), encoding="utf-8")
    return datasets.source(path, None)


def told(what: Plan) -> list[str]:
    return [f"{record.topic} {instant.render(at_us)}" for at_us, record in what.events()]


def test_files_are_merged_by_shifted_time(tmp_path: Path) -> None:
    orders = write(tmp_path, "orders", "2011-12-08T20:00:00Z", "2011-12-09T10:00:00Z")
    clicks = write(tmp_path, "clickstream", "2024-06-29T09:00:00Z")
    assert told(plan([orders, clicks], shift=True, now_us=NOW_US)) == [
        "orders 2026-11-24T20:00:00Z",
        "clickstream 2026-11-25T09:00:00Z",
        "orders 2026-11-25T10:00:00Z",
    ]
    assert told(plan([orders, clicks], shift=False, now_us=NOW_US))[-1] == "clickstream 2024-06-29T09:00:00Z"


def test_rates_come_first_and_pace_nothing(tmp_path: Path) -> None:
    orders = write(tmp_path, "orders", "2011-12-08T20:00:00Z")
    rates = write(tmp_path, "fx-rates", "2011-01-01T00:00:00Z", "2012-01-01T00:00:00Z")
    what = plan([orders, rates], shift=False, now_us=NOW_US)
    assert [record.topic for _, record in what.rates()] == ["fx-rates", "fx-rates"]
    assert told(what) == ["orders 2011-12-08T20:00:00Z"]
    assert (what.records, instant.render(what.first_us)) == (3, "2011-12-08T20:00:00Z")


def test_a_heartbeat_goes_to_every_partition_but_not_to_rates() -> None:
    records = list(heartbeats({"orders": (0, 1), "fx-rates": (0,)}, "2011-12-10T00:00:00Z"))
    assert [(r.topic, r.partition) for r in records] == [("orders", 0), ("orders", 1)]
    assert {r.headers for r in records} == {(("kpi-heartbeat", b"2011-12-10T00:00:00Z"),)}
    assert {(r.key, r.value) for r in records} == {(None, b"")}


def test_a_heartbeat_that_is_no_time_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "missing.ndjson"
    with pytest.raises(SettingsError, match="--heartbeat"):
        asyncio.run(replay(Settings(), [path], speed=math.inf, shift=False, heartbeat="tomorrow", now_us=NOW_US))


def test_a_malformed_line_is_found_before_the_broker_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_text('{"key":"a","value":{}}\nnonsense\n', encoding="utf-8")
    with pytest.raises(InputFileError, match=r"orders\.ndjson:2: malformed line"):
        asyncio.run(
            replay(Settings(broker="127.0.0.1:1"), [path], speed=math.inf, shift=False, heartbeat=None, now_us=0)
        )
