"""What a social event adds: interactions, followers and impressions, an undo taking one back."""

from models import measure, social
from models.dimension import segments_of
from models.kpi import Catalogue
from models.slices import Slicing
from models.social import SocialEvent, decode_social
from models.window import MINUTE_US
from streams.measuring.additions import Additions

BOOKED = {
    "like": (measure.LIKES, 1),
    "unlike": (measure.LIKES, -1),
    "share": (measure.SHARES, 1),
    "comment": (measure.COMMENTS, 1),
    "follow": (measure.NEW_FOLLOWERS, 1),
    "unfollow": (measure.NEW_FOLLOWERS, -1),
    "impression": (measure.IMPRESSIONS, 1),
}


class SocialBooking:
    """How social events are booked; see measuring.stage.Booking. Keeps nothing."""

    topic = social.TOPIC
    decode = staticmethod(decode_social)
    check = None

    def __init__(self, catalogue: Catalogue, horizon_us: int) -> None:
        self.horizon_us = horizon_us
        self._slicing = Slicing(social.DIMENSIONS, catalogue.dimensions_of_feed(social.TOPIC))
        self._defined = catalogue.defined_for(social.TOPIC)

    def table(self) -> None:
        """No state beyond the ids."""

    def book(self, _: None, event: SocialEvent, at_us: int, additions: Additions, _late_us: int) -> None:
        """Add a counted event; never refused."""
        name, sign = BOOKED[event.event_type]
        additions.add(
            self._slicing.of(segments_of(event, self._defined)), name, at_us // MINUTE_US, sign * (event.count or 1)
        )

    def expire(self, _: None, watermark_us: int) -> None:
        """Nothing is kept."""
