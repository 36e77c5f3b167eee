"""The topics: inputs, internal and public ones, with what each must be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from models import ad_spend, click, clv_record, delta, fx, order, social, status
from models.kpi import Catalogue
from models.measure import CUSTOMER_FEED
from models.order_fact import BY_CUSTOMER, BY_VISITOR
from streams.measuring import dead_letter
from streams.publication import VALUES_TOPIC
from streams.publication_alerts import TOPIC as ALERTS_TOPIC

DAY_MS = 86_400_000
LETTER_ROOM = 65_536
"""What a dead letter's key and headers take beside its value."""

STAGES = {
    "orders": order.TOPIC,
    "visitors": click.TOPIC,
    "customers": click.TOPIC,
    "social": social.TOPIC,
    "ad-spend": ad_spend.TOPIC,
    "monitor": delta.TOPIC,
}
"""Stages of the engine and the topic whose partition count each follows."""


CHECKED = ("cleanup.policy", "max.message.bytes")
"""Settings a wrong value of which loses data; retention and the like are the shop's own business."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """`partitions`: when created; an existing topic may have other counts unless it is `fixed` to another's.

    `checked`: configs that must be as here on a topic that exists.
    """

    name: str
    partitions: int
    configs: Mapping[str, str] = field(default_factory=dict)
    same_as: str | None = None
    checked: tuple[str, ...] = CHECKED

    @property
    def is_input(self) -> bool:
        """Inputs come as the company has them."""
        return self.name in INPUTS


INPUTS = (click.TOPIC, order.TOPIC, social.TOPIC, ad_spend.TOPIC)

OUTPUTS = (BY_VISITOR, BY_CUSTOMER, delta.TOPIC, VALUES_TOPIC, ALERTS_TOPIC, dead_letter.TOPIC, status.TOPIC)
"""All that the worker's stages write to, beside their changelogs."""

_INPUT = {"message.timestamp.type": "LogAppendTime", "retention.ms": str(30 * DAY_MS)}
_INTERNAL = {"retention.ms": "-1", "retention.bytes": str(4 * 1024**3)}
_CHANGELOG = {
    "cleanup.policy": "compact",
    "segment.ms": "600000",
    "min.cleanable.dirty.ratio": "0.1",
    "max.compaction.lag.ms": "600000",
    # Tombstones (ids and sessions that expire are as many as new ones) are read by every restore for so long, a day by
    # default. A restore takes seconds; one that took longer than this could miss them.
    "delete.retention.ms": "3600000",
}


def changelog(app_id: str, stage: str) -> str:
    """The topic of a stage's tables."""
    return f"{app_id}-{stage}-changelog"


def topic_specs(app_id: str, partitions: int) -> tuple[TopicSpec, ...]:
    """All topics of the product; `partitions` for inputs and `kpi-deltas` alike."""
    return (
        *(TopicSpec(name, partitions, _INPUT) for name in INPUTS),
        TopicSpec(fx.TOPIC, 1, _RATES, checked=(*CHECKED, "retention.ms")),
        TopicSpec(clv_record.TOPIC, 1, {"cleanup.policy": "compact"}),
        *(TopicSpec(name, partitions, _INTERNAL, same_as=click.TOPIC) for name in (BY_VISITOR, BY_CUSTOMER)),
        TopicSpec(delta.TOPIC, partitions, _INTERNAL),
        TopicSpec(VALUES_TOPIC, partitions, _VALUES),
        TopicSpec(ALERTS_TOPIC, partitions, {"cleanup.policy": "compact", "min.compaction.lag.ms": str(7 * DAY_MS)}),
        TopicSpec(
            dead_letter.TOPIC,
            partitions,
            {"max.message.bytes": str(dead_letter.MAX_BYTES + LETTER_ROOM), "retention.ms": str(90 * DAY_MS)},
        ),
        TopicSpec(status.TOPIC, 1, _CHANGELOG),
        *(
            TopicSpec(changelog(app_id, stage), partitions, _CHANGELOG, same_as=source)
            for stage, source in STAGES.items()
        ),
    )


_RATES = {"cleanup.policy": "delete", "retention.ms": "-1"}
"""Kept for ever: every start reads all of them, and orders of years ago may come again."""

_VALUES = {
    "cleanup.policy": "compact,delete",
    "min.compaction.lag.ms": str(DAY_MS),
    "retention.ms": str(400 * DAY_MS),
}


def topics_read(catalogue: Catalogue) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The inputs and the topics of our own that the worker's stages read, in the order of the flow.

    Orders need the sessions they belong to, so clicks are read wherever orders are.
    """
    needed, feeds = set(catalogue.topics), set(catalogue.feeds)
    if order.TOPIC in needed:
        needed.add(click.TOPIC)
    inputs = tuple(topic for topic in INPUTS if topic in needed)
    facts = (BY_VISITOR,) if click.TOPIC in needed else ()
    return inputs, (*facts, *((BY_CUSTOMER,) if CUSTOMER_FEED in feeds else ()), delta.TOPIC)
