"""GA4's default channel group, row by row of Google's table."""

import pytest

from models.channel import CHANNELS, channel_of, host_of, path_of


@pytest.mark.parametrize(
    ("source", "medium", "campaign", "referrer", "channel"),
    [
        (None, None, None, "", "Direct"),
        (None, None, None, "shop.example", "Direct"),
        ("(direct)", "(none)", None, "google.com", "Direct"),
        ("google", "cpc", "Cross-Network spring", "", "Cross-network"),
        ("ebay.co.uk", "ppc", None, "", "Paid Shopping"),
        ("news", "paid", "summer shopping", "", "Paid Shopping"),
        ("news", "paid", "autoshop", "", "Paid Other"),
        ("google", "cpc", "brand", "", "Paid Search"),
        ("Bing", "PPC", None, "", "Paid Search"),
        ("facebook", "paid_social", None, "", "Paid Social"),
        ("ig", "retargeting", None, "", "Paid Social"),
        ("youtube", "embed", None, "", "Organic Video"),
        ("youtube", "cpc", None, "", "Paid Video"),
        ("news", "banner", None, "", "Display"),
        ("news", "cpm", None, "", "Display"),
        ("google", "cpm", None, "", "Paid Search"),
        ("news", "cpa", None, "", "Paid Other"),
        (None, None, None, "amazon.de", "Organic Shopping"),
        ("newsletter", "text", "shop now", "", "Organic Shopping"),
        (None, None, None, "l.facebook.com", "Organic Social"),
        (None, None, None, "t.co", "Organic Social"),
        ("anything", "social-media", None, "", "Organic Social"),
        (None, None, None, "youtu.be", "Organic Video"),
        ("anything", "a video", None, "", "Organic Video"),
        (None, None, None, "google.co.uk", "Organic Search"),
        (None, None, None, "uk.search.yahoo.com", "Organic Search"),
        ("anything", "organic", None, "", "Organic Search"),
        (None, None, None, "blog.example.org", "Referral"),
        ("partner", "link", None, "google.com", "Referral"),
        ("newsletter", "email", None, "", "Email"),
        ("e-mail", None, None, "", "Email"),
        ("partner", "affiliate", None, "", "Affiliates"),
        ("podcast", "audio", None, "", "Audio"),
        ("sms", None, None, "", "SMS"),
        ("app", "web push", None, "", "Mobile Push Notifications"),
        ("firebase", None, None, "", "Mobile Push Notifications"),
        ("newsletter", None, None, "", "Unassigned"),
    ],
)
def test_a_visit_is_of_the_first_channel_whose_rule_applies(
    source: str | None, medium: str | None, campaign: str | None, referrer: str, channel: str
) -> None:
    assert channel_of(source, medium, campaign, referrer, "shop.example") == channel
    assert channel in CHANNELS


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        (None, "", None),
        ("https://www.Shop.example:8443/p/1?utm_source=x#top", "shop.example", "/p/1"),
        ("//shop.example", "shop.example", "/"),
        ("https://user:pass@shop.example?q", "shop.example", "/"),
        ("/p/1?x=//y", "", "/p/1"),
        ("", "", "/"),
        ("android-app://com.google.android.googlequicksearchbox/", "com.google.android.googlequicksearchbox", "/"),
    ],
)
def test_host_and_path_of_a_url(url: str | None, host: str, path: str | None) -> None:
    assert (host_of(url), path_of(url)) == (host, path)
