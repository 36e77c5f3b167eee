"""/metrics, /livez and /readyz of a process, on one port."""

import asyncio
import errno
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from models.errors import SettingsError

Reasons = Callable[[], list[str]]


class Exporter:
    """`registry` takes a snapshot and is called in the event loop; what it returns is rendered in a thread."""

    def __init__(self, registry: Callable[[], CollectorRegistry], not_ready: Reasons) -> None:
        self._registry = registry
        self._not_ready = not_ready
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one. Raises SettingsError if it is taken."""
        app = web.Application()
        app.add_routes(
            [web.get("/metrics", self._metrics), web.get("/livez", self._livez), web.get("/readyz", self._readyz)]
        )
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        try:
            await site.start()
        except OSError as error:
            why = "in use" if error.errno == errno.EADDRINUSE else f"not to be had ({error.strerror})"
            raise SettingsError(
                f"KPI_METRICS_PORT {host}:{port}", f"the port is {why}", "set another, or 0 for a free one"
            ) from error
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        body = await asyncio.to_thread(encode, self._registry())
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _livez(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        reasons = self._not_ready()
        return web.Response(text="\n".join(reasons or ["ready"]) + "\n", status=503 if reasons else 200)
