"""The documented incident through Kafka: told once, explained, and the same in a back-test of what was recorded."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from broker.shop_floor import ShopFloor, shop_floor, within
from incident import FIRED, KPIS, RESOLVED, RULES
from streams.tools.kafka_installation import Installation


@contextmanager
def pages() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A receiver: its port and what it was sent."""
    told: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name there
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.soak  # half a minute; tests/scenarios has it in memory
def test_it_is_told_once_explained_and_found_again_in_what_was_recorded(
    installation: Installation, ecom: Path, tmp_path: Path
) -> None:
    with (
        pages() as (port, told),
        shop_floor(
            installation,
            tmp_path,
            KPI_KPIS_FILE=str(KPIS),
            KPI_RULES_FILE=str(RULES),
            KPI_WEBHOOK_URL=f"http://127.0.0.1:{port}/",
            KPI_WEBHOOK_ALLOW_PRIVATE="true",
        ) as floor,
    ):
        floor.start_worker()
        floor.kpi("replay", ecom, "--heartbeat", "2024-07-10T00:00:00Z")
        floor.caught_up()
        check_history(floor)
        check_backtest(floor)
        check_pages(floor, told)


def check_history(floor: ShopFloor) -> None:
    history = [json.loads(line) for line in floor.kpi("alerts", "--history", "--json").stdout.splitlines()]
    its = [(one["window_end"], one["numerator"], one["denominator"]) for one in history]
    assert (its, [one["state"] for one in history]) == ([FIRED, RESOLVED], ["firing", "resolved"])
    assert floor.kpi("alerts").stderr == "no alert\n"
    why = floor.kpi("alerts", "--why", "PaymentSuccessLow").stdout
    assert "payment_success_rate 55.6 % (25 of 45), the window before " in why
    assert "failing step: add_payment_info -> purchase" in why


def check_backtest(floor: ShopFloor) -> None:
    (line,) = floor.kpi("rules", "backtest", "--json").stdout.splitlines()
    (alert,) = json.loads(line)["alerts"]
    assert (alert["starts_at"], alert["ends_at"]) == (FIRED[0], RESOLVED[0])
    assert (alert["numerator"], alert["denominator"]) == FIRED[1:]


def check_pages(floor: ShopFloor, told: list[dict[str, Any]]) -> None:
    """As they were written long before it starts, it has to read the values first."""
    with floor.started("notify") as notify:
        for _ in within(60):
            if len(told) >= 2:
                break
            assert notify.poll() is None
    assert [one["type"] for one in told] == ["kpi.alert.firing", "kpi.alert.resolved"]
    page = told[0]["data"]
    its = page["explanation"]
    assert its["step"] == "add_payment_info -> purchase"
    assert page["annotations"]["explanation"].startswith("payment_success_rate 55.6 % (25 of 45), the window before ")
    for parts in its["contributions"].values():
        assert abs(sum(one["change"] for one in parts) - its["change"]) < 1e-12
    assert its["contributions"].keys() == {"channel", "device"}
