"""One event in many wordings: JSON as clients write it, and as none should."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from kernel.chance import Chance

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OFFSETS = (timedelta(0), timedelta(hours=2), timedelta(hours=-5, minutes=-30), timedelta(hours=14))

UNKNOWN: tuple[tuple[str, Any], ...] = (
    ("shop", "x"),
    ("żółty", "ł"),
    ("price", 12.5),
    ("count", -0),
    ("big", 10**30),
    ("small", 1e-300),
    ("flag", True),
    ("nothing", None),
    ("list", [1, "]", {"a": "}"}, []]),
    ("nested", {"event_id": "not this", "timestamp": None, "deep": {"er": [[["\\", '"']]]}}),
    ("", "a field without a name"),
    ("event_ids", "e"),
    ("Event_id", "e"),
    ("session", "s"),
    ("props", {}),
)
WRONG_VALUES: tuple[Any, ...] = (1, 1.5, True, [], {}, ["x"], {"a": 1}, "", "x" * 65_537)
STRAY = (b'"', b"\\", b"{", b"}", b",", b":", b"\x00", b"\n", b"\xc5", b"\xed\xa0\x80", b" ")
GARBAGE = (
    None,
    b"",
    b" ",
    b"{",
    b"{}",
    b"[]",
    b"null",
    b'"text"',
    b"12",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b'{"event_id":"e"',
    b'{"event_id":}',
    b"{'event_id':'e'}",
    b"\x00" * 40,
    b"[" * 3_000,
)


def moment(chance: Chance, at_us: int) -> str:
    """A timestamp of RFC 3339 in one of its forms; all tell the same microsecond."""
    at = EPOCH + timedelta(microseconds=at_us)
    offset = chance.one(OFFSETS, "other offset")
    local = at.astimezone(timezone(offset)).isoformat(timespec="seconds")
    text, zone = local[:19], local[19:]
    if at.microsecond or chance.does("fraction of nothing"):
        digits = f"{at.microsecond:06d}"
        short = digits.rstrip("0") or "0"
        text += "." + chance.one(
            (digits[:3] if digits.endswith("000") else digits, short, digits, digits + "00"), "fraction"
        )
    if chance.does("lower case"):
        text = text.lower()
    return text + (zone if offset else chance.one(("Z", "+00:00", "z", "-00:00", "+0000"), "other zero"))


def broken_moment(chance: Chance, text: str) -> str:
    """A timestamp that is none, or hardly one."""
    return chance.choice((
        text.rstrip("Z"), text.replace("T", " "), text + "Z", f" {text}", text[:10], text.replace("-", "/", 1), "",
        "2026-02-29T12:00:00Z", "2026-03-02T24:00:00Z", "2026-03-02T12:00:60Z", "2026-13-02T12:00:00Z",
        "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59-01:00",
        "2026-03-02T12:00:00.1234565Z", "2026-03-02T12:00:00.1234564999Z", "2026-03-02T12:00:59.9999996Z",
        "2026-03-02T12:00:00,5Z", "2026-03-02T12:00:00.Z", "2026-03-02T12:00:00+24:00", "2026-03-02T12:00:00+02",
        "٢٠٢٦-03-02T12:00:00Z", "2026-03-02T12:00:00\u0000Z", "+026-03-02T12:00:00Z",
    ))  # fmt: skip


def written(chance: Chance, fields: dict[str, Any]) -> bytes:
    """An event as JSON; the wording varies, its meaning does not but for what `bent` does to it."""
    if not chance.does("odd wording"):
        return bent(
            chance, json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        )
    pairs = list(fields.items())
    if chance.does("unknown fields"):
        pairs += chance.sample(UNKNOWN, chance.randint(1, 4))
    if chance.does("order of fields"):
        chance.shuffle(pairs)
    if chance.does("fields twice"):
        pairs.insert(chance.randrange(len(pairs)), chance.choice(pairs))
        pairs.insert(0, (pairs[-1][0], "the last one wins"))
    spaced = chance.does("spaces")
    colon, comma = (" : ", " ,\n\t") if spaced else (":", ",")
    body = comma.join(f"{_text(chance, name)}{colon}{_value(chance, value)}" for name, value in pairs)
    text = f"\r\n {{ {body} }}\n" if spaced else f"{{{body}}}"
    return bent(chance, text.encode("utf-8", "surrogatepass"))


def bent(chance: Chance, raw: bytes) -> bytes:
    """Now and then a record that was damaged on its way."""
    if not chance.does("damage"):
        return raw
    at = chance.randrange(len(raw))
    return chance.choice((
        raw[:at], raw[at:], raw[:at] + chance.randbytes(1) + raw[at + 1 :], raw[:at] + raw[at + 1 :],
        raw[:at] + chance.choice(STRAY) + raw[at:],
        raw + b"}", raw + b" x", b"\xef\xbb\xbf" + raw, raw + raw, raw + b"\x00",
    ))  # fmt: skip


def _value(chance: Chance, value: Any) -> str:
    return _text(chance, value) if isinstance(value, str) else json.dumps(value, ensure_ascii=chance.does("ascii"))


def _text(chance: Chance, text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=chance.does("ascii"))
    if text and chance.does("escapes"):
        at = chance.randrange(len(text))
        escaped = "".join(f"\\u{unit:04x}" for unit in _units(text[at]))
        parts = [json.dumps(part, ensure_ascii=False)[1:-1] for part in (text[:at], text[at + 1 :])]
        quoted = f'"{escaped.join(parts)}"'
    return quoted.replace("/", "\\/") if chance.does("escaped slash") else quoted


def _units(letter: str) -> list[int]:
    """The UTF-16 of a letter."""
    raw = letter.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
