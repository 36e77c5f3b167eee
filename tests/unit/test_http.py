"""One POST to a local server."""

import socket
from urllib.parse import urlsplit

import aiohttp
import pytest

from alerting.delivery import Answered, Attempt, Failed, Failure, Request
from receiver import Answer, Fault, Server, serving
from streams.delivering.http import open_wire

SHORT = aiohttp.ClientTimeout(total=0.1)


async def attempt(url: str, *, allow_private: bool = True) -> Attempt:
    async with open_wire(allow_private=allow_private, limits=SHORT) as wire:
        return await wire.post(Request(url, b"body", {"Content-Type": "text/plain"}), "ab12-3")


@pytest.mark.asyncio
async def test_a_request_is_sent_under_its_key() -> None:
    async with serving() as server:
        assert await attempt(server.url) == Answered(200)
    (request,) = server.seen()
    assert request.body == b"body"
    assert (request.headers["Content-Type"], request.headers["Idempotency-Key"]) == ("text/plain", "ab12-3")


@pytest.mark.asyncio
async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with serving() as other, serving([Answer(307, {"Location": other.url})]) as server:
        assert await attempt(server.url) == Answered(307)
        assert other.seen() == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "failure"), [(Fault.HANG, Failure.TIMEOUT), (Fault.RESET, Failure.CONNECTION)], ids=["hangs", "resets"]
)
async def test_no_answer_is_a_failure_with_its_kind(fault: Fault, failure: Failure) -> None:
    async with serving([fault]) as server:
        assert await attempt(server.url) == Failed(failure)


@pytest.mark.asyncio
async def test_nobody_listening_is_a_failed_connection() -> None:
    async with serving() as server:
        pass
    assert await attempt(server.url) == Failed(Failure.CONNECTION)


@pytest.mark.asyncio
async def test_retry_after_comes_with_the_answer() -> None:
    async with serving([Answer(429, {"Retry-After": "7"})]) as server:
        assert await attempt(server.url) == Answered(429, "7")


def on_host(server: Server, host: str) -> str:
    return f"http://{host}:{urlsplit(server.url).port}/hook"


@pytest.mark.asyncio
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "0.0.0.0", "[::ffff:127.0.0.1]"])  # noqa: S104
async def test_a_name_that_leads_to_a_private_address_is_not_asked(host: str) -> None:
    async with serving() as server:
        assert await attempt(on_host(server, host), allow_private=False) == Failed(Failure.PRIVATE)
        assert server.seen() == []


@pytest.mark.asyncio
@pytest.mark.parametrize("host", ["2130706433", "127.1", "017700000001"])
async def test_nor_is_one_in_a_spelling_of_old(host: str) -> None:
    async with serving() as server:
        assert isinstance(await attempt(on_host(server, host), allow_private=False), Failed)
        assert server.seen() == []


@pytest.mark.asyncio
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_it_is_asked_where_it_is_meant(host: str) -> None:
    async with serving() as server:
        assert await attempt(on_host(server, host)) == Answered(200)


@pytest.mark.asyncio
async def test_a_metadata_address_is_not_asked_even_so() -> None:
    assert await attempt("http://169.254.169.254/latest") == Failed(Failure.PRIVATE)


class Rebinding(aiohttp.abc.AbstractResolver):
    """A DNS that says a public address first, and ours the second time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[aiohttp.abc.ResolveResult]:
        self.asked += 1
        address = "198.51.100.1" if self.asked == 1 else "127.0.0.1"
        return [{"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.asyncio
async def test_a_name_that_leads_elsewhere_the_second_time_is_not_asked_either() -> None:
    resolver = Rebinding()
    await resolver.resolve("rebound.example")  # who only looked a name up first would be content
    async with serving() as server, open_wire(allow_private=False, limits=SHORT) as wire:
        assert isinstance(wire.session.connector, aiohttp.TCPConnector)
        wire.session.connector._resolver = resolver
        request = Request(on_host(server, "rebound.example"), b"", {})
        assert await wire.post(request) == Failed(Failure.PRIVATE)
        assert (resolver.asked, server.seen()) == (2, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("url", [f"http://{'a' * 64}.example/", "http://a..b/"], ids=["long label", "empty label"])
async def test_a_name_that_can_be_none_is_a_failed_connection(url: str) -> None:
    assert await attempt(url) == Failed(Failure.CONNECTION)


@pytest.mark.asyncio
async def test_a_key_that_is_no_header_is_a_failed_connection() -> None:
    async with serving() as server, open_wire(allow_private=True, limits=SHORT) as wire:
        assert await wire.post(Request(server.url, b"", {}), "ab\ncd-1") == Failed(Failure.CONNECTION)
