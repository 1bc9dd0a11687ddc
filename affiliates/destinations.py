"""Where a link may lead: only into the shop's registered domains. Pure functions, no database."""

import re
import string
from collections.abc import Callable, Iterable
from urllib.parse import SplitResult, quote, unquote, urlsplit

from alliance.kernel.hosts import ascii_host

CLICK_ID = "click_id"
COUPON = "coupon"
# What advertisers and networks put behind an address to know a visitor by. It is not the shop's,
# and in an address that was copied it is somebody else's.
TRACKING = {
    "_ga", "ali_trackid", "awc", "dclid", "dub_id", "fbclid", "gad_campaignid", "gad_source",
    "gbraid", "gclid", "igsh", "igshid", "irclickid", "li_fat_id", "mc_cid", "mc_eid", "msclkid",
    "rdclid", "scm", "spm", "ttclid", "twclid", "wbraid", "yclid",
}  # fmt: skip

# Browsers read "\" as "/", drop tabs and line breaks, and so see another host than we do.
_TREACHEROUS = re.compile(r"[\s\\\x00-\x1f\x7f]")


def host_of(url: str) -> str:
    """The host of a plain web address, in lower-case ASCII; "" for anything that is not one.

    Refused: other schemes, relative addresses, names or passwords before the host, and every
    character that a browser reads differently from us.
    """
    if _TREACHEROUS.search(url):
        return ""
    try:
        parts: SplitResult = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        return ""
    return ascii_host(host)


def ascii_url(url: str) -> str:
    """A web address as a header carries it: what is not ASCII as UTF-8 in percents, such a host by
    IDNA; what is ASCII stays byte for byte."""
    if url.isascii():
        return url
    parts = urlsplit(url)
    host = host_of(url) + (f":{parts.port}" if parts.port else "")
    return quote(parts._replace(netloc=host).geturl(), safe=string.punctuation)


def in_domains(url: str, domains: Iterable[str]) -> bool:
    """Whether `url` lies on one of the domains or on a subdomain of one."""
    host = host_of(url)
    return bool(host) and not set(domain_suffixes(host)).isdisjoint(map(ascii_host, domains))


def domain_suffixes(host: str) -> list[str]:
    """a.b.c → [a.b.c, b.c, c]: every registered domain that would cover the host."""
    labels = host.split(".")
    return [".".join(labels[i:]) for i in range(len(labels))]


def with_click_id(url: str, click_id: str) -> str:
    """`url` with our click id added; the rest of its query and its fragment stay byte for byte.

    A click id that the address already carries (copied out of somebody's address bar) goes.
    """
    before, after = click_id_place(url)
    return f"{before}{click_id}{after}"


def click_id_place(url: str) -> tuple[str, str]:
    """What stands before and after the click id in the address that `with_click_id` makes."""
    address, query, fragment = _dissect(without_click_id(url))
    return f"{address}?{query}{'&' if query else ''}{CLICK_ID}=", fragment


def with_coupon(url: str, code: str) -> str:
    """`url` with a claimed coupon: its code is the click id too, and stands there as `coupon`."""
    address, query, fragment = _dissect(with_click_id(url, code))
    kept = "&".join(pair for pair in query.split("&") if unquote(pair.partition("=")[0]) != COUPON)
    return f"{address}?{kept}&{COUPON}={code}{fragment}"


def without_click_id(url: str) -> str:
    """`url` without any click id in its query."""
    return _without(url, lambda name: name == CLICK_ID)


def without_tracking(url: str) -> str:
    """`url` without click ids, ours or others', and without the marks of campaigns (utm_…)."""
    return _without(
        url, lambda name: name == CLICK_ID or name in TRACKING or name.startswith("utm_")
    )


def _without(url: str, goes: Callable[[str], bool]) -> str:
    """`url` without the pairs of its query whose name goes; the rest stays byte for byte."""
    address, query, fragment = _dissect(url)
    kept = "&".join(pair for pair in query.split("&") if not goes(unquote(pair.partition("=")[0])))
    return url if kept == query else f"{address}{'?' if kept else ''}{kept}{fragment}"


def _dissect(url: str) -> tuple[str, str, str]:
    before, hash_sign, fragment = url.partition("#")
    address, _mark, query = before.partition("?")
    return address, query, hash_sign + fragment
