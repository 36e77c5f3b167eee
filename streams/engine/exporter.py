"""/metrics, /livez and /readyz of a process, on one port."""

import asyncio
import errno
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry

from models.errors import SettingsError
from streams.metrics_kpis import exposition

Reasons = Callable[[], list[str]]


class Exporter:
    """`registry` takes a snapshot and is called in the event loop; what it returns is rendered in a thread.

    `not_ready` and `not_alive` say why in plain words; a process whose event loop hangs answers nothing.
    """

    def __init__(
        self, registry: Callable[[], CollectorRegistry], not_ready: Reasons, not_alive: Reasons = list
    ) -> None:
        self._registry = registry
        self._not_ready = not_ready
        self._not_alive = not_alive
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen, to GET and HEAD; port 0 takes a free one. Raises SettingsError if it is taken."""
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
        accept = request.headers.get("Accept", "")
        body, content_type = await asyncio.to_thread(exposition, self._registry(), accept)
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _livez(self, _: web.Request) -> web.Response:
        return _answer(self._not_alive(), "alive")

    async def _readyz(self, _: web.Request) -> web.Response:
        return _answer(self._not_ready(), "ready")


def _answer(reasons: list[str], well: str) -> web.Response:
    return web.Response(text="\n".join(reasons or [well]) + "\n", status=503 if reasons else 200)
