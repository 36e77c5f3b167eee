"""Records as the kernel reads them from a fetch."""

from collections.abc import Sequence
from typing import Any

from aiokafka.record.default_records import DefaultRecordBatchBuilder

from models.stage import Headers

AT_MS = 1_772_452_800_000
"""Timestamp of the records of the first batch; those of a later one are as many ms later as there were before it."""


def fetched(
    kernel: Any,
    rows: Sequence[tuple[bytes | None, bytes | None]],
    batches: int = 1,
    headers: Sequence[Headers] | None = None,
) -> Any:
    """`kpi_kernel.Records` of these keys and values, which come in so many record batches; `headers` of each."""
    data, size = b"", -(-len(rows) // batches) or 1
    for first in range(0, len(rows), size):
        builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 24)
        for offset, (key, value) in enumerate(rows[first : first + size]):
            its = headers[first + offset] if headers else ()
            builder.append(offset, AT_MS + first, key, value, list(its))
        batch = builder.build()
        batch[:8] = first.to_bytes(8)  # as the broker does it
        data += batch
    return kernel.Records(kernel.record_batches(data), 0)
