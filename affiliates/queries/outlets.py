"""Feeds and widgets: the team's own, and the one behind an address."""

import re
from hashlib import sha256
from urllib.parse import urlsplit

from django.db.models import QuerySet

from affiliates.models import Affiliate, Feed, Site, SiteState, Widget
from affiliates.queries.members import acting_for
from alliance.kernel.models import User

# What may stand in a header of ours. A host in other letters has to be filed as xn--…
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")


def feeds_for(user: User) -> QuerySet[Feed]:
    """Those that are open, newest first."""
    rows = Feed.objects.filter(affiliate=acting_for(user), closed_at=None)
    return rows.select_related("zone__site__affiliate").order_by("-pk")


def feed_at(token: str) -> Feed | None:
    """The open feed at this address. The token carries 256 bits of chance: a plain hash will do."""
    rows = Feed.objects.filter(digest=token_digest(token), closed_at=None)
    return rows.select_related("affiliate", "zone__site__affiliate").first()


def token_digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def widgets_for(user: User) -> QuerySet[Widget]:
    """Those that are open, newest first."""
    rows = Widget.objects.filter(affiliate=acting_for(user), closed_at=None)
    return rows.select_related("zone__site__affiliate", "basket").order_by("-pk")


def widget_at(code: str) -> Widget | None:
    """The open widget of this code."""
    rows = Widget.objects.filter(code=code, closed_at=None)
    return rows.select_related("affiliate", "zone__site__affiliate", "basket").first()


def origins_of(affiliate: Affiliate) -> list[str]:
    """Where its widgets may be framed: scheme, host and port of its approved sites."""
    sites = Site.objects.filter(affiliate=affiliate, state=SiteState.APPROVED)
    urls = sites.exclude(url="").order_by("pk").values_list("url", flat=True)
    origins = (f"{part.scheme}://{part.netloc}".lower() for part in map(urlsplit, urls))
    return list(dict.fromkeys(origin for origin in origins if _ORIGIN.fullmatch(origin)))
