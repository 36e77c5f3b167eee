"""Which file is read how, and for which topic."""

from pathlib import Path

import pytest

from models.errors import InputFileError
from streams.tools import datasets


def test_an_ndjson_file_names_its_topic_unless_one_is_given(tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_text('{"key": "a", "value": {}}\n', encoding="utf-8")
    assert [r.topic for r in datasets.source(path, None).read()] == ["orders"]
    assert [r.topic for r in datasets.source(path, "returns").read()] == ["returns"]


def test_a_source_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_text('{"key": "a", "value": {}}\n', encoding="utf-8")
    source = datasets.source(path, None)
    assert list(source.read()) == list(source.read())


def test_a_missing_file_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"no such file; give"):
        datasets.source(tmp_path / "orders.ndjson", None)


def test_a_file_of_no_known_kind_lists_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.touch()
    with pytest.raises(
        InputFileError, match=r"online_retail\.parquet, ecom\.csv\.gz, CDNOW_master\.txt, TOPIC\.ndjson"
    ):
        datasets.source(path, None)


def test_a_given_topic_makes_ndjson_of_any_name(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_text('{"key": "a", "value": {}}\n', encoding="utf-8")
    assert [r.topic for r in datasets.source(path, "orders").read()] == ["orders"]


@pytest.mark.parametrize("name", ["online_retail.parquet", "ecom.csv.gz", "CDNOW_master.txt"])
def test_a_file_that_only_has_the_name_of_a_data_set_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(InputFileError, match="not the"):
        list(datasets.source(path, None).read())
