"""What streams/engine overrides and reads of faust-streaming and aiokafka, both pinned: it is there and as expected.

An upgrade of either has to come through here first.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiokafka
import pytest
from aiokafka.consumer.subscription_state import Assignment, TopicPartitionState
from faust.types import TP

from contract.private_names import READ
from contract.toy import Measured, Tally
from models.errors import EngineFault
from streams.engine.app import EngineApp, EngineSettings
from streams.engine.assignor import TaskAssignor
from streams.engine.consumer import BatchConsumer, BatchConsumerThread, BatchTransport
from streams.engine.scheduler import BatchScheduler
from streams.engine.tasks import TaskRecovery, Tasks

ROOT = Path(__file__).parents[2]
ENGINE = sorted((ROOT / "streams" / "engine").glob("*.py"))

OVERRIDES: dict[type, set[str]] = {
    EngineApp: {"_new_transport"},
    BatchScheduler: {"iterate"},
    BatchTransport: {"Consumer"},
    BatchConsumer: {
        "_add_gap",
        "_getmany",
        "_new_consumer_thread",
        "_to_message",
        "_wait_next_records",
        "force_commit",
        "getmany",
        "on_buffer_drop",
        "on_buffer_full",
        "on_partitions_revoked",
        "perform_seek",
    },
    BatchConsumerThread: {"_create_worker_consumer", "_fetch_records"},
    TaskRecovery: {"_resume_streams"},
    Tasks: {"add", "changelog_topics", "on_start", "on_stop", "recovery"},
    TaskAssignor: {"_perform_assignment"},
}
"""What each class replaces of Faust's. A name more or less is a name that Faust has got or lost."""

MADE_BY_PYTHON_OR_MODE = {
    *("__doc__", "__init__", "__module__", "__annotations__", "__abstractmethods__", "__parameters__"),
    *("_abc_impl", "logger", "__init_subclass__"),
}


def engine(**settings: Any) -> EngineApp:
    """An app that reads one topic; nothing is connected."""
    return EngineApp(
        EngineSettings("app", "127.0.0.1:1", {"bootstrap_servers": "127.0.0.1:1"}, **settings),
        [Tally("tally", ("in",))],
        Measured(),
    )


@contextmanager
def consumer_of(app: EngineApp) -> Iterator[BatchConsumer]:
    """A consumer that is not started, so its thread does not close its loop."""
    consumer = app._new_consumer()
    assert isinstance(consumer, BatchConsumer)
    try:
        yield consumer
    finally:
        consumer._thread.thread_loop.close()


@pytest.mark.parametrize("package", ["faust-streaming", "aiokafka"])
def test_the_installed_version_is_the_pinned_one(package: str) -> None:
    [pin] = re.findall(rf'"{package}==([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert version(package) == pin


@pytest.mark.parametrize("ours", OVERRIDES, ids=lambda ours: ours.__name__)
def test_every_override_replaces_something_with_the_same_parameters(ours: type) -> None:
    theirs = {name: getattr(ours.__base__, name) for name in vars(ours) if hasattr(ours.__base__, name)}
    replaced = {name: found for name, found in theirs.items() if name not in MADE_BY_PYTHON_OR_MODE}
    assert replaced.keys() == OVERRIDES[ours]
    for name, found in replaced.items():
        if inspect.isfunction(found):
            theirs_names = list(inspect.signature(found).parameters)
            assert list(_parameters(vars(ours)[name], theirs_names)) == theirs_names, name


def _parameters(ours: Any, theirs: list[str]) -> Iterator[str]:
    """Our parameters; `**options` stands for the rest of theirs, and one message is made of a chunk of records."""
    rest = theirs
    for name, parameter in inspect.signature(ours).parameters.items():
        yield from rest if parameter.kind is parameter.VAR_KEYWORD else ["record" if "record" in rest[:1] else name]
        rest = rest[1:]


def test_no_private_name_is_used_that_is_not_listed_here() -> None:
    trees = [ast.parse(file.read_text()) for file in ENGINE]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    private = [node for node in nodes if isinstance(node, ast.Attribute) and node.attr.strip("_") != node.attr]
    used = {node.attr for node in private if node.attr.startswith("_") and not node.attr.endswith("__")}
    set_here = {
        node.attr
        for node in private
        if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }
    assert used - functions - set_here == READ


@pytest.mark.asyncio
async def test_the_consumer_is_built_by_our_transport_with_the_state_of_fausts_own() -> None:
    app = engine()
    assert type(app.transport) is BatchTransport
    with consumer_of(app) as consumer:
        assert type(consumer) is BatchConsumer
        assert type(consumer._thread) is BatchConsumerThread
        assert type(consumer.scheduler) is BatchScheduler
        tp = TP("in", 0)
        consumer._acked[tp].append(7)
        consumer._acked_index[tp].add(7)
        consumer._read_offset[tp], consumer._committed_offset[tp] = 7, None
        assert not await consumer.force_commit(), "Faust's commits write nothing"
        assert (consumer._acked, consumer._acked_index) == ({}, {})


@pytest.mark.asyncio
async def test_the_worker_consumer_reads_committed_records_and_does_not_wait_for_more() -> None:
    app = engine(instance_id="one")
    with consumer_of(app) as consumer:
        made = consumer._thread._create_worker_consumer(app.transport)
        await made.stop()
    assert made._isolation_level == "read_committed"
    assert made._fetch_max_wait_ms == 100
    assert made._group_instance_id == "one", "static membership"
    assert made._subscription.subscription is None, "read after every fetch"
    assert made._max_poll_records is None
    assert not made._enable_auto_commit


@pytest.mark.asyncio
async def test_a_partition_state_has_position_stable_end_and_time_of_the_last_response() -> None:
    tp = aiokafka.TopicPartition("in", 0)
    assignment = Assignment([tp])
    state = assignment.state_value(tp)
    assert isinstance(state, TopicPartitionState)
    assert (state._position, state.lso, state.timestamp) == (None, None, None)
    assert assignment.tps == {tp}
    state.seek(7)
    assert state._position == 7


@pytest.mark.asyncio
async def test_the_producer_takes_what_a_commit_gives_it() -> None:
    producer = aiokafka.AIOKafkaProducer
    assert list(inspect.signature(producer.send_batch).parameters) == ["self", "batch", "topic", "partition"]
    assert list(inspect.signature(producer.send_offsets_to_transaction).parameters) == ["self", "offsets", "group_id"]
    assert {"transactional_id", "transaction_timeout_ms", "max_batch_size", "retry_backoff_ms"} <= set(
        inspect.signature(producer).parameters
    )
    client = aiokafka.client.AIOKafkaClient
    assert list(inspect.signature(client._wait_on_metadata).parameters) == ["self", "topic"]


@pytest.mark.asyncio
async def test_the_task_manager_and_its_recovery_are_fausts() -> None:
    app = engine()
    assert type(app.tables) is Tasks
    assert type(app.tables.recovery) is TaskRecovery
    assert app.tables.recovery is app.tables.recovery
    assert not app.tables, "Faust resumes streams at once because there is no table to recover"
    assert inspect.iscoroutinefunction(TaskRecovery._wait)
    assert inspect.iscoroutinefunction(Tasks._update_channels)


@pytest.mark.asyncio
async def test_changelog_topics_are_known_so_faust_keeps_its_co_partitioning_assignor() -> None:
    app = engine()
    assert app.tables.changelog_topics == {"app-tally-changelog"}
    with consumer_of(app) as consumer:
        await consumer._thread._create_worker_consumer(app.transport).stop()
        assert consumer._thread._assignor is app.assignor


@pytest.mark.asyncio
async def test_a_faust_table_is_refused() -> None:
    with pytest.raises(EngineFault, match="state lives in the tables of a stage"):
        engine().Table("rows")


@pytest.mark.asyncio
async def test_a_batch_passes_the_raw_serializer_as_it_is() -> None:
    app = engine()
    record = aiokafka.ConsumerRecord("in", 0, 7, 1_000, 0, b"k", b"v", None, 1, 1, ())
    with consumer_of(app) as consumer:
        message = consumer._to_message(TP("in", 0), [record])
    event = await app.topic("in", value_serializer="raw").decode(message)
    assert event.value is message.value
    assert event.value.records == [record]
    assert (message.offset, message.tp, message.generation_id) == (7, TP("in", 0), app.consumer_generation_id)


@pytest.mark.asyncio
async def test_every_setting_has_the_value_the_engine_relies_on() -> None:
    conf = engine().conf
    assert conf.table_standby_replicas == 0
    assert conf.stream_wait_empty is False
    assert conf.stream_buffer_maxsize == 4
    assert conf.broker_max_poll_records is None
    assert conf.consumer_max_fetch_size == 1024 * 1024
    assert conf.consumer_auto_offset_reset == "earliest"
    assert (conf.broker_session_timeout, conf.broker_heartbeat_interval) == (6, 1)
    assert conf.broker_request_timeout >= conf.broker_session_timeout, "Faust refuses to start otherwise"
    assert conf.broker_rebalance_timeout == 30
    assert conf.broker_max_poll_interval == 86_400, "an idle worker stays in the group"
    assert conf.broker_commit_livelock_soft_timeout == 1e9, "no error a minute that nothing was committed"
    assert conf.processing_guarantee.name == "AT_LEAST_ONCE", "Faust's own exactly_once loses and doubles"
    assert (conf.topic_disable_leader, conf.topic_allow_declare, conf.web_enabled) == (True, False, False)


@pytest.mark.asyncio
async def test_every_input_has_one_agent_declared_before_the_start() -> None:
    app = engine()
    [agent] = [agent for name, agent in app.agents.items() if "tally" in name]
    assert agent.concurrency == 1
    assert agent.channel.get_topic_name() == "in"
