"""Crawlers are told by their user agent, people are not taken for one."""

import pytest

from models.crawler import is_crawler


@pytest.mark.parametrize(
    ("user_agent", "crawler"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", True),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            True,
        ),
        ("curl/8.5.0", True),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0", False),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
            False,
        ),
        ("", False),
    ],
)
def test_a_user_agent_is_a_crawlers_or_not(user_agent: str, *, crawler: bool) -> None:
    assert is_crawler(user_agent) is crawler
