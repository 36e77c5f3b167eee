"""After which errors a look for transactions that hang is made again."""

import pytest
from aiokafka import errors

from streams.engine.hanging import passes


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (errors.NodeNotReadyError(), True),
        (errors.KafkaConnectionError(), True),
        (errors.RequestTimedOutError(), True),
        (errors.NotLeaderForPartitionError(), True),
        (errors.KafkaTimeoutError(), True),
        (errors.KafkaError("Unable to get cluster metadata over all known brokers"), True),
        pytest.param(errors.TransactionCoordinatorFenced(), True, id="a coordinator has just written its marker"),
        (errors.TopicAuthorizationFailedError(), False),
        (errors.InvalidProducerEpoch(), False),
    ],
)
def test_what_passes_is_waited_for(error: errors.KafkaError, *, again: bool) -> None:
    assert passes(error) is again
