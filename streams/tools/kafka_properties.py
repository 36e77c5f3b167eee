"""How the embedded Kafka is set: one node that is broker and controller, quick to start, small."""

from collections.abc import Mapping
from pathlib import Path


def server_properties(data: Path, port: int, controller_port: int, overrides: Mapping[str, str]) -> str:
    """The text of server.properties for a node on 127.0.0.1 with its logs in `data`; `overrides` win."""
    listeners = f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}"
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": listeners,
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "log.dirs": str(data),
        **_ONE_SMALL_NODE,
        **overrides,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


_ONE_SMALL_NODE = {
    "auto.create.topics.enable": "false",  # a misspelt topic is an error, as `kpi topics check` promises
    # An orderly shutdown first gives up all partitions; Kafka takes one without a leader for a deleted one, and skips
    # the end markers of a transaction that is being committed: then it is neither there nor gone (docs/engine-rules.md)
    "controlled.shutdown.enable": "false",
    "group.initial.rebalance.delay.ms": "0",  # the default waits 3 s for more members
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",  # the default of 50 costs seconds at the first join
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "log.retention.ms": "-1",  # records carry event time: the default of 7 days would delete a replay at once
    # After a SIGKILL the next start waits for the end of the last one's session: 13 s with the default of 9 s
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "1000",
    "log.cleaner.dedupe.buffer.size": "16777216",  # the default is a quarter of the heap
}
