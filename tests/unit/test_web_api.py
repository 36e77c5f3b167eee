"""The JSON API over HTTP: every answer fits its own document."""

import gzip
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from models.kpi_value import Status
from models.settings import Settings
from streams.publication_alerts import alert_record
from web_desk import HOUR_S, LOW, T0_S, WEEK_S, Shop, task, value
from web_http import Client, serving

pytestmark = pytest.mark.asyncio
ROOT = Path(__file__).parents[2]
MIDNIGHT_S = T0_S - 12 * HOUR_S
EVERYTHING = [
    "kpis",
    "overview?window=1h",
    "overview?window=1d",
    "overview?window=1M",
    "values",
    "values?kpi=revenue&window=1d&dimension=all&segment=all&limit=1&latest=true",
    "series?kpi=conversion_rate&window=1h",
    "series?kpi=conversion_rate&window=1h&dimension=channel&segment=Email",
    "series?kpi=revenue&window=1d",
    "series?kpi=revenue_expected&window=1d",
    "segments?kpi=conversion_rate&window=1h&dimension=channel",
    "segments?kpi=revenue&window=1h&dimension=channel&against=week",
    "alerts",
    "ledger",
]


def busy(settings: Settings | None = None) -> Shop:
    """A shop with a value of everything."""
    shop = Shop(settings or Settings())
    shop.values(
        value("conversion_rate", T0_S - WEEK_S, 10, 100),
        value("conversion_rate", T0_S - HOUR_S, 30, 400),
        value("conversion_rate", T0_S, 4, 400, status=Status.PROVISIONAL),
        value("conversion_rate", T0_S - HOUR_S, 10, 100, segment="Email"),
        value("conversion_rate", T0_S, 0, 0, segment="Email"),
        value("revenue", T0_S, 12_345),
        value("revenue", MIDNIGHT_S, 50_000, window="1d"),
        value("revenue_target", MIDNIGHT_S, 100_000, window="1d"),
        value("revenue_expected", MIDNIGHT_S, 60_000, window="1d"),
    )
    shop.statuses(task(counted=90, late=9, invalid=1), task("orders", counted=1))
    shop.alert(alert_record(LOW))
    return shop


async def got(client: Client, question: str) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/{question}")
    assert answer.status == 200, await answer.text()
    found: dict[str, Any] = await answer.json()
    return found


@pytest.mark.parametrize("question", EVERYTHING)
async def test_every_answer_is_what_the_document_says(question: str) -> None:
    async with serving(busy()) as client:
        document = await got(client, "openapi.json")
        schema = document["paths"][f"/api/v1/{question.partition('?')[0]}"]["get"]["responses"]["200"]["content"]
        reference = schema["application/json"]["schema"] | {"components": document["components"]}
        jsonschema_rs.validator_for(reference).validate(await got(client, question))


async def test_an_answer_of_another_type_does_not_fit_the_document() -> None:
    async with serving(busy()) as client:
        document = await got(client, "openapi.json")
        reference = {"$ref": "#/components/schemas/OverviewAnswer", "components": document["components"]}
        answer = await got(client, "overview?window=1h")
        answer["tiles"][0]["last"]["status"] = "guessed"
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validator_for(reference).validate(answer)


async def test_a_tile_has_its_value_as_published_its_line_and_what_is_not_counted() -> None:
    shop = busy()
    async with serving(shop) as client:
        overview = await got(client, "overview?window=1h")
    rate, revenue = overview["tiles"]
    published = msgspec.json.decode(value("conversion_rate", T0_S, 4, 400, status=Status.PROVISIONAL)[1] or b"")
    assert (rate["kpi"], rate["last"], rate["week_ago"], rate["goal"]) == ("conversion_rate", published, 0.1, None)
    assert [row[:2] for row in rate["line"]] == [[T0_S - WEEK_S, 0.1], [T0_S - HOUR_S, 0.075], [T0_S, 0.01]]
    assert rate["line"][2][2:] == published["interval"], "reckoned again, the same"
    assert (rate["late"], rate["invalid"], rate["alerts"]) == (round(9 / 101, 6), round(1 / 101, 6), [LOW.fingerprint])
    assert (revenue["last"]["value"], revenue["line"], revenue["late"]) == ("123.45", [[T0_S, 123.45, None, None]], 0.0)
    assert overview["id"] == shop.desk.feed.position


async def test_a_goal_is_told_of_the_window_that_has_a_target() -> None:
    async with serving(busy()) as client:
        (tile,) = [tile for tile in (await got(client, "overview?window=1d"))["tiles"] if tile["kpi"] == "revenue"]
        assert tile["goal"] == {"target": 1000.0, "expected": 600.0, "attainment": None, "forecast": None}
        series = await got(client, "series?kpi=revenue&window=1d")
        assert series["goal"] == {"target": [[MIDNIGHT_S, 1000.0]], "expected": [[MIDNIGHT_S, 600.0]]}
        kpis = (await got(client, "kpis"))["kpis"]
    assert [(kpi["name"], kpi["target"], kpi["topics"]) for kpi in kpis] == [
        ("conversion_rate", None, ["clickstream", "orders"]),
        ("revenue", {"1d": "1000"}, ["orders"]),
    ]


async def test_what_was_no_proportion_by_an_earlier_definition_has_no_interval() -> None:
    shop = Shop()
    (key, raw) = value("conversion_rate", T0_S, 1, 2)
    assert raw is not None
    shop.values((key, raw.replace(b'"numerator":1', b'"numerator":5')))
    async with serving(shop) as client:
        (rate, _) = (await got(client, "overview?window=1h"))["tiles"]
    assert rate["line"] == [[T0_S, 2.5, None, None]]


async def test_a_week_ago_lies_under_the_window_of_now() -> None:
    async with serving(busy()) as client:
        series = await got(client, "series?kpi=conversion_rate&window=1h")
    assert series["week_ago"] == [[T0_S, 0.1]]


async def test_values_are_the_records_newest_first_and_the_limit_says_that_there_are_more() -> None:
    async with serving(busy()) as client:
        found = await got(client, "values?kpi=conversion_rate&limit=3")
        assert [(one["start"][11:13], one["segment"]) for one in found["values"]] == [
            ("12", "all"),
            ("12", "Email"),
            ("11", "all"),
        ]
        assert found["more"]
        latest = await got(client, "values?window=1h&latest")
        assert (len(latest["values"]), latest["more"]) == (3, False)


@pytest.mark.parametrize(
    ("question", "where"),
    [
        ("overview", "window"),
        ("overview?window=2h", "window"),
        ("overview?window=1h&windw=1d", "windw"),
        ("series?kpi=profit&window=1h", "kpi"),
        ("series?kpi=revenue&window=5m", "window"),
        ("series?kpi=revenue&window=1h&dimension=device", "dimension"),
        ("segments?kpi=revenue&window=1h", "dimension"),
        ("segments?kpi=revenue&window=1h&dimension=all", "dimension"),
        ("segments?kpi=revenue&window=1h&dimension=channel&against=year", "against"),
        ("values?limit=0", "limit"),
        ("values?limit=10001", "limit"),
        ("values?limit=%C2%B2", "limit"),
        ("values?latest=perhaps", "latest"),
        ("stream?window=1h&dimension=channel", "kpi"),
        ("stream?kpi=revenue", "window"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_what_would_do(question: str, where: str) -> None:
    async with serving(busy()) as client:
        answer = await client.get(f"/api/v1/{question}")
        error = (await answer.json())["error"]
    assert (answer.status, error["where"], bool(error["what"] and error["do"])) == (400, where, True)


async def test_before_all_is_read_no_number_is_told() -> None:
    async with serving(Shop(caught_up=False)) as client:
        for question in ("overview?window=1h", "values", "alerts", "ledger"):
            answer = await client.get(f"/api/v1/{question}")
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert (await client.get("/api/v1/kpis")).status == 200
        ready = await client.get("/readyz")
        assert (ready.status, await ready.text()) == (503, "reading what was published\n")
        assert (await client.get("/livez")).status == 200


async def test_the_api_is_read_only_and_says_what_is_not_there() -> None:
    async with serving(busy()) as client:
        refused = await client.post("/api/v1/values")
        assert (refused.status, refused.headers["Allow"]) == (405, "GET,HEAD")
        missing = await client.get("/api/v1/profits")
        assert (missing.status, (await missing.json())["error"]["where"]) == (404, "/api/v1/profits")
        for path in ("/static/../../settings.py", "/static/%2e%2e/server.py", "/static/"):
            assert (await client.get(path)).status == 404


async def test_head_is_a_get_without_its_body() -> None:
    async with serving(busy()) as client:
        for path in ("/api/v1/kpis", "/api/v1/stream?window=1h", "/metrics", "/livez"):
            answer = await client.head(path)
            assert (answer.status, await answer.read()) == (200, b"")


async def test_what_pays_is_compressed_and_nothing_is_stored() -> None:
    async with serving(busy()) as client:
        raw = await client.get("/api/v1/openapi.json", headers={"Accept-Encoding": "gzip"}, auto_decompress=False)
        assert raw.headers["Content-Encoding"] == "gzip"
        assert b'"openapi":"3.1.0"' in gzip.decompress(await raw.read())
        plain = await client.get("/api/v1/values?limit=1&kpi=revenue", headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in plain.headers
        assert plain.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/api/v1/kpis", "/api/v1/nothing", "/metrics", "/static/page.js", "/readyz"])
async def test_every_answer_has_the_headers_that_protect_a_page(path: str, tmp_path: Path) -> None:
    file = tmp_path / "index.html"
    file.write_text("<!doctype html>", encoding="utf-8")
    async with serving(busy(), {"index.html": file, "page.js": file}) as client:
        headers = (await client.get(path)).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'; style-src 'self' 'unsafe-inline'")
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert headers["Server"] == "kpi"


async def test_a_file_of_the_page_is_sent_once_while_it_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "page.js"
    file.write_text("let kpi = 1", encoding="utf-8")
    async with serving(busy(), {"page.js": file}) as client:
        first = await client.get("/static/page.js")
        again = await client.get("/static/page.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status, again.status, first.headers["Cache-Control"]) == (200, 304, "no-cache")


async def test_it_exports_what_it_holds() -> None:
    async with serving(busy()) as client:
        text = await (await client.get("/metrics")).text()
    assert "kpi_web_series 6.0" in text
    assert 'kpi_web_records_total{topic="kpi-values"} 9.0' in text
    assert "_created" not in text
    page = (ROOT / "docs" / "web.md").read_text(encoding="utf-8")
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP kpi_")}
    assert names
    assert [name for name in names if f"| `{name}" not in page] == [], "every metric is documented"
