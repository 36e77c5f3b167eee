"""Who comes to the synthetic shop, from where, with what, and when: the weights behind a visit."""

from dataclasses import dataclass

# Share of an average hour, 0 to 23 o'clock UTC: a quiet night, a lunch bump, a busy evening. Mild, so that a demo
# at four in the morning still has customers.
HOUR_WEIGHTS = (
    0.62, 0.56, 0.52, 0.50, 0.52, 0.60, 0.74, 0.90, 1.04, 1.12, 1.16, 1.20,
    1.26, 1.20, 1.14, 1.10, 1.10, 1.14, 1.22, 1.36, 1.46, 1.40, 1.18, 0.96,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a visit comes from: GA4's channel, the JSON fields that say so, and how well its visitors buy (mean 1)."""

    weight: float
    channel: str
    campaign: str | None
    fields: str
    referrer: str
    eagerness: float


def _tagged(weight: float, channel: str, source: str, medium: str, campaign: str, eagerness: float) -> Origin:
    fields = f',"utm_source":"{source}","utm_medium":"{medium}","utm_campaign":"{campaign}"'
    return Origin(weight, channel, campaign, fields, "", eagerness)


def _referred(weight: float, channel: str, url: str, eagerness: float) -> Origin:
    return Origin(weight, channel, None, "", f',"referrer":"{url}"', eagerness)


ORIGINS = (
    Origin(0.17, "Direct", None, "", "", 1.10),
    _referred(0.27, "Organic Search", "https://www.google.com/", 1.05),
    _tagged(0.12, "Paid Search", "google", "cpc", "brand", 1.20),
    _tagged(0.08, "Paid Search", "bing", "cpc", "gifts", 0.95),
    _tagged(0.09, "Email", "newsletter", "email", "weekly", 1.45),
    _tagged(0.09, "Paid Social", "facebook", "paid_social", "autumn_sale", 0.60),
    _referred(0.08, "Organic Social", "https://www.instagram.com/", 0.55),
    _referred(0.04, "Referral", "https://blog.example.org/best-gifts", 0.80),
    Origin(0.06, "Display", "autumn_sale", ',"channel":"Display","utm_campaign":"autumn_sale"', "", 0.45),
)


@dataclass(frozen=True, slots=True)
class Device:
    """What a visitor holds in hand, and how well it buys (mean 1)."""

    weight: float
    name: str
    user_agent: str
    eagerness: float


DEVICES = (
    Device(
        0.36,
        "mobile",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
        0.88,
    ),
    Device(
        0.23,
        "mobile",
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 "
        "(KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
        0.82,
    ),
    Device(
        0.35,
        "desktop",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
        "(KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        1.25,
    ),
    Device(
        0.06,
        "tablet",
        "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
        1.0,
    ),
)

CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)

COUNTRIES = {"GB": 0.70, "IE": 0.07, "DE": 0.07, "FR": 0.06, "US": 0.06, "NL": 0.04}
