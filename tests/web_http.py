"""`kpi web` over HTTP without a Kafka: a test client on its routes, and a reader of its streams."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp.test_utils import TestClient, TestServer

from streams.web.access import Access
from streams.web.page import Page
from streams.web.routes import Routes
from web_desk import NOW_US, Shop

Client = TestClient[aiohttp.web.Request, aiohttp.web.Application]


@dataclass(frozen=True)
class Told:
    """An event of a stream."""

    id: str
    kind: str
    data: str


@asynccontextmanager
async def serving(shop: Shop, files: dict[str, Path] | None = None) -> AsyncIterator[Client]:
    """It follows no redirect."""
    routes = Routes(
        shop.settings,
        shop.desk,
        Access.of(shop.settings),
        Page(files or {}),
        lambda: NOW_US,
        lambda: [] if shop.desk.caught_up else ["reading what was published"],
    )
    async with TestClient(TestServer(routes.application())) as client:
        yield client


async def told(answer: aiohttp.ClientResponse, count: int) -> list[Told]:
    """The next events, without comments; fewer if it ends before."""
    found: list[Told] = []
    fields: dict[str, str] = {}
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line and not line.startswith(":"):
            name, _, text = line.partition(": ")
            fields[name] = text
        elif fields:
            found.append(Told(fields.get("id", ""), fields["event"], fields["data"]))
            fields = {}
            if len(found) == count:
                break
    return found
