"""The channel of a visit, where its event names none: GA4's default channel group over utm_* and the referrer.

Source: Google Analytics help, "Default channel group" (support.google.com/analytics/answer/9756891), the table for
manual traffic, in its order: the first rule that applies wins. Case does not matter.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from models.traffic_source import Site, site_of

UNASSIGNED = "Unassigned"


class Traffic(NamedTuple):
    """Where a visit came from, in lower case; what is not known is `(not set)`."""

    source: str
    medium: str
    campaign: str


_PAID = re.compile(r"^(.*cp.*|ppc|retargeting|paid.*)$")
_SHOPPING = re.compile(r"^(.*(([^a-df-z]|^)shop|shopping).*)$")
_URL = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//([^/?#\\]*)", re.IGNORECASE)
_PATH = re.compile(r"[?#]")
_EMAIL = frozenset({"email", "e-mail", "e_mail", "e mail"})
_DISPLAY = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
_SOCIAL = frozenset({"social", "social-network", "social-media", "sm", "social network", "social media"})


def _paid(traffic: Traffic) -> bool:
    return _PAID.match(traffic.medium) is not None


def _from(traffic: Traffic, site: Site) -> bool:
    return site_of(traffic.source) is site


def _shops(traffic: Traffic) -> bool:
    return _from(traffic, Site.SHOPPING) or _SHOPPING.match(traffic.campaign) is not None


def _pushed(traffic: Traffic) -> bool:
    medium = traffic.medium
    return medium.endswith("push") or "mobile" in medium or "notification" in medium or traffic.source == "firebase"


RULES: tuple[tuple[str, Callable[[Traffic], bool]], ...] = (
    ("Direct", lambda t: t.source == "(direct)" and t.medium in {"(not set)", "(none)"}),
    ("Cross-network", lambda t: "cross-network" in t.campaign),
    ("Paid Shopping", lambda t: _shops(t) and _paid(t)),
    ("Paid Search", lambda t: _from(t, Site.SEARCH) and _paid(t)),
    ("Paid Social", lambda t: _from(t, Site.SOCIAL) and _paid(t)),
    ("Paid Video", lambda t: _from(t, Site.VIDEO) and _paid(t)),
    ("Display", lambda t: t.medium in _DISPLAY),
    ("Paid Other", _paid),
    ("Organic Shopping", _shops),
    ("Organic Social", lambda t: _from(t, Site.SOCIAL) or t.medium in _SOCIAL),
    ("Organic Video", lambda t: _from(t, Site.VIDEO) or "video" in t.medium),
    ("Organic Search", lambda t: _from(t, Site.SEARCH) or t.medium == "organic"),
    ("Referral", lambda t: t.medium in {"referral", "app", "link"}),
    ("Email", lambda t: t.source in _EMAIL or t.medium in _EMAIL),
    ("Affiliates", lambda t: t.medium in {"affiliate", "affiliates"}),
    ("Audio", lambda t: t.medium == "audio"),
    ("SMS", lambda t: "sms" in {t.source, t.medium}),
    ("Mobile Push Notifications", _pushed),
)
"""Channel, and when a visit is of it."""

CHANNELS = (*(channel for channel, _ in RULES), UNASSIGNED)
"""Every name this grouping gives."""


@lru_cache(maxsize=20_000)
def channel_of(source: str | None, medium: str | None, campaign: str | None, referrer: str, host: str) -> str:
    """The channel of a visit; `referrer` and `host` (the page's own) are host names, empty where there is none."""
    traffic = traffic_of(source, medium, campaign, referrer, host)
    return next((channel for channel, applies in RULES if applies(traffic)), UNASSIGNED)


def traffic_of(source: str | None, medium: str | None, campaign: str | None, referrer: str, host: str) -> Traffic:
    """utm_source and utm_medium win; without both the referrer says, unless it is the shop itself."""
    name = (campaign or "(not set)").lower()
    if source or medium:
        return Traffic((source or "(not set)").lower(), (medium or "(not set)").lower(), name)
    if not referrer or referrer == host:
        return Traffic("(direct)", "(none)", name)
    return Traffic(referrer, "organic" if site_of(referrer) is Site.SEARCH else "referral", name)


def host_of(url: str | None) -> str:
    """Host name of a URL, in lower case, without port and `www.`; empty where it has none (a path alone)."""
    authority = _URL.match(url or "")
    host = authority[1].rpartition("@")[2].lower() if authority else ""
    return host.partition(":")[0].removeprefix("www.").rstrip(".")


def path_of(url: str | None) -> str | None:
    """Path of a URL without query and fragment: the landing page of a visit. None where there is no URL."""
    if url is None:
        return None
    authority = _URL.match(url)
    return _PATH.split(url[authority.end() :] if authority else url, maxsplit=1)[0] or "/"
