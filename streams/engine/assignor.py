"""Faust's partition assignor with our own leader: workers share tasks, not partitions.

Faust's groups topics by partition count and gives the remainder of every group to the same member. What members send
and get stays Faust's, so workers with either assignor can be in one group.

Overrides a private method of faust-streaming 0.15.3 (pinned); tests/contract/test_assignor.py drives it.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from faust.assignor.client_assignment import ClientAssignment
from faust.assignor.partition_assignor import PartitionAssignor

from models.errors import EngineFault
from models.stage import Stage
from streams.engine.sharing import TaskName, share

log = structlog.get_logger("engine")


class TaskAssignor(PartitionAssignor):
    """The leader's answer is `share`. A stage goes to the members that subscribe to all its inputs."""

    def _perform_assignment(
        self, cluster: ClusterMetadata, member_metadata: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        clients = {member: self._get_client_metadata(sent) for member, sent in member_metadata.items()}
        present = {member: self._tasks_of(client.assignment.actives) for member, client in clients.items()}
        shared: dict[str, set[TaskName]] = {member: set() for member in clients}
        for readers, tasks in self._to_share(cluster, member_metadata).items():
            for member, its in share(tasks, {reader: present[reader] for reader in readers}).items():
                shared[member] |= its
        assignments = {
            member: ClientAssignment(actives=self._partitions_of(its), standbys={}) for member, its in shared.items()
        }
        self._update_member_urls(clients)
        answer: dict[str, ConsumerProtocolMemberAssignment] = self._protocol_assignments(
            assignments,
            self._get_changelog_distribution(assignments),
            self._get_external_topic_distribution(assignments),
            {topic: group for group, stage in enumerate(self.app.stages) for topic in stage.inputs},
        )
        return answer

    def _to_share(
        self, cluster: ClusterMetadata, member_metadata: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[tuple[str, ...], dict[str, int]]:
        """Members -> partitions of each stage that they, and only they, can read.

        They differ only while workers are replaced by others with more or fewer stages.
        """
        subscribed = {member: set(sent.subscription) for member, sent in member_metadata.items()}
        found: dict[tuple[str, ...], dict[str, int]] = {}
        for stage in self.app.stages:
            readers = tuple(sorted(member for member, topics in subscribed.items() if topics.issuperset(stage.inputs)))
            if readers:
                found.setdefault(readers, {})[stage.name] = self._partitions(stage, cluster)
        if unread := set().union(*subscribed.values()) - self.app.stage_of.keys():
            log.warning("no stage of the leader reads these topics: nobody gets them", topics=sorted(unread))
        return found

    def _partitions(self, stage: Stage[Any, Any], cluster: ClusterMetadata) -> int:
        """The partition count of a stage's inputs; 0 while one is not known, its arrival starts a new rebalance."""
        counts = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in stage.inputs}
        if missing := sorted(topic for topic, count in counts.items() if not count):
            log.warning("topics without metadata: nobody gets their stage", stage=stage.name, topics=missing)
            return 0
        if len(set(counts.values())) > 1:
            self.app.fail(EngineFault(f"stage {stage.name}: its inputs differ in their partitions: {counts}"))
        return min(counts.values())

    def _tasks_of(self, actives: Mapping[str, list[int]]) -> set[TaskName]:
        """Tasks of which all inputs are among the partitions."""
        return {
            (stage.name, p)
            for stage in self.app.stages
            for p in set.intersection(*(set(actives.get(topic, ())) for topic in stage.inputs))
        }

    def _partitions_of(self, tasks: set[TaskName]) -> dict[str, list[int]]:
        actives: dict[str, list[int]] = {}
        for name, p in sorted(tasks):
            for topic in self.app.stage_named[name].inputs:
                actives.setdefault(topic, []).append(p)
        return actives
