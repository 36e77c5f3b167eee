"""What the kernel takes for a click, msgspec takes for the same one; the rest it leaves to it."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.clicks import Plan, clicks
from kernel.chance import Chance
from kernel.clicks import Clicks
from kernel.script import START_US
from models.click import Click
from models.event import to_us

Decode = Callable[[bytes], Sequence[Any] | None]
Edit = tuple[int, int, bytes]
"""Where, so many bytes are replaced by these."""

TIME = b"2026-03-02T12:00:00.125Z"
PLAIN = (
    b'{"event_id":"s1-7-2","event_type":"page_view","timestamp":"2026-03-02T12:00:00.125Z","visitor_id":"v1-7"'
    b',"session_id":"s1-7","page_url":"https://shop.example/p/9","channel":"Direct","country":"GB","device":"mobile"'
    b',"user_agent":"Mozilla/5.0 (Macintosh) Firefox/131.0"}'
)
PIECES = (
    b"", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b"\t", b"\r", b"\x00", b"\x0b", b"\x1f", b"\x7f",
    b"\x80", b"\xc3\xb3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xf0\x9f\x98\x80", b"\xef\xbb\xbf", b"/",
    b"null", b"true", b"1", b"-", b".5", b'"device"', b'"event_id"', b"\\u0000", b"\\ud800", b"\\n", b"//", b"'", b",}",
    b'"x":{},', b'"x":[1,{"y":null}],', b'"x":-0.5e+10,', b'"x":01,', b'"x":1.,', b'"x":NaN,', b'"device":null,',
    b'"x":"\\"",', b'"":"",', b'"x":tru,', b'"order_id":"",', b'"session_id":"",', b'"channel":"",', b'"timestamp":',
)  # fmt: skip
YEARS = ("0000", "0001", "1969", "1970", "1999", "2000", "2024", "2026", "2100", "9999", "10000")
ZONES = (
    "Z", "z", "", "+00:00", "-00:00", "+0000", "+00", "Z ", "+14:00", "-23:59", "+24:00", "+1:00", "+01:60", "-0530",
)  # fmt: skip

edits = st.tuples(st.integers(0, len(PLAIN)), st.integers(0, 6), st.sampled_from(PIECES) | st.binary(max_size=3))
two = st.integers(0, 62).map("{:02d}".format)
zones = st.sampled_from(ZONES) | st.tuples(st.sampled_from("+-"), two, st.sampled_from([":", ""]), two).map("".join)
fractions = st.text("0123456789", max_size=12).flatmap(lambda digits: st.sampled_from(["", f".{digits}", f",{digits}"]))
times = st.tuples(
    st.tuples(st.sampled_from(YEARS), two, two).map("-".join),
    st.sampled_from(["T", "t", " ", "_", "", "T "]),
    st.tuples(two, two, two).map(":".join),
    fractions,
    zones,
).map("".join)


@pytest.fixture(scope="module")
def decode(kernel: Any) -> Decode:
    its: Decode = kernel.decode_click
    return its


def taken_for(raw: bytes) -> tuple[Any, ...] | None:
    """By msgspec, in the order of the kernel: the time, then the other fields."""
    try:
        fields = msgspec.structs.asdict(msgspec.json.decode(raw, type=Click))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return (to_us(fields.pop("timestamp")), *fields.values())


def agree(decode: Decode, raw: bytes) -> None:
    its = decode(raw)
    assert its is None or tuple(its) == taken_for(raw), raw


def edited(raw: bytes, its: Sequence[Edit]) -> bytes:
    for at, removed, put in its:
        raw = raw[:at] + put + raw[at + removed :]
    return raw


def test_plain_clicks_are_all_decoded(decode: Decode) -> None:
    for sent in clicks(Plan(events=5_000, sessions=900, end_us=START_US)):
        assert decode(sent.value) == taken_for(sent.value)


@given(st.lists(edits, min_size=1, max_size=4))
def test_a_click_that_was_damaged(decode: Decode, its: list[Edit]) -> None:
    agree(decode, edited(PLAIN, its))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_a_million_clicks_that_were_damaged(decode: Decode, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100_000):
        its = [
            (chance.randint(0, 330), chance.choice((0, 0, 1, 5)), chance.choice(PIECES))
            for _ in range(chance.randint(1, 4))
        ]
        agree(decode, edited(PLAIN, its))


@given(st.lists(st.tuples(st.integers(0, 23), st.characters(max_codepoint=0xFF)), max_size=3))
def test_a_timestamp_with_other_characters(decode: Decode, its: list[tuple[int, str]]) -> None:
    for text in (TIME.decode(), "2026-03-02T12:00:00Z"):
        letters = list(text)
        for at, letter in its:
            letters[at : at + 1] = [letter]
        agree(decode, PLAIN.replace(TIME, "".join(letters).encode()))


@given(times)
@example("2024-02-29T23:59:59.9999995Z")
@example("2023-02-29T00:00:00Z")
@example("1900-02-29T00:00:00Z")
@example("9999-12-31T23:59:59.9999999Z")
@example("9999-12-31T23:59:59-00:01")
@example("0001-01-01T00:00:00+00:01")
@example("2026-03-02T12:00:00.1234565Z")
@example("2026-03-02T12:00:00.1234564999Z")
def test_a_timestamp_of_other_parts(decode: Decode, text: str) -> None:
    agree(decode, PLAIN.replace(TIME, text.encode()))


def test_every_day_of_years_that_leap_and_of_others(decode: Decode) -> None:
    for year in (0, 1, 1900, 1999, 2000, 2023, 2024, 2100, 9999):
        for month in range(14):
            for day in range(33):
                text = f"{year:04d}-{month:02d}-{day:02d}T{day:02d}:{day * 2:02d}:{2 * month + day:02d}.{day}Z"
                agree(decode, PLAIN.replace(TIME, text.encode()))


@given(st.integers(0, 1 << 32))
def test_clicks_in_the_words_of_the_comparison(decode: Decode, seed: int) -> None:
    made = Clicks(Chance(seed), START_US)
    for _ in range(20):
        agree(decode, made.next().value or b"")


@given(st.binary(max_size=40))
def test_bytes_that_are_no_click(decode: Decode, raw: bytes) -> None:
    agree(decode, raw)
