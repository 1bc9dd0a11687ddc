"""The pages of notifications: what happened, and what of it comes by mail."""

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from alliance import navigation, teams
from alliance.kernel import notices
from alliance.kernel.http import key_in
from alliance.kernel.models import Notification, User
from alliance.kernel.notice_kinds import KINDS, Group, by_mail, words_of
from alliance.kernel.notice_mails import unsubscribe_read

AFFILIATES = (
    Group.PAYOUTS,
    Group.CASES,
    Group.PLANS,
    Group.TASKS,
    Group.POSTS,
    Group.NEWS,
    Group.BOOKS,
    Group.REPORTS,
)
MERCHANTS = (
    Group.WALLET,
    Group.PEOPLE,
    Group.RATES,
    Group.IMPORTS,
    Group.TASKS,
    Group.NEWS,
    Group.BOOKS,
    Group.REPORTS,
)
STAFF = (Group.FIGURES,)


@dataclass(frozen=True, slots=True)
class Row:
    """A notification in the reader's words."""

    row: Notification
    icon: str
    title: str
    text: str


def _rows(notifications: Iterable[Notification]) -> list[Row]:
    return [
        Row(one, KINDS[one.kind].icon if one.kind in KINDS else "bell", *words_of(one))
        for one in notifications
    ]


@require_safe
@login_required
def notifications(request: HttpRequest) -> HttpResponse:
    """All of them, or only those that were not read; the newest first."""
    unread = request.GET.get("show") == "unread"
    mine = notices.notifications_of(_person(request), unread=unread)
    page = Paginator(mine, 25).get_page(request.GET.get("page"))
    sides = navigation.sides_of(request)
    context = {
        "page": page,
        "rows": _rows(page),
        "only_unread": unread,
        "newest": mine.values_list("pk", flat=True).first() or 0,
        "both": bool(sides.affiliate and sides.merchant),
    }
    return render(request, "notifications/notifications.html", context)


@require_safe
@login_required
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """On to what it is about, in the team that was told of it; with that it was read."""
    mine = get_object_or_404(notices.notifications_of(_person(request)), pk=pk)
    notices.notification_read(notification=mine)
    if not teams.team_of(mine):
        messages.info(request, _("You are not in that team any more."))
        return redirect("notifications")
    return redirect(mine.link)


@require_POST
@login_required
def read(request: HttpRequest) -> HttpResponse:
    """One (`pk`), or all up to the newest that the page knew of (`newest`)."""
    person = _person(request)
    if pk := key_in(request.POST.get("pk", "")):
        mine = get_object_or_404(notices.notifications_of(person), pk=pk)
        notices.notification_read(notification=mine)
    else:
        notices.notifications_read(user=person, newest=key_in(request.POST.get("newest", "")))
    show = "?show=unread" if request.POST.get("show") == "unread" else ""
    return redirect(f"/notifications/{show}")


class ChoicesForm(forms.Form):
    """A box for each group that the reader's sides are told of."""

    def __init__(self, *args: object, person: User, groups: Iterable[Group]) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        for group in groups:
            self.fields[group.value] = forms.BooleanField(
                label=group.label,
                required=False,
                initial=by_mail(person.mail_choices, group),
            )

    @property
    def choices(self) -> dict[Group, bool]:
        return {Group(name): wanted for name, wanted in self.cleaned_data.items()}


@login_required
def settings(request: HttpRequest) -> HttpResponse:
    """What comes by mail; in the page is everything."""
    person, sides = _person(request), navigation.sides_of(request)
    groups = dict.fromkeys(
        (
            Group.ACCOUNT,
            *(AFFILIATES if sides.affiliate else ()),
            *(MERCHANTS if sides.merchant else ()),
            *(STAFF if person.is_staff else ()),
        )
    )
    form = ChoicesForm(request.POST or None, person=person, groups=groups)
    if request.method == "POST":
        form = ChoicesForm(request.POST, person=person, groups=groups)
        if form.is_valid():
            notices.mails_choose(user=person, choices=form.choices)
            messages.success(request, _("Kept. It counts from the next notification on."))
            return redirect("notification_settings")
    return render(request, "notifications/settings.html", {"form": form})


@csrf_exempt  # the token says who it is; mail programs send no cookie (RFC 8058)
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Out of a mail, without signing in: no more of these. A look changes nothing, since mail
    programs and their filters look at every link."""
    if not (known := unsubscribe_read(token)):
        raise Http404
    person, group = known
    if request.method == "POST":
        notices.mails_choose(user=person, choices={group: request.POST.get("again") == "on"})
    context = {
        "group": group,
        "wanted": by_mail(person.mail_choices, group),
        "asked": request.method == "POST",
    }
    return render(request, "notifications/unsubscribe.html", context)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - each view here is for who is signed in
    return request.user
