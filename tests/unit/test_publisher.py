"""Publishing without a broker: what waits for an acknowledgement can be told to stop."""

import asyncio

import pytest

from models.settings import Settings
from streams.tools.publisher import Publisher


@pytest.mark.asyncio
async def test_a_cancellation_that_comes_with_the_acknowledgement_is_not_lost() -> None:
    publisher = Publisher(Settings(), ())
    acknowledgement: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    publisher._unacked.append((("clickstream", 0), acknowledgement))
    flush = asyncio.create_task(publisher.flush())
    await asyncio.sleep(0)
    acknowledgement.set_result(None)
    await asyncio.sleep(0)
    flush.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flush
    await publisher._close()
