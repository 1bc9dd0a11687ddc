"""Who came: a person, a bot or a link preview; and how we know somebody again without knowing them.

Nothing raw is kept. The cookie holds chance and the month of its birth; what is stored is its hash
under a key made from SECRET_KEY and that month, so keys rotate and old ones say nothing without
the secret. A cookie lives 30 days and is not prolonged, which ends every trail.
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol

from affiliates.models import Visitor
from alliance.kernel import chance, clock
from alliance.kernel.hashing import keyed

COOKIE = "visitor"
COOKIE_AGE = timedelta(days=30)
KEY_LIVES = timedelta(days=62)  # at most: the month of its birth, and a cookie's age
_COOKIE_FORM = re.compile(r"(\d{6})\.[A-Za-z0-9_-]{22}")

# Pages fetched to show a card in a chat or post. In-app browsers (MicroMessenger, Weibo, QQ,
# DingTalk) are people and are not in here.
_PREVIEW = re.compile(
    r"facebookexternalhit|facebot|twitterbot|slackbot|slack-img|telegrambot|^whatsapp/|discordbot"
    r"|linkedinbot|skypeuripreview|embedly|iframely|vkshare|redditbot|mattermost|pinterestbot"
    r"|bitlybot|line-poker|kakaotalk-scrap|snapchat|google-pagerenderer|bingpreview|nuzzel"
    r"|mastodon|bluesky|cardyb|matrix|viberbot|zoombot|microsoft office|ms-office|link-?preview",
    re.IGNORECASE,
)
_BOT = re.compile(
    r"(?<!cu)bot\b|bot[/_;:-]|crawl|spider|slurp|scrap|\bcurl\b|\bwget\b|python|httpx|aiohttp|java/"
    r"|go-http|okhttp|libwww|httpclient|node-fetch|undici|axios|\bperl\b|\bruby\b|\bphp\b|guzzle"
    r"|headless|phantomjs|puppeteer|playwright|selenium|lighthouse|pagespeed|monitor|uptime"
    r"|pingdom|statuscake|scanner|\bscan\b|feedfetcher|archiver|ia_archiver|facebookcatalog"
    r"|mediapartners-google|google-read-aloud|apis-google|baiduspider|yahoo!|dataprovider|^$",
    re.IGNORECASE,
)


class Headers(Protocol):
    def get(self, name: str, default: str, /) -> str: ...


class Asking(Protocol):
    """Whatever has headers: a request, or what comes to a faster door."""

    @property
    def headers(self) -> Headers: ...


def visitor_of(request: Asking) -> Visitor:
    """By what the visitor's program says of itself. A browser that only prefetches is a preview."""
    if is_prefetch(request):
        return Visitor.PREVIEW
    # Nobody says who they are in more than that, and a long name would take long to search.
    return _known_by(request.headers.get("User-Agent", "").strip()[:512])


@lru_cache(4096)
def _known_by(agent: str) -> Visitor:
    if _PREVIEW.search(agent):
        return Visitor.PREVIEW
    return Visitor.BOT if _BOT.search(agent) else Visitor.HUMAN


def is_prefetch(request: Asking) -> bool:
    """A browser loads the page ahead, in case the person should click."""
    says = (
        request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
    )
    return any("prefetch" in said or "prerender" in said or "preview" in said for said in says)


def cookie_make(moment: datetime) -> str:
    """A new visitor: the month of birth, a dot, 128 bits of chance."""
    return f"{_month(moment)}.{chance.token()}"


def cookie_valid(value: str, moment: datetime) -> bool:
    """Whether we made a cookie like this, not longer ago than a cookie lives."""
    form = _COOKIE_FORM.fullmatch(value)
    return form is not None and _month(moment - COOKIE_AGE) <= form[1] <= _month(moment)


def visitor_key(cookie: str) -> str:
    """The hash by which a visitor is known again while the cookie lives."""
    return _hashed("visitor", cookie[:6], cookie)


def ip_key(ip: str, moment: datetime) -> str:
    """The hash of an address, comparable within one month only."""
    return _hashed("ip", _month(moment), ip) if ip else ""


def _hashed(purpose: str, month: str, value: str) -> str:
    salt = f"affiliates.visitors:{purpose}:{month}"
    return keyed(salt, value).hex()[:32]


def _month(moment: datetime) -> str:
    return f"{clock.business_day(moment):%Y%m}"
