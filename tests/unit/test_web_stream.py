"""The stream over HTTP: what changes, resumed without a gap; and who gets in."""

import asyncio
from pathlib import Path

import aiohttp
import msgspec
import pytest

from models.settings import Settings
from streams.publication_alerts import alert_record
from streams.web.access import COOKIE
from streams.web.feed import RESET
from web_desk import BOOT, HOUR_S, LOW, NOW_US, T0_S, Shop, value
from web_http import Client, Told, serving, told

pytestmark = pytest.mark.asyncio
STREAM = "/api/v1/stream?window=1h"
BY_CHANNEL = f"{STREAM}&kpi=conversion_rate&dimension=channel"
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105  of a test
GONE_S = 5


def kinds(events: list[Told]) -> list[str]:
    return [event.kind for event in events]


async def until(count: int, shop: Shop) -> None:
    """So many streams are open."""
    async with asyncio.timeout(GONE_S):
        while shop.desk.feed.streams != count:
            shop.desk.tick(NOW_US)
            await asyncio.sleep(0.01)


async def test_a_page_is_told_what_it_shows_as_it_was_published() -> None:
    shop = Shop()
    total, email = value("conversion_rate", T0_S, 1, 10), value("conversion_rate", T0_S, 1, 5, segment="Email")
    async with serving(shop) as client, client.get(BY_CHANNEL) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        (hello,) = await told(answer, 1)
        assert (hello.kind, hello.id, msgspec.json.decode(hello.data)["id"]) == ("hello", f"{BOOT}-0", f"{BOOT}-0")
        shop.values(total, email, value("revenue", T0_S, 5, segment="Email"), value("conversion_rate", window="5m"))
        first, second = await told(answer, 2)
    assert [first.data.encode(), second.data.encode()] == [total[1], email[1]]
    assert (first.id, second.id) == (f"{BOOT}-1", f"{BOOT}-2")


async def test_totals_alone_unless_segments_are_asked_for() -> None:
    shop = Shop()
    async with serving(shop) as client, client.get(STREAM) as answer:
        await told(answer, 1)
        shop.values(value("conversion_rate", segment="Email"), value("revenue_target"), value("revenue"))
        assert [msgspec.json.decode(one.data)["kpi"] for one in await told(answer, 2)] == ["revenue_target", "revenue"]


async def test_a_second_tells_tiles_that_changed_alerts_and_the_ledger() -> None:
    shop = Shop()
    async with serving(shop) as client, client.get(STREAM) as answer:
        await told(answer, 1)
        shop.desk.tick(NOW_US)
        assert kinds(await told(answer, 3)) == ["tile", "tile", "ledger"]
        shop.desk.tick(NOW_US + 1)
        assert kinds(await told(answer, 1)) == ["ledger"], "no tile has changed"
        shop.alert(alert_record(LOW))
        shop.desk.tick(NOW_US + 2)
        alert, tile, ledger = await told(answer, 3)
    assert kinds([alert, tile, ledger]) == ["alert", "tile", "ledger"]
    assert msgspec.json.decode(tile.data)["alerts"] == [LOW.fingerprint]
    assert "line" not in msgspec.json.decode(tile.data)


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_break_is_resumed_without_a_gap(*, by_header: bool) -> None:
    shop = Shop()
    async with serving(shop) as client:
        async with client.get(STREAM) as answer:
            await told(answer, 1)
            shop.values(value("revenue", T0_S))
            (seen,) = await told(answer, 1)
        missed = [value("revenue", T0_S + HOUR_S * hour) for hour in (1, 2)]
        shop.values(*missed)
        path, headers = (STREAM, {"Last-Event-ID": seen.id}) if by_header else (f"{STREAM}&since={seen.id}", {})
        async with client.get(path, headers=headers) as answer:
            hello, *events = await told(answer, 3)
    assert (hello.id, [event.data.encode() for event in events]) == ("", [raw for _, raw in missed])


async def test_after_a_restart_or_too_long_the_page_is_to_load_anew() -> None:
    shop = Shop()
    async with serving(shop) as client, client.get(STREAM, headers={"Last-Event-ID": "other-7"}) as answer:
        events = await told(answer, 9)
    assert kinds(events) == ["hello", "reset"], "and it is closed"


async def test_an_id_that_is_no_text_is_of_no_process() -> None:
    request = b"GET %s HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: b0-\xff\r\n\r\n" % STREAM.encode()
    async with serving(Shop()) as client:
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(request)
        answer = await reader.readuntil(RESET)
        writer.close()
    assert b"200 OK" in answer
    assert b'"id":"b0-?"' in answer


async def test_a_page_that_was_there_before_all_was_read_loads_anew_then() -> None:
    shop = Shop(caught_up=False)
    async with serving(shop) as client, client.get(STREAM) as answer:
        shop.values(value("revenue"))
        await told(answer, 1)
        shop.desk.catch_up()
        assert kinds(await told(answer, 9)) == ["reset"]


async def test_a_page_that_goes_is_forgotten_and_no_more_than_allowed_are_open() -> None:
    shop = Shop(Settings(web_streams=2))
    async with serving(shop) as client:
        async with client.get(STREAM), client.get(STREAM):
            full = await client.get(STREAM)
            assert (full.status, full.headers["Retry-After"]) == (503, "1")
            assert "KPI_WEB_STREAMS" in await full.text()
        await until(0, shop)
        async with client.get(STREAM) as answer:
            assert answer.status == 200


async def test_a_server_that_ends_tells_its_pages() -> None:
    shop = Shop()
    async with aiohttp.ClientSession() as session, serving(shop) as client:
        answer = await session.get(client.make_url(STREAM))
        await told(answer, 1)
        await client.server.close()
        assert kinds(await told(answer, 9)) == ["reset"]


def guarded(folder: Path, **settings: str) -> Shop:
    file = folder / "token"
    file.write_text(TOKEN, encoding="utf-8")
    return Shop(Settings(web_token_file=str(file), **settings))  # type: ignore[arg-type]  # texts alone


async def opened(client: Client, path: str) -> aiohttp.ClientResponse:
    return await client.get(path, allow_redirects=False)


async def test_a_token_is_asked_for_and_leaves_the_address_for_a_cookie(tmp_path: Path) -> None:
    page = tmp_path / "index.html"
    page.write_text("<!doctype html>", encoding="utf-8")
    async with serving(guarded(tmp_path), {"index.html": page}) as client:
        for path in ("/", "/api/v1/kpis", STREAM, f"/?token={TOKEN}x", f"/api/v1/kpis?token={TOKEN}"):
            refused = await opened(client, path)
            assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
        let_in = await opened(client, f"/?token={TOKEN}")
        assert (let_in.status, let_in.headers["Location"]) == (303, "/")
        to_a_kpi = await opened(client, f"/?kpi=revenue&token={TOKEN}&window=1d")
        assert to_a_kpi.headers["Location"] == "/?kpi=revenue&window=1d", "a link to a KPI still shows it"
        cookie = let_in.cookies[COOKIE]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Strict", "/", "")
        client.session.cookie_jar.update_cookies({COOKIE: cookie.value}, client.make_url("/"))
        assert (await opened(client, "/")).status == 200
        assert (await opened(client, "/readyz")).status == 200


async def test_behind_https_the_cookie_is_never_sent_without_it(tmp_path: Path) -> None:
    async with serving(guarded(tmp_path, public_url="https://kpi.shop.example/")) as client:
        assert (await opened(client, f"/?token={TOKEN}")).cookies[COOKIE]["secure"] is True


async def test_a_rebound_name_gets_nothing() -> None:
    async with serving(Shop()) as client:
        refused = await client.get("/api/v1/kpis", headers={"Host": "evil.example"})
        assert (refused.status, (await refused.json())["error"]["where"]) == (421, "Host")
        assert (await client.get("/metrics", headers={"Host": "web:6066"})).status == 200, (
            "a scraper knows it by any name"
        )
