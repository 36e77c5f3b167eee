"""What the engine tells whoever measures it."""

from typing import Any, Protocol


class Observer(Protocol):
    """Called in the event loop, so everything here is short."""

    def stepped(self, stage: str, output: Any, now_us: int) -> None:  # noqa: ANN401  the stage's own type
        """A step was made; `now_us` is the wall clock after it."""

    def committed(self, stage: str, records: int, seconds: float) -> None:
        """A transaction with so many records was committed."""

    def restored(self, keys: int, seconds: float) -> None:
        """So many changelog records were read back."""
