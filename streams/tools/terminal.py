"""Where a command writes: its result to stdout, what it tells a person beside it to stderr."""

import sys
from collections.abc import Iterable
from itertools import islice

from rich.console import Console

_LINES = 1_000  # a write
_PLAIN_WIDTH = 160  # of a table that goes to a file


def console() -> Console:
    """For tables on stdout."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


def note(text: str) -> None:
    """A line to stderr."""
    sys.stderr.write(f"{text}\n")


def write_lines(lines: Iterable[bytes]) -> None:
    """Machine output, as it is, and flushed."""
    sys.stdout.flush()
    rest = iter(lines)
    while chunk := list(islice(rest, _LINES)):
        sys.stdout.buffer.write(b"\n".join(chunk) + b"\n")
    sys.stdout.buffer.flush()
