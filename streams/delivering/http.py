"""One POST. The address is checked when it is connected to, so that no later answer of the DNS gets past it."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from alerting.delivery import Answered, Attempt, Failed, Failure, Request
from streams.delivering.addresses import is_allowed

IDEMPOTENCY_KEY = "Idempotency-Key"
TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)


class PrivateAddressError(OSError):
    """The name leads to an address that is not allowed."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Connections to one receiver, from `open_wire`."""

    session: aiohttp.ClientSession
    timeout: aiohttp.ClientTimeout = TIMEOUT

    async def post(self, request: Request, key: str | None = None) -> Attempt:
        """One attempt, under an idempotency key; a redirect is an answer and is not followed. Never raises."""
        headers = dict(request.headers) if key is None else {**request.headers, IDEMPOTENCY_KEY: key}
        try:
            async with self.session.post(
                request.url, data=request.body, headers=headers, timeout=self.timeout, allow_redirects=False
            ) as answer:
                return Answered(answer.status, answer.headers.get("Retry-After"))
        except TimeoutError:
            return Failed(Failure.TIMEOUT)
        except aiohttp.ClientConnectorError as error:
            private = isinstance(error.os_error, PrivateAddressError)
            return Failed(Failure.PRIVATE if private else Failure.CONNECTION)
        except (aiohttp.ClientError, OSError, ValueError):  # of names that are none, and line ends in headers
            return Failed(Failure.CONNECTION)


@asynccontextmanager
async def open_wire(*, allow_private: bool, limits: aiohttp.ClientTimeout = TIMEOUT) -> AsyncIterator[Wire]:
    """Connections that lead to public addresses only, or to private ones too."""

    def opened(address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, (host, *_) = address
        if not is_allowed(host, allow_private=allow_private):
            raise PrivateAddressError(f"{host} is no public address")
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(socket_factory=opened)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Wire(session, limits)
