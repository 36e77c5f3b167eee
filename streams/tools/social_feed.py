"""What people do with the synthetic shop's posts: mostly aggregates, as pollers of the platforms deliver them."""

import random
from dataclasses import dataclass
from itertools import accumulate

from streams.tools import instant
from streams.tools.delivery import Delivery
from streams.tools.record import Record

PLATFORMS = ("instagram", "tiktok", "facebook", "youtube")
_PLATFORM_WEIGHTS = tuple(accumulate((0.4, 0.3, 0.2, 0.1)))
_ACCOUNTS = ("shop", "shop_outlet")
_CAMPAIGNS = ("autumn_sale", "", "", "gifts", "")
_POSTS = 60  # a platform


@dataclass(frozen=True, slots=True)
class _Kind:
    weight: float
    name: str
    mean_count: float


# Interactions for 100 impressions: (0.38 * 8.5 - 0.03 + 0.08 * 3 + 0.07 * 3.5) / (0.38 * 320) = 3.0.
_KINDS = (
    _Kind(0.38, "impression", 320.0),
    _Kind(0.38, "like", 8.5),
    _Kind(0.08, "share", 3.0),
    _Kind(0.07, "comment", 3.5),
    _Kind(0.05, "follow", 2.0),
    _Kind(0.03, "unlike", 1.0),
    _Kind(0.01, "unfollow", 1.0),
)
_KIND_WEIGHTS = tuple(accumulate(kind.weight for kind in _KINDS))
_OF_ACCOUNT = frozenset({"follow", "unfollow"})


class SocialFeed:
    """Makes social events and delivers them; `run` keeps the ids of two runs apart."""

    def __init__(self, chance: random.Random, delivery: Delivery, run: str) -> None:
        self._chance = chance
        self._delivery = delivery
        self._run = run
        self._made = 0

    def event(self, at_us: int) -> None:
        """Something happens on a platform."""
        self._made += 1
        chance = self._chance
        kind = chance.choices(_KINDS, cum_weights=_KIND_WEIGHTS)[0]
        platform = chance.choices(PLATFORMS, cum_weights=_PLATFORM_WEIGHTS)[0]
        post = int(chance.random() * _POSTS)
        account = _ACCOUNTS[post % len(_ACCOUNTS)]
        key, subject = account, ""
        if kind.name not in _OF_ACCOUNT:
            key = f"{platform}-{post}"
            campaign = _CAMPAIGNS[post % len(_CAMPAIGNS)]
            subject = f',"post_id":"{key}"' + (f',"campaign":"{campaign}"' if campaign else "")
        value = (
            f'{{"event_id":"p{self._run}-{self._made}","event_type":"{kind.name}"'
            f',"timestamp":"{instant.render(at_us)}","platform":"{platform}","account":"{account}"{subject}'
            f',"count":{self._count(kind.mean_count)}}}'
        )
        self._delivery.at_once(Record("social", key.encode(), value.encode(), at_us), at_us)

    def _count(self, mean: float) -> int:
        return 1 if mean <= 1 else 1 + int(self._chance.expovariate(1 / (mean - 0.5)))
