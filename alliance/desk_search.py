"""The desk's own search: whatever staff have in hand leads to its page.

Each line of FINDS is one table: what of the typed text names a row of it. Only lines are asked that
the person may see, so nobody finds what a list would refuse. Numbers and codes are found whole, by
an index; names also by a part, in the small tables only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.dataclasses import SearchResult

from affiliates.models import Affiliate, Link, Site
from alliance.kernel import columns
from alliance.kernel.access import has_role
from alliance.kernel.http import key_in
from alliance.kernel.models import StaffRole, User
from alliance.kernel.search import MOST, Asked, Hit, best_first
from campaigns.models import Campaign, Season
from commissions.models import (
    Account,
    Award,
    Commission,
    Entry,
    Invoice,
    Payout,
    Statement,
    TopUp,
    Violation,
)
from merchants.models import Coupon, Event, ImportRun, Merchant, Order, Plan, Product, Refund, Shop

NOTHING = Q(pk__in=())


@dataclass(frozen=True, slots=True)
class Find:
    """`exact`: the rows that are meant; `part`: those that may be; `beside`: what names need."""

    model: type[Model]
    icon: str
    exact: Callable[[Asked], Q] = lambda _asked: NOTHING
    part: Callable[[Asked], Q] = lambda _asked: NOTHING
    beside: tuple[str, ...] = ()


def _key(asked: Asked, prefix: str = "") -> Q:
    number = asked.numbered(prefix) if prefix else asked.key
    return Q(pk=number) if number else NOTHING


def _named(field: str) -> Callable[[Asked], Q]:
    return lambda asked: Q(**{f"{field}__icontains": asked.text}) if asked.searches else NOTHING


def _in_shops(asked: Asked) -> Q:
    """Shops number what is theirs: the index begins with the shop."""
    return Q(shop__in=Shop.objects.all(), external_id=asked.text)


def _order_of(asked: Asked) -> Q:
    return Q(line__order__in=Order.objects.filter(_in_shops(asked)))


def _member(asked: Asked) -> Q:
    """By its own number, or a PID of it."""
    head, *parts = asked.text.split("_")
    pid = head.lower() == "mm" and len(parts) == 3
    return Q(pk=key_in(parts[0])) if pid and key_in(parts[0]) else _key(asked)


def _invoice(asked: Asked) -> Q:
    """ "INV-2026-17", as it is printed."""
    parts = asked.text.rsplit("-", 2)
    if len(parts) != 3 or not (key_in(parts[1]) and key_in(parts[2])):
        return NOTHING
    series, year, number = parts
    if len(year) != 4 or len(number) > 9:
        return NOTHING
    return Q(series__iexact=series, year=int(year), number=int(number))


def _payout(asked: Asked) -> Q:
    return _key(asked, "payout-") | Q(rail_ref=asked.text) | Q(invoice_number=asked.text)


FINDS = (
    Find(Order, "receipt_long", _in_shops),
    Find(Commission, "payments", part=_order_of, beside=("line__order",)),
    Find(Refund, "undo", _in_shops),
    Find(Payout, "send_money", _payout),
    Find(Violation, "gavel", lambda asked: _key(asked, "V")),
    Find(Award, "trophy", lambda asked: _key(asked, "AW")),
    Find(Statement, "description", lambda asked: Q(number=asked.text.upper())),
    Find(Invoice, "request_quote", _invoice),
    Find(TopUp, "savings", lambda asked: Q(reference__iexact=asked.text)),
    Find(Entry, "menu_book", lambda asked: Q(key=asked.text)),
    Find(Account, "account_tree", lambda asked: Q(code=asked.text)),
    Find(Affiliate, "groups", _member, _named("name")),
    Find(Merchant, "storefront", _key, _named("name")),
    Find(Shop, "store", lambda asked: Q(domains__contains=[asked.text.lower()]), _named("name")),
    Find(Site, "language", part=_named("name")),
    Find(User, "badge", lambda asked: Q(email__iexact=asked.text), _named("email")),
    Find(Product, "inventory_2", _in_shops),
    Find(
        Link,
        "link",
        lambda asked: Q(code=asked.text.rpartition("/")[2].lower()),
        beside=("product", "zone"),
    ),
    Find(Coupon, "confirmation_number", lambda asked: Q(code__iexact=asked.text)),
    Find(Campaign, "campaign", _key, _named("name")),
    Find(Season, "calendar_month", part=_named("name")),
    Find(Plan, "percent", part=_named("name"), beside=("merchant",)),
    Find(Event, "event", part=_named("name")),
    Find(ImportRun, "upload_file", _key),
)


def found(request: HttpRequest, asked: Asked) -> list[Hit]:
    """What the person may see of it, the best first."""
    return best_first(_hits(request, asked)) if asked.text else []


def _hits(request: HttpRequest, asked: Asked) -> Iterator[Hit]:
    for find in FINDS:
        desk = admin.site.get_model_admin(find.model)
        if not desk.has_view_permission(request):
            continue
        for exact, which in ((True, find.exact(asked)), (False, find.part(asked))):
            if which == NOTHING:
                continue
            # In no order: to keep one, the database would rather walk a table than use an index.
            rows = find.model._default_manager.filter(which).select_related(*find.beside)
            for row in rows[:MOST]:
                yield Hit(
                    what=capfirst(str(find.model._meta.verbose_name)),
                    icon=find.icon,
                    title=str(row),
                    url=columns.url_of(find.model._meta.label_lower, row.pk),
                    exact=exact,
                )


def page(request: HttpRequest) -> HttpResponse:
    """The page of what was found; an id that only one thing has leads there at once."""
    if not has_role(request.user, *StaffRole):
        raise PermissionDenied
    request.current_app = admin.site.name
    asked = Asked.read(request.GET.get("q", ""))
    hits = found(request, asked)
    exact = [hit for hit in hits if hit.exact]
    if len(exact) == 1:
        return redirect(exact[0].url)
    context = {**admin.site.each_context(request), "title": _("Search")}
    return TemplateResponse(
        request, "desk/find.html", {**context, "asked": asked.text, "hits": hits}
    )


def command(request: HttpRequest, text: str) -> list[SearchResult]:
    """The same for the desk's menu search, which would rather hand on small letters."""
    return [
        SearchResult(title=hit.title, description=str(hit.what), link=hit.url, icon=hit.icon)
        for hit in found(request, Asked.read(request.GET.get("s", text)))
    ]
