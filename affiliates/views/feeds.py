"""Product feeds: the team's page, and the private addresses that programs fetch."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from affiliates import queries
from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.feeds import FORMATS
from affiliates.forms import FeedForm
from affiliates.models import Feed
from affiliates.services import feeds as services
from alliance.kernel import clock, tries

MINUTE, MOST = 60, 20  # seconds; how often a feed is given in them


def _page(request: AffiliateRequest, **more: Any) -> HttpResponse:
    usual = {"zone": queries.zone_usual(request.user), "language": get_language()}
    asked = {name: request.GET[name] for name in FeedForm.base_fields if name in request.GET}
    context = {
        "feeds": queries.feeds_for(request.user),
        "form": FeedForm(user=request.user, initial=usual | asked),
        **more,
    }
    return render(request, "affiliates/feeds.html", context)


@require_safe
@affiliate_required
def feeds(request: AffiliateRequest) -> HttpResponse:
    """The open feeds, and the form for another one, filled with filters of the address."""
    return _page(request)


@never_cache
@require_POST
@affiliate_required
def feed_new(request: AffiliateRequest) -> HttpResponse:
    """A feed; its address is shown this once."""
    form = FeedForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, form=form)
    feed, token = services.feed_open(
        actor=request.user, affiliate=request.affiliate, **form.values()
    )
    address = request.build_absolute_uri(reverse("feed", args=[token]))
    return _page(request, fresh=feed, address=address)


@require_POST
@affiliate_required
def feed_close(request: AffiliateRequest, pk: int) -> HttpResponse:
    feed = get_object_or_404(queries.feeds_for(request.user), pk=pk)
    services.feed_close(actor=request.user, feed=feed)
    messages.success(request, gettext("The feed is closed: its address leads nowhere now."))
    return redirect("affiliates:feeds")


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file behind a private address; 304 to who has it already."""
    row = queries.feed_at(token)
    if row is None:
        raise Http404
    if tries.count(f"feed:{row.pk}", MINUTE) > MOST:
        return HttpResponse(status=429, headers={"Retry-After": str(MINUTE)})
    fresh = row.fetched_at and row.fetched_at > clock.now() - services.FRESH
    if fresh and (same := _if_changed(request, row)):
        return same
    kind = FORMATS[row.layout]  # type: ignore[index]
    answer = FileResponse(
        services.feed_write(feed=row),
        content_type=f"{kind.content_type}; charset=utf-8",
        filename=f"feed-{row.pk}.{kind.ending}",
    )
    answer["Cache-Control"] = f"private, max-age={int(services.FRESH.total_seconds())}"
    answer["X-Robots-Tag"] = "noindex"
    return _if_changed(request, row, answer) or answer


def _if_changed(request: HttpRequest, feed: Feed, answer: Any = None) -> HttpResponseBase | None:
    """The answer, or that nothing has changed since the asker's last one."""
    mark, changed = f'"{feed.content}"', int(feed.changed_at.timestamp()) if feed.changed_at else 0
    if answer is not None:
        answer["ETag"], answer["Last-Modified"] = mark, http_date(changed)
    return get_conditional_response(request, etag=mark, last_modified=changed, response=answer)
