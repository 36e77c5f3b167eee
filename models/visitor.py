"""A visitor: the sessions of the last day, and how many clicks came of each minute."""

import msgspec

from models.session import Session
from models.slices import text_bytes

_WIDTH = 16
OF_MINUTE = (1 << _WIDTH) - 1
"""Masks the count of the latest minute."""

MAX_COUNT = OF_MINUTE - 1
"""Clicks of a minute that can be told."""

MAX_WEIGHT = 600_000
"""Bytes of the sessions of a visitor, about: what is stored at once has to fit a record. A few thousand sessions."""

SESSION_WEIGHT = 160


class Visitor(msgspec.Struct, gc=False):
    """`counts`: 16 bits a minute, those of `minute` (since 1970) the lowest. `joined`: orders of the sessions.

    `last_us`: the latest event or joined order; never goes back. `weight`: see MAX_WEIGHT.
    """

    last_us: int
    minute: int
    counts: int = 0
    sessions: list[Session] = msgspec.field(default_factory=list)
    joined: int = 0
    weight: int = 0

    def counted(self, minute: int) -> int:
        """Clicks counted of a minute."""
        ago = self.minute - minute
        return self.counts >> (_WIDTH * ago) & OF_MINUTE if ago >= 0 else 0

    def count(self, minute: int, keep: int) -> None:
        """One more click; minutes `keep` or more before the last one are forgotten."""
        ahead = minute - self.minute
        if not ahead:
            self.counts += 1
        elif ahead > 0:
            self.counts = (self.counts << (_WIDTH * ahead) | 1) & ((1 << (_WIDTH * keep)) - 1) if ahead < keep else 1
            self.minute = minute
        else:
            self.counts += 1 << (_WIDTH * -ahead)

    def named(self, name: str) -> Session | None:
        """The latest session of a name."""
        for session in reversed(self.sessions):
            if session.name == name:
                return session
        return None

    def made_around(self, at_us: int, gap_us: int) -> tuple[Session | None, Session | None]:
        """The made sessions an event without an id belongs to: one that began before it, and one that began after."""
        earlier: Session | None = None
        later: Session | None = None
        for session in self.sessions:
            if not session.made:
                continue
            if session.first_us <= at_us < session.last_us + gap_us:
                earlier = session if earlier is None or session.first_us > earlier.first_us else earlier
            elif at_us < session.first_us < at_us + gap_us:
                later = session if later is None or session.first_us < later.first_us else later
        return earlier, later

    def heard_of(self, name: str, order_us: int | None = None) -> Session | None:
        """The session that has, or took over, a name; with `order_us` the one that this order was joined to."""
        for session in reversed(self.sessions):
            its = session.name == name or name in session.absorbed
            if its and (order_us is None or order_us in (session.orders or ())):
                return session
        return None

    def open(self, session: Session, kept_from_us: int) -> None:
        """One more session; those that were kept up to a time before `kept_from_us` go."""
        if self.sessions:
            kept = [one for one in self.sessions if one.kept_from_us >= kept_from_us]
            if len(kept) < len(self.sessions):
                self.sessions = kept
                self.joined = sum(len(one.orders or ()) for one in kept)
                self.weigh()
        self.sessions.append(session)
        self.weight += _weight(session)

    def weigh(self) -> None:
        """Estimate anew what the sessions take."""
        self.weight = sum(map(_weight, self.sessions))

    def latest(self, at_us: int, within_us: int) -> Session | None:
        """The session with the latest event up to a moment, and not longer ago."""
        found: Session | None = None
        latest_us = at_us - within_us
        for session in self.sessions:
            its_us = session.latest_us(at_us) if session.first_us <= at_us else None
            if its_us is not None and (its_us, session.name) >= (latest_us, found.name if found else ""):
                found, latest_us = session, its_us
        return found


def _weight(session: Session) -> int:
    return SESSION_WEIGHT + session.slices.weight + text_bytes(session.name)
