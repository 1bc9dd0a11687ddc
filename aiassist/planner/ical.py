"""A week of posts as an iCalendar (RFC 5545): a post keeps its UID however often it moves."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from aiassist.copy.check import Channel
from aiassist.models import PlannedPost
from aiassist.planner.reasons import why_that, why_then
from alliance.kernel import clock

if TYPE_CHECKING:  # takes half a second to load, and is only asked for where a calendar is made
    from icalendar import Event

LASTS = timedelta(minutes=15)
LOOK_AGAIN = timedelta(hours=1)


def calendar_of(posts: Iterable[PlannedPost], links: Mapping[tuple[int, int], str]) -> bytes:
    """The posts as events in Asia/Shanghai. `links`: the short address by ad zone and product."""
    from icalendar import Calendar

    made = Calendar()
    made.add("prodid", "-//Taoke Alliance//Planner//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", _("My posts"))
    made.add("refresh-interval", LOOK_AGAIN, parameters={"VALUE": "DURATION"})
    for post in posts:
        made.add_component(_event(post, links.get((post.zone_id, post.product_id), "")))
    made.add_missing_timezones()
    return made.to_ical()


def _event(post: PlannedPost, link: str) -> "Event":
    from icalendar import Event, vUri

    event = Event()
    starts = post.at.astimezone(clock.ZONE)
    event.add("uid", str(post.uid))
    event.add("sequence", post.sequence)
    event.add("dtstamp", post.changed_at)
    event.add("last-modified", post.changed_at)
    event.add("dtstart", starts)
    event.add("dtend", starts + LASTS)
    event.add("summary", _line(f"{post.product.name} · {Channel(post.channel).label}"))
    event.add("location", _line(f"{post.zone.site.name} · {post.zone.name}"))
    page = f"{settings.PUBLIC_URL}{reverse('aiassist:planner')}#post-{post.pk}"
    about = [link, why_that(post, {}), why_then(post), page]
    event.add("description", "\n".join(_line(one) for one in about if one))
    event.add("url", vUri(link or page))
    event.add("transp", "TRANSPARENT")
    return event


def _line(text: str) -> str:
    """Names are others' words: some programs begin a line, and a field, wherever Unicode does."""
    return " ".join(text.split())
