"""Records as the kernel reads them from a fetch."""

from collections.abc import Sequence
from typing import Any

from aiokafka.record.default_records import DefaultRecordBatchBuilder


def fetched(kernel: Any, rows: Sequence[tuple[bytes | None, bytes | None]], batches: int = 1) -> Any:
    """`kpi_kernel.Records` of these keys and values, which come in so many record batches."""
    data, size = b"", -(-len(rows) // batches) or 1
    for first in range(0, len(rows), size):
        builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 24)
        for offset, (key, value) in enumerate(rows[first : first + size]):
            builder.append(offset, 1_772_452_800_000, key, value, [])
        batch = builder.build()
        batch[:8] = first.to_bytes(8)  # as the broker does it
        data += batch
    return kernel.Records(kernel.record_batches(data), 0)
