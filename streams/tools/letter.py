"""A dead letter: a record that was not taken, with what is known of where it came from and why."""

from base64 import b64encode
from dataclasses import dataclass

from aiokafka import ConsumerRecord

from models.stage import Headers
from streams.tools.instant import render
from streams.tools.record import Header, Record
from streams.topics import INPUTS

PREFIX = "kpi-"
_BYTES_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Letter:
    """`said` are our headers without their prefix: topic, partition, offset, reason, detail; of an alert more."""

    said: dict[str, str]
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    place: tuple[int, int]  # partition and offset on the topic of dead letters
    at_ms: int

    @property
    def topic(self) -> str:
        """Where it was received; empty in a record that is not ours."""
        return self.said.get("topic", "")

    @property
    def is_input(self) -> bool:
        """Whether it can be received again; an alert no receiver took cannot."""
        return self.topic in INPUTS

    @property
    def order(self) -> tuple[int, int, int]:
        """By time, then place."""
        return (self.at_ms, *self.place)

    def matches(self, topic: str | None, reason: str | None) -> bool:
        """None: any."""
        return topic in {None, self.topic} and reason in {None, self.said.get("reason", "")}

    def as_json(self) -> dict[str, str | int | None]:
        """Everything, the bytes as base64; `partition` and `offset` are those of the source."""
        return {
            **{name: self.said.get(name, "") for name in ("topic", "reason", "detail")},
            **{name: _number(self.said.get(name, "")) for name in ("partition", "offset")},
            **{name: self.said[name] for name in ("receiver", "status") if name in self.said},
            "at": render(self.at_ms * 1_000),
            "key_base64": _base64(self.key),
            "value_base64": _base64(self.value),
        }

    def as_row(self) -> tuple[str, ...]:
        """topic, partition, offset, reason, detail, key, size, first bytes."""
        where = (self.said.get(name, "") for name in ("topic", "partition", "offset", "reason", "detail"))
        return (*where, _shown(self.key), f"{len(self.value or b''):,}", _shown(self.value))

    def record(self, partitions: tuple[int, ...]) -> Record:
        """What was received, once more: by key, without a key to its partition, if the topic still has that."""
        number = _number(self.said.get("partition", ""))
        fixed = number if self.key is None and number in partitions else None
        return Record(self.topic, self.key, self.value, None, self.headers, fixed)


def letter(record: ConsumerRecord) -> Letter:
    """Of a record on the topic of dead letters; our headers come last, so they win over like-named ones."""
    headers: Headers = record.headers
    ours = [(name, value) for name, value in headers if name.startswith(PREFIX)]
    return Letter(
        said={name.removeprefix(PREFIX): (value or b"").decode("utf-8", "replace") for name, value in ours},
        key=record.key,
        value=record.value,
        headers=tuple((name, value) for name, value in headers if not name.startswith(PREFIX)),
        place=(record.partition, record.offset),
        at_ms=record.timestamp,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode()


def _shown(raw: bytes | None) -> str:
    """The first bytes, on one line, whatever they are."""
    if raw is None:
        return "(null)"
    text = raw[:_BYTES_SHOWN].decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
