"""What is published: a record of Kafka before it has an offset."""

import msgspec

Header = tuple[str, bytes]


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record to publish; `timestamp_us` is the event's time (us since 1970 UTC), None when its value names none.

    `partition` None: by key, as the Java client does (murmur2). The record's own Kafka timestamp is never the event's.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    timestamp_us: int | None
    headers: tuple[Header, ...] = ()
    partition: int | None = None
