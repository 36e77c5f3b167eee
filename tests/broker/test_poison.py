"""Poison through a real Kafka: it stops no worker, and every bad record is kept byte for byte."""

import base64
import json
from pathlib import Path

from broker.shop_floor import shop_floor
from streams.tools.kafka_installation import Installation

GOOD = {"event_id": "g", "timestamp": "2026-03-02T12:00:00Z", "visitor_id": "v", "event_type": "page_view"}
POISON: list[tuple[bytes | None, bytes, str]] = [
    (b"v", b"\x00\xff not JSON at all", "not_json"),
    (b"v", b"[1, 2, 3]", "ill_typed_field"),
    (b"v", json.dumps(GOOD | {"event_id": 7}).encode(), "ill_typed_field"),
    (b"v", b'{"event_id": "x"}', "missing_field"),
    (b"v", b"", "empty"),
    (None, json.dumps(GOOD).encode(), "null_key"),
    (b"w", json.dumps(GOOD).encode(), "key_mismatch"),
    (b"v", b"\x01garbage" * 125_000, "not_json"),
]


def line(key: bytes | None, value: bytes) -> str:
    text = None if key is None else key.decode()
    return json.dumps({"key": text, "value_base64": base64.b64encode(value).decode()})


def test_poison_lands_in_the_dead_letters_and_the_ledger_adds_up(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "clickstream.ndjson"
    good = line(b"v", json.dumps(GOOD | {"session_id": "s"}).encode())
    file.write_text("\n".join([*(line(key, value) for key, value, _ in POISON), good]) + "\n")
    with shop_floor(installation, tmp_path) as floor:
        worker = floor.start_worker()
        floor.kpi("replay", file)
        floor.caught_up()
        letters = [json.loads(text) for text in floor.kpi("dead-letters", "list", "--json").stdout.splitlines()]
        found = {
            (
                None if one["key_base64"] is None else base64.b64decode(one["key_base64"]),
                base64.b64decode(one["value_base64"] or ""),
                one["reason"],
            )
            for one in letters
        }
        assert found == set(POISON)
        assert {one["topic"] for one in letters} == {"clickstream"}
        assert all(isinstance(one["partition"], int) and isinstance(one["offset"], int) for one in letters)
        assert floor.ledger()["clickstream"] == {
            "received": len(POISON) + 1,
            "counted": 1,
            "duplicate": 0,
            "late": 0,
            "bot": 0,
            "invalid": len(POISON),
        }
        # A replayed letter is received again, and is as bad as before.
        floor.kpi("dead-letters", "replay", "--yes", "--reason", "missing_field")
        floor.caught_up()
        assert floor.ledger()["clickstream"]["invalid"] == len(POISON) + 1
        assert worker.poll() is None
        worker.terminate()  # it commits and ends well
        assert worker.wait(timeout=10) == 0, floor.log_of(worker)
