"""A record that cannot be counted: its bytes and key, unchanged, on `kpi-dead-letters`, with the reason as headers."""

from models.outcome import Invalid
from models.stage import Incoming, Outgoing

TOPIC = "kpi-dead-letters"
HEADERS = ("topic", "partition", "offset", "reason", "detail")
MAX_DETAIL = 1_000


def dead_letter(topic: str, partition: int, record: Incoming, why: Invalid, partitions: int) -> Outgoing:
    """The letter of a record of `topic`. Its own headers stay, so that a replay is the record itself."""
    values = (topic, str(partition), str(record.offset), why.reason.value, why.detail[:MAX_DETAIL])
    ours = [(f"kpi-{name}", value.encode("utf-8", "replace")) for name, value in zip(HEADERS, values, strict=True)]
    return Outgoing(TOPIC, partition % partitions, record.key, record.value, [*record.headers, *ours])
