"""Which sites send visitors by search, social, shopping or video: the source lists of GA4's default channel group.

Google publishes its lists with the help page cited in models.channel; these are the sites of it that a shop meets. A
name stands for the site under every country's ending and below every subdomain (`google`: www.google.co.uk), and for
itself as a utm_source; a domain stands for itself and what is below it, and goes before a name.
"""

from enum import StrEnum


class Site(StrEnum):
    """What a site is to a shop."""

    SEARCH = "search"
    SOCIAL = "social"
    SHOPPING = "shopping"
    VIDEO = "video"


_LISTS = {
    Site.SEARCH: (
        "360.cn alice aol ask auone avg babylon baidu biglobe bing brave centrum.cz cnn comcast conduit daum dogpile "
        "duckduckgo ecosia eniro exalead excite firmy.cz globo go.mail.ru google google-play googlemybusiness haosou "
        "incredimail kagi kvasir lycos msn mojeek naver naver.com nigma onet qwant rakuten rambler search-results "
        "seznam so.com sogou startpage startsiden swisscows terra tut.by ukr virgilio walla wp.pl yahoo yandex yep "
        "you.com youcare com.google.android.googlequicksearchbox"
    ),
    Site.SOCIAL: (
        "academia.edu ameblo.jp badoo bereal blogger blogspot bluesky bsky.app b.hatena.ne.jp classmates dcard "
        "deviantart diigo digg discord disqus douban draugiem.lv facebook fandom.com fb fb.me fark flickr flipboard "
        "foursquare getpocket.com glassdoor goodreads google+ googleplus gutefrage.net groups.google.com hatena "
        "houzz ig instagram instapaper kakao lemmy lm.facebook.com line line.me linkedin lnkd.in livejournal mastodon "
        "mastodon.social medium medium.com meetup messenger mixi myspace naver.me nextdoor ning ok.ru odnoklassniki "
        "patreon pinterest pin.it plurk quora reddit renren researchgate skype slack slashdot slideshare snapchat "
        "sina.com.cn stackexchange stackoverflow stumbleupon substack t.co t.me telegram threads threads.net "
        "tripadvisor trustpilot truthsocial tumblr twitter viadeo viber vk vk.com vkontakte wattpad weibo wechat "
        "weixin whatsapp wordpress wordpress.com wykop x.com xing ycombinator.com yelp zalo answers.yahoo.com "
        "blog.naver.com cafe.naver.com chiebukuro.yahoo.co.jp plus.google.com com.twitter.android com.facebook.katana "
        "com.linkedin.android com.pinterest com.reddit.frontpage org.telegram.messenger"
    ),
    Site.SHOPPING: (
        "alibaba aliexpress allegro amazon bol.com cdiscount ceneo checkout.stripe.com ebay etsy flipkart fruugo "
        "geizhals google-shopping idealo igshopping jd.com kelkoo klarna mercadolibre mercadolivre mercari onbuy "
        "ozon pricegrabber pricerunner shopee shopify shop.app shopping.google.com shopping.naver.com "
        "shopping.yahoo.co.jp shopping.yahoo.com shopzilla skroutz taobao target temu tmall walmart wildberries wish "
        "zalando"
    ),
    Site.VIDEO: (
        "bilibili crackle crunchyroll curiositystream d.tube dailymotion disneyplus hulu iq.com iqiyi kick.com "
        "music.youtube.com netflix niconico nicovideo.jp odysee player.vimeo.com rumble rutube ted ted.com tiktok "
        "twitch twitch.tv utreon veoh vevo viddler vimeo wistia wistia.net youku youtu.be youtube "
        "com.google.android.youtube"
    ),
}
_SITES = {name: site for site, names in _LISTS.items() for name in names.split()}
_ENDINGS = frozenset({"ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"})
"""Second levels that belong to the ending of a host name, as in `co.uk`."""


def site_of(source: str) -> Site | None:
    """What kind of site a source is: a host name or a utm_source, in lower case."""
    labels = source.replace(" ", "-").split(".")
    for first in range(len(labels)):
        if found := _SITES.get(".".join(labels[first:])):
            return found
    return _SITES.get(_name(labels))


def _name(labels: list[str]) -> str:
    """The label before the ending: `google` of www.google.co.uk."""
    ends = 2 if len(labels) > 2 and labels[-2] in _ENDINGS else 1  # noqa: PLR2004  co.uk takes two labels
    return labels[-1 - ends] if len(labels) > ends else labels[0]
