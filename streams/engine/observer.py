"""What the engine tells whoever measures it."""

from typing import Any, Protocol

from streams.engine.transaction import CommitStep


class Observer(Protocol):
    """Called in the event loop, so everything here is short."""

    def stepped(self, stage: str, output: Any, now_us: int) -> None:  # noqa: ANN401  the stage's own type
        """A step was made; `now_us` is the wall clock after it."""

    def committing(self, task: str, step: CommitStep) -> None:
        """A commit of a task is about to make a step."""

    def committed(self, stage: str, records: int, seconds: float) -> None:
        """A transaction with so many records was committed."""

    def stalled(self, seconds: float) -> None:
        """The event loop came back so late: nothing else ran meanwhile."""

    def restored(self, keys: int, seconds: float) -> None:
        """So many changelog records were read back."""
