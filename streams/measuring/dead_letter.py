"""A record that cannot be counted: its bytes and key, unchanged, on `kpi-dead-letters`, with the reason as headers."""

from models.outcome import Invalid
from models.stage import Incoming, Outgoing

TOPIC = "kpi-dead-letters"
HEADERS = ("topic", "partition", "offset", "reason", "detail")
MAX_DETAIL = 1_000
MAX_BYTES = 8 * 1024 * 1024
"""Of a letter's value: inputs are at most 1 MiB unless their topic allows more, or a client compresses garbage."""


def dead_letter(topic: str, partition: int, record: Incoming, why: Invalid, partitions: int) -> Outgoing:
    """The letter of a record of `topic`. Its own headers stay, so that a replay is the record itself.

    A value over MAX_BYTES is cut, and says so: `kpi-truncated` has its whole size in bytes.
    """
    values = (topic, str(partition), str(record.offset), why.reason.value, why.detail[:MAX_DETAIL])
    ours = [(f"kpi-{name}", value.encode("utf-8", "replace")) for name, value in zip(HEADERS, values, strict=True)]
    value = record.value
    if value is not None and len(value) > MAX_BYTES:
        ours.append(("kpi-truncated", str(len(value)).encode()))
        value = value[:MAX_BYTES]
    return Outgoing(TOPIC, partition % partitions, record.key, value, [*record.headers, *ours])
