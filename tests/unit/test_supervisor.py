"""A supervisor over real, short-lived processes."""

import asyncio
from pathlib import Path

import pytest

from models.errors import OutsideError
from streams.tools.supervisor import ChildError, Supervised, last_line, pause_s, supervised


def script(folder: Path, text: str) -> Supervised:
    return Supervised("worker", ["/bin/sh", "-c", text], {"FOLDER": str(folder)}, folder / "worker.log")


def test_the_pause_doubles_up_to_half_a_minute() -> None:
    assert [pause_s(failures) for failures in (1, 2, 3, 10)] == [0.5, 1.0, 2.0, 30.0]


def test_the_last_line_is_without_the_name_of_the_program(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("info\nkpi: KPI_BROKER: no port; write host:port\n\n")
    assert last_line(log) == "KPI_BROKER: no port; write host:port"
    log.write_text("")
    assert last_line(log) == "it said nothing"


@pytest.mark.asyncio
async def test_what_is_wrong_from_outside_at_the_first_start_is_final(tmp_path: Path) -> None:
    process = script(tmp_path, "echo 'kpi: PORT: in use; set another' >&2; exit 2")
    with pytest.raises(ChildError) as raised:
        async with supervised([process]):
            await asyncio.Event().wait()  # the body is cancelled
    assert (str(raised.value), process.starts) == ("PORT: in use; set another", 1)
    assert isinstance(raised.value, OutsideError)


@pytest.mark.asyncio
async def test_a_fault_is_followed_by_another_start(tmp_path: Path) -> None:
    process = script(tmp_path, '[ -e "$FOLDER/crashed" ] || { : > "$FOLDER/crashed"; exit 70; }')
    await process.run()
    assert process.starts == 2


@pytest.mark.asyncio
async def test_a_process_ends_in_order_with_the_body(tmp_path: Path) -> None:
    text = 'trap "echo stopped; exit 0" TERM; echo up; while :; do read _ < "$FOLDER/pipe"; done 2>/dev/null'
    (tmp_path / "worker.log").touch()
    process = script(tmp_path, f'mkfifo "$FOLDER/pipe"; {text}')
    async with asyncio.timeout(10), supervised([process]):
        while "up" not in process.log_file.read_text():
            await asyncio.sleep(0.01)
    assert process.log_file.read_text() == "up\nstopped\n"
