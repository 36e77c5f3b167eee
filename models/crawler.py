"""Crawlers by their user agent: the maintained list of the package crawler-user-agents, github.com/monperrus."""

from functools import lru_cache

from crawleruseragents import is_crawler as _listed

_LOOKED_AT = 500
"""Characters of a user agent. A crawler says so early, and 50,000 characters would take 80 ms."""


def is_crawler(user_agent: str) -> bool:
    """Whether a user agent says that it is one. Many visitors share theirs, so each is looked up once (150 us)."""
    return _known(user_agent if len(user_agent) <= _LOOKED_AT else user_agent[:_LOOKED_AT])


@lru_cache(maxsize=20_000)
def _known(user_agent: str) -> bool:
    return bool(_listed(user_agent))
