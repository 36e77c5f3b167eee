"""What a step or a commit raises ends the worker, whatever it is: Faust goes on after what is no Exception."""

import asyncio
from typing import Any

import pytest

from contract.toy import Ended, Measured, Tally, ToyApp
from streams.engine.app import EngineSettings


class Panic(BaseException):
    """What pyo3 makes of a panic in Rust."""


def toy() -> ToyApp:
    """Nothing is connected."""
    settings = EngineSettings("app", "127.0.0.1:1", {"bootstrap_servers": "127.0.0.1:1"})
    return ToyApp(settings, [Tally("tally", ("in",))], Measured())


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [ValueError, Panic])
async def test_whatever_a_step_raises_ends_the_worker(kind: type[BaseException]) -> None:
    app, error = toy(), kind("half done")

    def step() -> None:
        raise error

    with pytest.raises(Ended):
        await app._in_turn(step)
    assert app.faults == [error]


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [ValueError, Panic])
async def test_whatever_a_commit_raises_ends_the_worker(kind: type[BaseException]) -> None:
    app, error = toy(), kind("half done")

    async def commit() -> Any:
        raise error

    with pytest.raises(Ended):
        await app.tables.guarded(commit)
    assert app.faults == [error]


@pytest.mark.asyncio
async def test_a_commit_that_is_cancelled_is_no_fault() -> None:
    app = toy()
    waiting = asyncio.create_task(app.tables.guarded(asyncio.Event().wait))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert app.faults == []
