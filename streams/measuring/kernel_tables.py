"""The tables of a visitors' task whose rows are with the kernel in Rust (streams/kernel)."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from models.errors import EngineFault
from models.table import RESTORE, Change, Codec
from models.visitor import Visitor
from streams.measuring.dedup import SeenIds
from streams.measuring.visitor_table import Visitors

if TYPE_CHECKING:
    import kpi_kernel


class KernelIds(SeenIds):
    """See SeenIds; `ids`: the kernel's, which it keeps them in."""

    __slots__ = ("ids",)

    def __init__(self, name: str, ids: "kpi_kernel.Ids") -> None:
        super().__init__(name)
        self.ids = ids

    def __len__(self) -> int:
        return len(self.ids)

    def claim(self, at_us: int, number: int) -> bool:
        """See SeenIds."""
        return self.ids.claim(at_us, number)

    def disclaim(self, at_us: int, number: int) -> None:
        """See SeenIds."""
        self.ids.disclaim(at_us, number)

    def sweep(self, hot_from_us: int, from_us: int) -> None:
        """See SeenIds."""
        self.ids.sweep(hot_from_us, from_us)

    def drain(self) -> Iterator[Change]:
        """See ChangeLogged."""
        yield from self.ids.drain()

    def restore(self, key: bytes, value: bytes | None) -> None:
        """See ChangeLogged."""
        try:
            self.ids.restore(key, value)
        except ValueError as error:
            SeenIds(self.name).restore(key, value)  # says what is wrong
            raise EngineFault(f"table {self.name}: {error}; {RESTORE}") from error

    def memory_bytes(self) -> int:
        """See ChangeLogged."""
        return self.ids.memory_bytes()


class KernelVisitors(Visitors):
    """See Visitors; `rows` are those that the kernel has lent since the last commit."""

    __slots__ = ("_lent", "kernel")

    def __init__(self, codec: Codec[str, Visitor], keep_us: int, kernel: "kpi_kernel.Visitors") -> None:
        super().__init__(codec, keep_us)
        self.kernel = kernel
        self._lent: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self.kernel)

    def wake(self, key: str) -> Visitor | None:
        """See RestingTable: borrow it."""
        lent = self.kernel.lend(key)
        if lent is None:
            return None
        stored, changed = lent
        row = self.rows[key] = self._codec.row(self.name, stored)
        self._lent[key] = stored
        if changed:
            self.changed.add(key)
        return row

    def put(self, key: str, row: Visitor) -> None:
        """See Table."""
        if key not in self.rows:
            self.kernel.lend_new(key, row.last_us)
        self.rows[key] = row
        self.changed.add(key)

    def rest(self, watermark_us: int, looks: int) -> None:
        """Nothing: what the kernel keeps takes little more memory than what is stored."""

    def expire(self, watermark_us: int, looks: int) -> bool:
        """See Table; the next step looks at more."""
        for key in self.kernel.expire(watermark_us, looks):
            if self.kernel.judge(key, self.rows[key].last_us, watermark_us):
                del self.rows[key]
                self.changed.discard(key)
        return False

    def drain(self) -> Iterator[Change]:
        """See ChangeLogged. What was lent goes back."""
        changed, self.changed = self.changed, set()
        lent, self._lent = self._lent, {}
        rows, self.rows = self.rows, {}
        for key, row in rows.items():
            if key in changed:
                stored = self._codec.stored(row)
                yield self._codec.key_to_bytes(key), stored
            else:
                stored = lent[key]
            taken = self.kernel.give_back(key, stored)
            assert taken, f"table {self.name}: {key!r} was not lent"
        yield from self.kernel.drain()

    def restore(self, key: bytes, value: bytes | None) -> None:
        """See ChangeLogged."""
        self.restore_all([(key, value)])

    def restore_all(self, changes: Sequence[Change]) -> None:
        """See models.restoring. What the kernel does not read is of an older format, or damaged."""
        done = 0
        while (done := self.kernel.restore(changes, done)) < len(changes):
            name, stored = self._read(*changes[done])
            if not self.kernel.restore([(self._codec.key_to_bytes(name), stored)], 0):
                raise EngineFault(f"table {self.name}: {name!r} has a value that the kernel cannot read; {RESTORE}")
            done += 1

    def memory_bytes(self) -> int:
        """See ChangeLogged."""
        return self.kernel.memory_bytes()
