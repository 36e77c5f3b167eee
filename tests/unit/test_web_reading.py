"""What `kpi web` reads goes on, whatever ends one attempt."""

import asyncio
import time

import pytest

from models.errors import BrokerError
from streams.web.reading import Reading, again
from web_desk import Shop

pytestmark = pytest.mark.asyncio
GONE_S = 5


async def test_a_client_that_cancels_itself_is_tried_again_and_told() -> None:
    ends: list[BaseException] = [asyncio.CancelledError(), BrokerError("k:9092", "gone", "wait")]
    lost: list[str] = []
    back = asyncio.Event()

    async def attempt() -> None:
        if ends:
            raise ends.pop(0)
        back.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(again(attempt, lambda error: lost.append(str(error)), "k:9092", 0.0))
    async with asyncio.timeout(GONE_S):
        await back.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["broken off" in lost[0], "gone" in lost[1], len(lost)] == [True, True, 2]


async def test_who_is_told_may_end_it() -> None:
    async def attempt() -> None:
        raise BrokerError("k:9092", "gone", "wait")

    def lost(error: BrokerError) -> None:
        raise error

    with pytest.raises(BrokerError, match="gone"):
        await again(attempt, lost, "k:9092")


async def test_a_tick_that_fails_ends_nothing() -> None:
    shop = Shop()
    shop.desk.catch_up()

    def mistaken() -> None:
        raise ValueError("a mistake of ours")

    before = shop.desk.feed.position
    Reading(shop.settings, shop.desk, (), mistaken).tick()
    assert shop.desk.feed.position != before, "the ledger is told all the same"


async def test_it_is_not_ready_when_nobody_has_answered_for_long() -> None:
    shop = Shop()
    shop.desk.catch_up()
    reading = Reading(shop.settings, shop.desk, (), lambda: None)
    assert reading.not_ready() == []
    silent = Reading(shop.settings, shop.desk, (), lambda: None, _looked_s=time.monotonic() - 60)
    assert silent.not_ready() == ["the broker has not answered for 60 s"]
