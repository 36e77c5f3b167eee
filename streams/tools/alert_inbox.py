"""A receiver of alerts on this machine: takes the CloudEvents of `kpi notify` and keeps them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from alerting.lifecycle import Send
from alerting.notification import Alert

_PATH = "/alerts"


class _Envelope(msgspec.Struct):
    """Of a CloudEvent, what is used."""

    id: str
    data: Alert


_decode = msgspec.json.Decoder(_Envelope).decode


@dataclass(slots=True)
class AlertInbox:
    """Each transition once, in the order of its first delivery: what comes again is known by its id."""

    url: str = ""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _by_id: dict[str, Alert] = field(default_factory=dict)

    @property
    def alerts(self) -> list[Alert]:
        """All transitions."""
        return list(self._by_id.values())

    @property
    def fired(self) -> int:
        """Alerts that began; a change of level is none."""
        return sum(alert.reason == Send.FIRE for alert in self._by_id.values())

    @property
    def resolved(self) -> int:
        """Alerts that ended."""
        return sum(not alert.firing for alert in self._by_id.values())

    def take(self, body: bytes) -> None:
        """A delivery; raises msgspec.DecodeError for what is none."""
        event = _decode(body)
        self._by_id.setdefault(event.id, event.data)
        self.changed.set()

    async def answer(self, request: web.Request) -> web.Response:
        """200, or 400 for what is no alert."""
        try:
            self.take(await request.read())
        except msgspec.DecodeError as error:
            return web.Response(status=400, text=str(error))
        return web.Response()


@asynccontextmanager
async def open_inbox() -> AsyncIterator[AlertInbox]:
    """An inbox that listens on a free port of this machine."""
    inbox = AlertInbox()
    app = web.Application()
    app.router.add_post(_PATH, inbox.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        inbox.url = f"http://{host}:{port}{_PATH}"
        yield inbox
    finally:
        await runner.cleanup()
