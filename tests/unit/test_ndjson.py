"""Lines of a file become records with exactly the bytes that stand there."""

import gzip
from pathlib import Path

import pytest

from models.errors import InputFileError
from streams.tools import ndjson
from streams.tools.record import Record


def read(tmp_path: Path, *lines: str) -> list[Record]:
    path = tmp_path / "orders.ndjson"
    path.write_text("\n".join(lines), encoding="utf-8")
    return list(ndjson.records(path, "orders"))


def test_the_value_is_published_as_it_stands_in_the_line(tmp_path: Path) -> None:
    [record] = read(tmp_path, '{"key": "a", "value": {"amount":  1.50, "timestamp": "1970-01-01T00:00:02Z"}}')
    assert record.key == b"a"
    assert record.value == b'{"amount":  1.50, "timestamp": "1970-01-01T00:00:02Z"}'
    assert record.timestamp_us == 2_000_000


def test_base64_gives_exactly_these_bytes_and_no_time(tmp_path: Path) -> None:
    [record] = read(tmp_path, '{"key": "a", "value_base64": "AP8="}')
    assert (record.value, record.timestamp_us) == (b"\x00\xff", None)


def test_base64_of_an_event_has_its_time(tmp_path: Path) -> None:
    [record] = read(tmp_path, '{"key": "a", "value_base64": "eyJ0aW1lc3RhbXAiOiIxOTcwLTAxLTAxVDAwOjAwOjAyWiJ9"}')
    assert record.timestamp_us == 2_000_000


def test_a_null_or_absent_key_is_a_null_key(tmp_path: Path) -> None:
    assert [r.key for r in read(tmp_path, '{"key": null, "value": {}}', '{"value": {}}')] == [None, None]


def test_a_null_value_is_a_null_value_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    records = read(tmp_path, '{"key": "a", "value": null}', '{"key": "a", "value_base64": ""}')
    assert [r.value for r in records] == [None, b""]


def test_headers_are_text_by_name(tmp_path: Path) -> None:
    [record] = read(tmp_path, '{"value_base64": "", "headers": {"kpi-heartbeat": "2011-12-10T00:00:00Z"}}')
    assert record.headers == (("kpi-heartbeat", b"2011-12-10T00:00:00Z"),)


@pytest.mark.parametrize("value", ['{"timestamp": 5}', '{"timestamp": "soon"}', "[1]", '"text"', "{}"])
def test_a_value_without_a_readable_time_has_none(tmp_path: Path, value: str) -> None:
    [record] = read(tmp_path, f'{{"key": "a", "value": {value}}}')
    assert (record.value, record.timestamp_us) == (value.encode(), None)


@pytest.mark.parametrize(
    "line",
    [
        "order",
        "[]",
        '{"key": "a"}',
        '{"key": 5, "value": {}}',
        '{"key": "a", "value": {}, "value_base64": ""}',
        '{"key": "a", "value_base64": "?"}',
        '{"key": "a", "valeu": {}}',
        '{"key": "a", "value": {}',
    ],
)
def test_a_malformed_line_is_named_with_its_number_and_a_remedy(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputFileError) as raised:
        read(tmp_path, '{"key": "a", "value": {}}', "", line)
    assert raised.value.where.endswith("orders.ndjson:3")
    assert "value_base64" in raised.value.remedy


def test_a_cut_off_gzip_file_is_an_input_file_error(tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson.gz"
    path.write_bytes(gzip.compress(b'{"key": "a", "value": {}}\n' * 100)[:-12])
    with pytest.raises(InputFileError, match="cannot be read"):
        list(ndjson.records(path, "orders"))


def test_a_record_written_as_a_line_reads_back_the_same(tmp_path: Path) -> None:
    record = Record("orders", b"a", b'{"timestamp":"1970-01-01T00:00:02Z"}', 2_000_000)
    assert read(tmp_path, ndjson.line_of(record).decode()) == [record]


@pytest.mark.parametrize(
    ("name", "topic"),
    [("orders.ndjson", "orders"), ("ad-spend.ndjson.gz", "ad-spend"), ("orders.csv", None), (".ndjson", None)],
)
def test_the_topic_is_the_name_of_the_file(name: str, topic: str | None) -> None:
    assert ndjson.topic_of(Path(name)) == topic
