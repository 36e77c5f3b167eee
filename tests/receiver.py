"""A local HTTP server that stands for a receiver and answers from a script."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum

from aiohttp import web


class Fault(Enum):
    """An answer that is none."""

    HANG = "hang"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    body: bytes
    headers: dict[str, str]


@dataclass(slots=True)
class Server:
    """Gives the answers of `script` one after the other, then 200 for ever; keeps what it was sent."""

    script: list[Answer | Fault]
    url: str = ""
    requests: asyncio.Queue[Request] = field(default_factory=asyncio.Queue)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.put_nowait(Request(await request.read(), dict(request.headers)))
        answer = self.script.pop(0) if self.script else Answer()
        match answer:
            case Answer(status, headers):
                return web.Response(status=status, headers=headers)
            case Fault.HANG:
                await self.released.wait()
            case Fault.RESET:
                assert request.transport is not None
                request.transport.abort()
        return web.Response()

    def seen(self) -> list[Request]:
        """All requests since the last time."""
        return [self.requests.get_nowait() for _ in range(self.requests.qsize())]


@asynccontextmanager
async def serving(script: Sequence[Answer | Fault] = ()) -> AsyncIterator[Server]:
    """A server on a free port of this machine."""
    server = Server(list(script))
    app = web.Application()
    app.router.add_post("/hook", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}/hook"
        yield server
    finally:
        server.released.set()
        await runner.cleanup()
