"""`kpi topics create` and `check`: the topics on the broker against what the product needs of them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from models.errors import BrokerError
from models.settings import Settings
from streams.connection import CONNECT_TIMEOUT_S, client_options, unreachable
from streams.topics import LETTER_ROOM, TopicSpec, topic_specs

CREATE_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as it is on the broker."""

    partitions: int
    configs: Mapping[str, str]


async def create(settings: Settings, partitions: int) -> list[str]:
    """Create what is missing and answer its names; then everything is checked. Raises BrokerError."""
    async with _admin(settings) as admin:
        specs = topic_specs(settings.app_id, partitions)
        found = await _found(admin, specs)
        missing = [spec for spec in specs if spec.name not in found]
        counts = {name: topic.partitions for name, topic in found.items()}
        new = [
            NewTopic(spec.name, counts.get(spec.same_as or "", spec.partitions), 1, topic_configs=dict(spec.configs))
            for spec in missing
        ]
        for topic in new:
            topic.replication_factor = -1  # the broker's default
        if new:
            await _create(admin, settings, new)
            found = await _settled(admin, specs)
        _raise_first(settings, specs, found)
        return [spec.name for spec in missing]


async def check(settings: Settings) -> dict[str, int]:
    """The partition count of every topic. Raises BrokerError on the first that is missing or not as it must be."""
    async with _admin(settings) as admin:
        specs = topic_specs(settings.app_id, partitions=1)
        found = await _found(admin, specs)
        _raise_first(settings, specs, found)
        return {name: topic.partitions for name, topic in found.items()}


def mismatches(specs: Sequence[TopicSpec], found: Mapping[str, Found]) -> Iterator[tuple[str, str, str]]:
    """What is wrong: topic, what and remedy."""
    if missing := [spec.name for spec in specs if spec.name not in found]:
        yield f"topic {', '.join(missing)}", "does not exist", "run `kpi topics create`"
        return
    for spec in specs:
        topic = found[spec.name]
        wanted = found[spec.same_as].partitions if spec.same_as else topic.partitions
        if topic.partitions != wanted:
            yield (
                f"topic {spec.name}",
                f"has {topic.partitions} partitions, {spec.same_as} has {wanted}: state is kept by partition",
                f"give {spec.same_as} its {topic.partitions} partitions back, or start over with another KPI_APP_ID",
            )
        for name in spec.checked:
            wanted_config = _wanted(name, spec, specs, found)
            if wanted_config and not _holds(name, wanted_config, topic.configs.get(name, "")):
                yield (
                    f"topic {spec.name}",
                    f"{name} is {topic.configs.get(name)!r}",
                    f"set it to {wanted_config} (kafka-configs --alter --topic {spec.name})",
                )


def _wanted(name: str, spec: TopicSpec, specs: Sequence[TopicSpec], found: Mapping[str, Found]) -> str | None:
    """As in the specification; a dead letter also has to hold the largest record of any input."""
    own = spec.configs.get(name)
    if own is None or name != "max.message.bytes":
        return own
    inputs = (int(found[one.name].configs.get(name) or 0) for one in specs if one.is_input)
    return str(max(int(own), max(inputs) + LETTER_ROOM))


def _holds(name: str, wanted: str, actual: str) -> bool:
    if name == "max.message.bytes":
        return int(actual or 0) >= int(wanted)
    return set(wanted.split(",")) == set(actual.split(","))


def _raise_first(settings: Settings, specs: Sequence[TopicSpec], found: Mapping[str, Found]) -> None:
    for where, what, remedy in mismatches(specs, found):
        raise BrokerError(f"{settings.broker} {where}", what, remedy)


async def _create(admin: AIOKafkaAdminClient, settings: Settings, new: list[NewTopic]) -> None:
    response = await admin.create_topics(new)
    for name, code, *text in response.topic_errors:
        if code:
            raise BrokerError(
                f"{settings.broker} topic {name}", f"could not be created ({text[0] or code})", "see the broker's log"
            )


async def _settled(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> dict[str, Found]:
    """The topics once the broker shows all of them: metadata follows a creation with a delay."""
    async with asyncio.timeout(CREATE_TIMEOUT_S):
        while len(found := await _found(admin, specs)) < len(specs):  # noqa: ASYNC110  the broker tells nobody
            await asyncio.sleep(0.1)
    return found


async def _found(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> dict[str, Found]:
    wanted = {spec.name for spec in specs}
    names = sorted(wanted & set(await admin.list_topics()))
    if not names:
        return {}
    described = await admin.describe_topics(names)
    configs = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    by_name = {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for response in configs
        for resource in response.resources
    }
    return {
        topic["topic"]: Found(len(topic["partitions"]), by_name.get(topic["topic"], {}))
        for topic in described
        if not topic["error_code"]
    }


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what goes wrong is raised, in one line
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await admin.start()
    except (KafkaError, OSError, TimeoutError) as error:
        await admin.close()
        raise unreachable(settings.broker, error) from error
    try:
        yield admin
    finally:
        await admin.close()
