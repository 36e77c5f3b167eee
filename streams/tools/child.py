"""Child processes that do not outlive this one, however it ends."""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# The shell becomes the program (same pid); before that it leaves a guard in its process group, which reads from a
# pipe whose write end is ours. However we die, SIGKILL included, the pipe ends and the guard kills the group. The pid
# cannot belong to another process by then: the guard itself keeps the group of that number alive.
_DIE_WITH_PARENT = 'exec 3<&0; (read _ <&3; kill -9 -$$) & exec "$@" 3<&- </dev/null'


def start_child(
    command: Sequence[str],
    log_file: Path,
    *,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that appends what it says to `log_file`; absent: our own directory and environment.

    It has a session of its own: Ctrl-C reaches us alone, and we stop it in order, with `stop_child` or `kill_child`.
    """
    with log_file.open("ab") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", _DIE_WITH_PARENT, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=directory,
            env=environment,
            start_new_session=True,
        )


def stop_child(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    """SIGTERM, and SIGKILL when it has not ended after `timeout_s`; blocks. It may have ended before."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout_s)
    kill_child(process)


def kill_child(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the program, then to its guard and whatever it has left in its group; it may have ended before."""
    process.kill()
    process.wait()
    assert process.stdin is not None
    process.stdin.close()  # ends the guard
