"""Last revisions: which record of `kpi-values` is shown, told by its key alone."""

import pytest

from streams.tools.revisions import Choice, Revisions, window_key

PROVISIONAL, FINAL = b'{"status":"provisional","n":%d}', b'{"status":"final","n":%d}'


def key(start: str = "12:00", *, kpi: str = "revenue", window: str = "1m", piece: str = "all all") -> bytes:
    dimension, segment = piece.split(" ", 1)
    return f"{kpi}|{window}|{dimension}|2024-05-01T{start}:00Z|{segment}".encode()


def test_a_later_revision_replaces_and_a_deletion_removes() -> None:
    revisions = Revisions(Choice())
    for at, value in ((key(), PROVISIONAL % 1), (key(), FINAL % 2), (key("12:01"), FINAL % 3), (key("12:01"), None)):
        assert revisions.take(at, value)
    assert list(revisions.by_key()) == [FINAL % 2]


def test_final_leaves_out_a_window_that_only_has_provisional_revisions() -> None:
    revisions = Revisions(Choice(final=True))
    revisions.take(key("12:00"), PROVISIONAL % 1)
    revisions.take(key("12:00"), FINAL % 2)
    revisions.take(key("12:01"), PROVISIONAL % 3)
    assert list(revisions.by_key()) == [FINAL % 2]


def test_a_segment_that_looks_like_a_status_is_none() -> None:
    value = b'{"segment":"\\"status\\":\\"provisional\\"","status":"final"}'
    assert Revisions(Choice(final=True)).take(key(), value)


def test_latest_is_the_newest_window_of_each_series_whatever_its_status() -> None:
    revisions = Revisions(Choice())
    revisions.take(key("12:01"), PROVISIONAL % 2)
    revisions.take(key("12:00"), FINAL % 1)
    revisions.take(key("11:59", piece="channel Email"), FINAL % 3)
    revisions.keep_latest()
    assert {PROVISIONAL % 2, FINAL % 3} == set(revisions.by_key())


@pytest.mark.parametrize(
    ("choice", "taken"),
    [
        pytest.param(Choice(), True, id="all"),
        pytest.param(
            Choice(kpi="orders", window="1h", dimension="channel", segment="Paid|Social"), True, id="every part"
        ),
        pytest.param(Choice(kpi="order"), False, id="no prefix of a KPI"),
        pytest.param(Choice(window="1m"), False, id="another window"),
        pytest.param(Choice(segment="Paid"), False, id="a segment may hold the separator"),
        pytest.param(Choice().totals, False, id="no total"),
    ],
)
def test_a_choice_is_made_by_the_parts_of_the_key(choice: Choice, taken: bool) -> None:  # noqa: FBT001  a parameter of cases
    assert taken == Revisions(choice).take(key(kpi="orders", window="1h", piece="channel Paid|Social"), FINAL % 1)


@pytest.mark.parametrize("foreign", [None, b"", b"a|b|c"])
def test_a_record_with_another_kind_of_key_is_not_taken(foreign: bytes | None) -> None:
    assert not Revisions(Choice()).take(foreign, FINAL % 1)


def test_the_totals_of_a_chosen_slice_are_that_slice() -> None:
    assert Choice(dimension="channel").totals == Choice(dimension="channel")
    assert Choice(kpi="orders", final=True).totals == Choice("orders", None, "all", "all", final=True)


def test_newest_first_goes_by_start_then_by_key() -> None:
    revisions = Revisions(Choice())
    for number, at in enumerate((key("12:00", kpi="visits"), key("12:01"), key("12:00"))):
        revisions.take(at, FINAL % number)
    assert list(revisions.newest_first()) == [FINAL % 1, FINAL % 2, FINAL % 0]


def test_the_segment_of_a_key_may_hold_the_separator() -> None:
    assert window_key(key(piece="campaign a|b|c")).segment == b"a|b|c"
