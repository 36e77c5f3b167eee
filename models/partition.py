"""The partition of a key, as Kafka's own clients choose it: co-partitioned topics need the same choice.

Source: Austin Appleby's MurmurHash2 with the seed of org.apache.kafka.common.utils.Utils.murmur2.
"""

_SEED, _M, _R = 0x9747B28C, 0x5BD1E995, 24
_32_BITS = 0xFFFFFFFF


def partition_of_key(key: bytes, partitions: int) -> int:
    """What a producer with Kafka's default partitioner takes for a record with this key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """32 bits, unsigned."""
    h = _SEED ^ len(data)
    whole = len(data) & ~3
    for start in range(0, whole, 4):
        k = int.from_bytes(data[start : start + 4], "little") * _M & _32_BITS
        k = (k ^ k >> _R) * _M & _32_BITS
        h = h * _M & _32_BITS ^ k
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _32_BITS
    h = (h ^ h >> 13) * _M & _32_BITS
    return h ^ h >> 15
