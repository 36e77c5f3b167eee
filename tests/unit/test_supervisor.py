"""What a supervisor says and how long it waits; that it restarts is shown on real processes in tests/broker."""

from pathlib import Path

import pytest

from streams.tools.supervisor import Supervised, last_line, pause_s, supervised

pytestmark = pytest.mark.asyncio(loop_scope="function")


def script(folder: Path, text: str) -> Supervised:
    return Supervised("worker", ["/bin/sh", "-c", text], {"PATH": "/usr/bin:/bin"}, folder / "worker.log")


async def test_the_pause_doubles_up_to_half_a_minute() -> None:
    assert [pause_s(failures) for failures in (1, 2, 3, 10)] == [0.5, 1.0, 2.0, 30.0]


async def test_the_last_line_is_without_the_name_of_the_program(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("info\nkpi: KPI_BROKER: no port; write host:port\n\n")
    assert last_line(log) == "KPI_BROKER: no port; write host:port"
    log.write_text("")
    assert last_line(log) == "it said nothing"
