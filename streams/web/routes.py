"""The page, the API and the probes over HTTP. Read only."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import msgspec
import structlog
from aiohttp import hdrs, web
from prometheus_client.exposition import choose_encoder

from models.settings import Settings
from streams.metrics_process import process_registry
from streams.web.access import COOKIE, Access
from streams.web.answers import Error, ErrorAnswer
from streams.web.desk import Desk
from streams.web.feed import HEARTBEAT, Listener
from streams.web.metrics import WebCollector
from streams.web.openapi import openapi
from streams.web.page import INDEX, Page
from streams.web.query import BadQuery, Query
from streams.web.questions import API, Question, channels, questions

_LOG = structlog.get_logger("web")

HEARTBEAT_S: Final = 15.0
PACE_S: Final = 0.2  # what comes in between is written at once
STALLED_S: Final = 30.0  # a page that takes nothing for so long is gone
OPEN_PATHS: Final = ("/livez", "/readyz", "/metrics")
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Server": "kpi",
}
_JSON: Final = "application/json"
_COMPRESSED_FROM: Final = 1_024  # bytes; below it is not worth it

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Routes:
    """`now_us`: wall clock; `not_ready`: why what is known is not complete, empty when it is."""

    settings: Settings
    desk: Desk
    access: Access
    page: Page
    now_us: Callable[[], int]
    not_ready: Callable[[], list[str]]
    questions: tuple[Question, ...] = field(init=False)
    document: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.questions = questions(self.settings)
        self.document = msgspec.json.encode(openapi(self.questions, self.desk.version))

    def application(self) -> web.Application:
        """All of it; streams are told to load anew when it shuts down."""
        app = web.Application(middlewares=[self._guarded])
        app.on_response_prepare.append(_with_headers)
        app.on_shutdown.append(self._shut)
        app.add_routes([web.get(f"{API}/{one.name}", partial(self._answer, one)) for one in self.questions])
        app.add_routes(
            [
                web.get(f"{API}/openapi.json", self._document),
                web.get(f"{API}/stream", self._stream),
                web.get("/", self._index),
                web.get("/static/{name:.+}", self._static),
                web.get("/livez", self._livez),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics),
            ]
        )
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return self._refusal(request) or await handler(request)
        except BadQuery as bad:
            return _error(400, bad.error)
        except web.HTTPException as wrong:
            known = "see / and /api/v1/openapi.json; everything is read only"
            answer = _error(wrong.status, Error(wrong.reason, request.path, known))
            answer.headers.update({name: value for name, value in wrong.headers.items() if name == hdrs.ALLOW})
            return answer

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.path in OPEN_PATHS:
            return None
        if (wrong := self.access.misplaced(request.headers.get(hdrs.HOST, ""))) is not None:
            return _error(421, wrong)
        if request.path == "/" and self.access.is_token(request.query.get("token", "")):
            return self._welcome(request)
        if (wrong := self.access.stranger(request.headers, request.cookies)) is not None:
            answer = _error(401, wrong)
            answer.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
            return answer
        return None

    def _welcome(self, request: web.Request) -> web.Response:
        """The token leaves the address, for it is in histories; its cookie stays, and what was to be shown."""
        shown = request.rel_url.without_query_params("token")
        answer = web.Response(status=303, headers={hdrs.LOCATION: str(shown)})
        secure = request.secure or (self.settings.public_url or "").startswith("https://")
        answer.set_cookie(COOKIE, self.access.cookie, httponly=True, samesite="Strict", secure=secure, path="/")
        return answer

    async def _answer(self, question: Question, request: web.Request) -> web.StreamResponse:
        if not question.always and not self.desk.caught_up:
            return _error(503, Error("not all is read yet", request.path, "ask again in a second"), retry=True)
        query = self._query(request)
        query.only([one.name for one in question.parameters])
        return _json(msgspec.json.encode(question.ask(self.desk, query, self.now_us())))

    async def _document(self, _: web.Request) -> web.StreamResponse:
        return _json(self.document)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        listening = channels(self.desk, self._query(request))
        if self.desk.feed.streams >= self.settings.web_streams:
            full = f"{self.desk.feed.streams} streams are open"
            return _error(503, Error(full, request.path, "close a page, or raise KPI_WEB_STREAMS"), retry=True)
        answer = web.StreamResponse(headers={hdrs.CACHE_CONTROL: "no-store", "X-Accel-Buffering": "no"})
        answer.content_type, answer.charset = "text/event-stream", "utf-8"
        if request.method == hdrs.METH_HEAD:
            return answer
        given = request.headers.get("Last-Event-ID") or request.query.get("since")
        since = None if given is None else given.encode(errors="replace").decode()  # a header may be any bytes
        listener = self.desk.feed.open(listening, since)
        try:
            await answer.prepare(request)
            with suppress(ConnectionError, TimeoutError):
                await _write(answer, self.desk.hello(since))
                await _tell(answer, listener)
        finally:
            self.desk.feed.close(listener)
        return answer

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return self.page.answer(INDEX)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return self.page.answer(request.match_info["name"])

    async def _livez(self, _: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        reasons = self.not_ready()
        return web.Response(text="\n".join(reasons or ["ready"]) + "\n", status=503 if reasons else 200)

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get(hdrs.ACCEPT, ""))
        registry = process_registry()
        registry.register(WebCollector(self.desk, self.now_us(), ready=not self.not_ready()))
        return web.Response(body=encode(registry), headers={hdrs.CONTENT_TYPE: content_type})

    async def _shut(self, _: web.Application) -> None:
        self.desk.feed.reset()

    def _query(self, request: web.Request) -> Query:
        return Query(self.desk.catalogue, self.desk.spans.kinds, request.query)


async def _tell(answer: web.StreamResponse, listener: Listener) -> None:
    """Until it is told to load anew; raises ConnectionError when nobody is there any more."""
    while not listener.over:
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await listener.wait()
        except TimeoutError:
            await _write(answer, HEARTBEAT)
            continue
        await _write(answer, listener.taken())
        if not listener.over:
            await asyncio.sleep(PACE_S)
    await _write(answer, listener.taken())


async def _write(answer: web.StreamResponse, data: bytes) -> None:
    """Raises TimeoutError when nothing is taken."""
    async with asyncio.timeout(STALLED_S):
        await answer.write(data)


def _json(body: bytes, status: int = 200) -> web.Response:
    answer = web.Response(body=body, status=status, content_type=_JSON)
    answer.headers[hdrs.CACHE_CONTROL] = "no-store"
    if len(body) >= _COMPRESSED_FROM:
        answer.enable_compression()
    return answer


def _error(status: int, error: Error, *, retry: bool = False) -> web.Response:
    answer = _json(msgspec.json.encode(ErrorAnswer(error)), status)
    if retry:
        answer.headers[hdrs.RETRY_AFTER] = "1"
    return answer


async def _with_headers(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update(HEADERS)
