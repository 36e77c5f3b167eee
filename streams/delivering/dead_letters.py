"""An alert that no receiver will take: its record, unchanged, on `kpi-dead-letters`, with the reason as headers."""

from dataclasses import dataclass

from aiokafka import AIOKafkaProducer, ConsumerRecord

from streams.delivering.metrics import Outcome

TOPIC = "kpi-dead-letters"
MAX_DETAIL = 1_000


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Where one receiver's refusals go; the producer is shared and closed by who opened it."""

    receiver: str
    producer: AIOKafkaProducer

    async def send(
        self, record: ConsumerRecord, reason: Outcome, *, status: int | None = None, detail: str = ""
    ) -> None:
        """Returns when the broker has it; its own headers stay, so that a replay is the record itself."""
        said = {
            "topic": record.topic,
            "partition": str(record.partition),
            "offset": str(record.offset),
            "reason": reason.value,
            "detail": detail[:MAX_DETAIL],
            "receiver": self.receiver,
            "status": "" if status is None else str(status),
        }
        ours = [(f"kpi-{name}", value.encode("utf-8", "replace")) for name, value in said.items()]
        headers = [*record.headers, *ours]
        await self.producer.send_and_wait(TOPIC, value=record.value, key=record.key, headers=headers)
