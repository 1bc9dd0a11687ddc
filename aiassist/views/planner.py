"""The week of an affiliate: its page, what a person changes in it, and its calendar."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.models import Affiliate, AffiliateState
from affiliates.queries import zones_of
from affiliates.services.links import link_address
from aiassist import for_you
from aiassist.forms import MoveForm, WeekForm
from aiassist.models import PlannedPost, PostState
from aiassist.planner import ical, reasons
from aiassist.planner.draft import DAYS
from aiassist.queries import planner as queries
from aiassist.services import planner
from alliance.kernel import clock
from alliance.kernel.http import say_undoable
from campaigns.queries import season_near
from commissions.queries import campaigns_current

FED = timedelta(days=60)  # a calendar has so much of what is ahead,
KEPT = timedelta(days=7)  # and so much of what is over


@never_cache
@require_http_methods(["GET", "POST"])
@affiliate_required
def week(request: AffiliateRequest) -> HttpResponse:
    """The seven days from today on; POST plans them anew."""
    plan = queries.week_plan_of(request.affiliate)
    form = WeekForm(request.POST or None, initial=WeekForm.initial_of(plan))
    if (
        request.method == "POST"
        and form.is_valid()
        and form.save(actor=request.user, affiliate=request.affiliate)
    ):
        messages.success(request, _("Planned. What you decided about before has stayed."))
        return redirect("aiassist:planner")
    return _page(request, form)


def _page(request: AffiliateRequest, form: WeekForm, **more: Any) -> HttpResponse:
    affiliate = request.affiliate
    plan = queries.week_plan_of(affiliate)
    days = _days(affiliate)
    context = {
        "form": form,
        "plan": plan,
        "pace": reasons.pace_words(plan, settings.ALLIANCE["CURRENCY"]),
        "days": days,
        "needs_zone": not any(day["posts"] for day in days) and not zones_of(affiliate).exists(),
        "feed": queries.feed_of(request.user, affiliate),
        "reminds": plan is not None and plan.reminded.filter(pk=request.user.pk).exists(),
        "may_change": request.membership.may_change,
        **more,
    }
    return render(request, "aiassist/planner.html", context)


def _days(affiliate: Affiliate) -> list[dict[str, Any]]:
    """Each day with what is special about it and its posts, those that were dropped left out."""
    today = clock.business_day()
    ends = clock.day_start(today + timedelta(days=DAYS))
    posts = [
        post
        for post in queries.posts_of(affiliate, clock.day_start(today), ends)
        if post.state != PostState.DROPPED
    ]
    links = queries.links_by_way(affiliate, posts)
    matched = {one.offer.product.pk: one.why for one in for_you.shown(affiliate)[0]}
    by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for post in posts:
        link = links.get((post.zone_id, post.product_id))
        by_day[clock.business_day(post.at)].append(
            {
                "post": post,
                "then": reasons.why_then(post),
                "that": reasons.why_that(post, matched),
                "link": link,
                "address": link_address(link) if link else "",
                "over": post.at < clock.now(),
            }
        )
    season, campaigns = season_near(), list(campaigns_current(affiliate))
    days = [today + timedelta(days=place) for place in range(DAYS)]
    return [
        {
            "day": day,
            "notes": list(reasons.day_notes(day, season, campaigns)),
            "posts": by_day[day],
        }
        for day in days
    ]


# --- A post --------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@affiliate_required(change=True)
def post_edit(request: AffiliateRequest, pk: int) -> HttpResponse:
    """Move a post to another time or place."""
    post = _post(request, pk)
    initial = {"at": post.at.astimezone(clock.ZONE), "zone": post.zone_id}
    form = MoveForm(request.POST or None, initial=initial, affiliate=request.affiliate)
    if request.method == "POST" and form.is_valid() and form.save(actor=request.user, post=post):
        messages.success(request, _("Moved."))
        return _back(post)
    return render(request, "aiassist/planned_post.html", {"form": form, "post": post})


@require_POST
@affiliate_required
def post_turn(request: AffiliateRequest, pk: int) -> HttpResponse:
    """`deed`: swap the product, make the link, say that it is done, drop it, or plan it again."""
    post, actor = _post(request, pk), request.user
    match request.POST.get("deed"):
        case "swap":
            planner.post_swap(actor=actor, post=post)
        case "link":
            planner.post_link(actor=actor, post=post)
        case PostState.DONE | PostState.PLANNED as state:
            planner.post_settle(actor=actor, post=post, state=PostState(state))
        case PostState.DROPPED:
            planner.post_settle(actor=actor, post=post, state=PostState.DROPPED)
            words = _("“%(name)s” is dropped from the week.") % {"name": post.product.name}
            undo = reverse("aiassist:planned_post_turn", args=[pk])
            say_undoable(request, words, url=undo, deed=PostState.PLANNED)
        case _unknown:
            raise Http404
    return _back(post)


def _post(request: AffiliateRequest, pk: int) -> PlannedPost:
    return get_object_or_404(queries.posts_for(request.user, request.affiliate), pk=pk)


def _back(post: PlannedPost) -> HttpResponse:
    return redirect(f"{reverse('aiassist:planner')}#post-{post.pk}")


# --- Calendars and reminders ---------------------------------------------------------------------


@require_POST
@affiliate_required(own=True)
def reminders(request: AffiliateRequest) -> HttpResponse:
    """Whether this member is told of each post a quarter of an hour before."""
    wanted = request.POST.get("wanted") == "on"
    planner.reminders_choose(actor=request.user, affiliate=request.affiliate, wanted=wanted)
    words = _("You are told a quarter of an hour before each post.")
    messages.success(request, words if wanted else _("You are not reminded any more."))
    return redirect("aiassist:planner")


@never_cache
@require_POST
@affiliate_required(own=True)
def feed(request: AffiliateRequest) -> HttpResponse:
    """The member's own calendar address, shown this once; with `revoke` it answers no more."""
    if request.POST.get("revoke"):
        planner.feed_revoke(actor=request.user, affiliate=request.affiliate)
        messages.success(request, _("The address does not work any more."))
        return redirect("aiassist:planner")
    token = planner.feed_make(actor=request.user, affiliate=request.affiliate)
    path = reverse("aiassist:calendar_feed", args=[token])
    plan = queries.week_plan_of(request.affiliate)
    form = WeekForm(initial=WeekForm.initial_of(plan))
    return _page(request, form, address=f"{settings.PUBLIC_URL}{path}")


@require_GET
@affiliate_required
def download(request: AffiliateRequest) -> HttpResponse:
    """What is planned, once, as a file."""
    answer = _calendar(request.affiliate)
    answer["Content-Disposition"] = 'attachment; filename="week.ics"'
    return answer


@require_GET
def subscribed(request: HttpRequest, token: str) -> HttpResponse:
    """What a calendar program fetches: the token is its key."""
    found = queries.feed_by(token)
    if found is None or found.affiliate.state == AffiliateState.CLOSED:
        raise Http404
    with override(found.language):
        return _calendar(found.affiliate)


def _calendar(affiliate: Affiliate) -> HttpResponse:
    now = clock.now()
    posts = [
        post
        for post in queries.posts_of(affiliate, now - KEPT, now + FED)
        if post.state != PostState.DROPPED
    ]
    links = queries.links_by_way(affiliate, posts)
    addresses = {way: link_address(link) for way, link in links.items()}
    made = ical.calendar_of(posts, addresses)
    answer = HttpResponse(made, content_type="text/calendar; charset=utf-8")
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer
