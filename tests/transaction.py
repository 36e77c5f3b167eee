"""Records written in one transaction, as a worker writes them."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer, TopicPartition

import topic_log
from models.stage import Outgoing
from streams.engine.transaction import TransactionalWriter


async def commit(bootstrap: str, records: Sequence[Outgoing], *, abort: bool = False) -> None:
    """Returns when they are committed, or aborted; in batches, as `send` takes no record without key and value."""
    name = topic_log.fresh("writer")
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=name) as producer:
        await producer.begin_transaction()
        for record in records:
            batch = producer.create_batch()
            batch.append(key=record.key, value=record.value, timestamp=None, headers=list(record.headers))
            await (await producer.send_batch(batch, record.topic, partition=record.partition))
        await (producer.abort_transaction() if abort else producer.commit_transaction())


def writer(bootstrap: str, name: str, *targets: TopicPartition) -> TransactionalWriter:
    """Of a task that writes to the topics of `targets`, not started; a fault of its connection is raised."""
    topics = {target.topic for target in targets}
    return TransactionalWriter(name, "group", {"bootstrap_servers": bootstrap}, topics, _raise)


def _raise(error: Exception) -> None:
    raise error
