"""Texts to promote with: of a product, of many, as they were taken, and compared."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.queries import baskets_for, products_in, products_known
from affiliates.services.baskets import PRODUCTS
from aiassist import tasks
from aiassist.copy.check import Channel, Language
from aiassist.copy.ready import ready_of, reasons_against
from aiassist.forms import CopyForm, OwnWordsForm
from aiassist.models import Angle, CopyRun, CopyVariant
from aiassist.queries import copies as queries
from aiassist.queries.contest import contest_of, stopped_angles
from aiassist.services import copies as services
from alliance.kernel.errors import Invalid
from alliance.kernel.http import key_in, page_or_part
from merchants.models import Product

PER_PAGE = 20


@require_http_methods(["GET", "POST"])
@affiliate_required
def of_product(request: AffiliateRequest, pk: int) -> HttpResponse:
    """The texts of a product for a channel, filled in now. POST writes what is missing."""
    product = get_object_or_404(products_known(), pk=pk)
    asked = request.POST if request.method == "POST" else request.GET
    form = CopyForm(asked or None, user=request.user, affiliate=request.affiliate)
    place = form.place()
    if request.method == "POST":
        return _written(request, product, form, place)
    zone = place["zone"]
    channel, language = place["channel"], place["language"]
    newest = (
        queries.newest(queries.variants_for(request.user), product, channel, language, zone.pk)
        if zone
        else []
    )
    stopped = stopped_angles(request.affiliate, channel, language)
    first = queries.drawn_for(request.affiliate, product.pk, channel, language, stopped)
    ready = sorted(ready_of(newest), key=lambda one: one.variant.angle != first)
    context = {
        "product": product,
        "form": form,
        "place": place,
        "channels": Channel.choices,
        "channel_name": Channel(channel).label,
        "languages": Language.choices,
        "ready": ready,
        "first": first,
        "ends": ready[0].known.ends if ready else [],
        "may_change": request.membership.may_change,
    }
    return render(request, "aiassist/copy.html", context)


def _written(
    request: AffiliateRequest, product: Product, form: CopyForm, place: dict[str, Any]
) -> HttpResponse:
    if not form.is_valid():
        raise Invalid(_("Choose an ad zone, a channel and a language."))
    wrote = services.copy_write(
        actor=request.user,
        affiliate=request.affiliate,
        product=product,
        by_model=form.by_the_model,
        **place,
    )
    if wrote.note:
        messages.info(request, wrote.note)
    return redirect(_address(product, place))


def _address(product: Product, place: dict[str, Any]) -> str:
    asked = {"channel": place["channel"], "language": place["language"], "zone": place["zone"].pk}
    return f"{reverse('aiassist:copy', args=[product.pk])}?{urlencode(asked)}"


def _of_variant(variant: CopyVariant) -> str:
    place = {
        "channel": variant.channel,
        "language": variant.language,
        "zone": variant.link.zone,
    }
    return _address(variant.product, place)


@require_POST
@affiliate_required
def take(request: AffiliateRequest, pk: int) -> HttpResponse:
    """It was copied: kept as it was taken, so that it can be taken back when it is true no more."""
    variant = _variant(request, pk)
    services.copy_take(actor=request.user, variant=variant)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    messages.success(request, _("Kept among your texts: you see there when it is true no more."))
    return redirect(_of_variant(variant))


@require_http_methods(["GET", "POST"])
@affiliate_required(change=True)
def edit(request: AffiliateRequest, pk: int) -> HttpResponse:
    """An affiliate's own words out of a text; the check says what may not go out."""
    variant = _variant(request, pk)
    form = OwnWordsForm(request.POST or None, initial={"text": variant.text})
    if (
        request.method == "POST"
        and form.is_valid()
        and form.save(actor=request.user, variant=variant)
    ):
        messages.success(request, _("Kept as your own text."))
        return redirect(_of_variant(variant))
    (ready,) = ready_of([variant])
    slots = sorted(ready.known.values.items())
    context = {"variant": variant, "form": form, "slots": slots, "back": _of_variant(variant)}
    return render(request, "aiassist/copy_edit.html", context)


@require_http_methods(["GET", "POST"])
@affiliate_required(change=True)
def many(request: AffiliateRequest) -> HttpResponse:
    """Texts for the products of a basket (?basket=), or for those that are posted."""
    products = _products(request)
    asked = "channel" in request.POST
    form = CopyForm(request.POST if asked else None, user=request.user, affiliate=request.affiliate)
    if asked and form.is_valid():
        run = services.copy_run_begin(
            actor=request.user,
            affiliate=request.affiliate,
            products=products,
            by_model=form.by_the_model,
            **form.place(),
        )
        tasks.copy_run_go_on.delay_on_commit(run.pk)  # type: ignore[attr-defined]
        return redirect("aiassist:copy_run", run.pk)
    context = {"form": form, "products": products}
    return render(request, "aiassist/copy_many.html", context)


def _products(request: AffiliateRequest) -> list[Product]:
    if key := request.GET.get("basket", ""):
        mine = baskets_for(request.user).filter(affiliate=request.affiliate)
        return products_in(get_object_or_404(mine, pk=key_in(key)))
    keys = [key_in(key) for key in request.POST.getlist("product")[:PRODUCTS]]
    found = products_known().in_bulk(keys)
    return [found[key] for key in dict.fromkeys(keys) if key in found]


@require_http_methods(["GET", "POST"])
@affiliate_required
def run(request: AffiliateRequest, pk: int) -> HttpResponse:
    """How far it is, and the texts that are there; while it goes the page asks again by itself.
    POST: those that it names (`variant`) were copied together."""
    row = get_object_or_404(queries.runs_for(request.user), pk=pk)
    if request.method == "POST":
        return _all_taken(request, row)
    page = Paginator(queries.lines_of(row), PER_PAGE).get_page(request.GET.get("page"))
    texts = ready_of([line.variant for line in page if line.variant])
    ready = {one.variant.pk: one for one in texts}
    context = {
        "run": row,
        "work": queries.progress_of(row),
        "page": page,
        "rows": [(line, ready.get(line.variant_id or 0)) for line in page],
        "all": "\n\n".join(one.text for one in texts if one.text),
    }
    return page_or_part(request, "aiassist/copy_run.html", context, part="state")


def _all_taken(request: AffiliateRequest, row: CopyRun) -> HttpResponse:
    named = [key_in(key) for key in request.POST.getlist("variant")[:PER_PAGE]]
    lines = queries.lines_of(row).filter(variant__in=named)
    services.copies_take(actor=request.user, variants=[one.variant for one in lines if one.variant])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    messages.success(request, _("Kept among your texts: you see there when it is true no more."))
    return redirect("aiassist:copy_run", row.pk)


@require_GET
@affiliate_required
def copies(request: AffiliateRequest) -> HttpResponse:
    """What was taken and whether it is still true, and the angles compared."""
    form = CopyForm(request.GET or None, user=request.user, affiliate=request.affiliate)
    place = form.place()
    page = Paginator(queries.takes_for(request.user), PER_PAGE).get_page(request.GET.get("page"))
    against = reasons_against(list(page))
    contest, until = contest_of(request.affiliate, place["channel"], place["language"])
    chosen = queries.chosen_angle(request.affiliate, place["channel"], place["language"])
    context = {
        "form": form,
        "place": place,
        "page": page,
        "takes": [(one, against[one.pk]) for one in page],
        "contest": contest,
        "until": until,
        "counted": any(arm.clicks for arm in contest.arms),
        "chosen": chosen,
        "names": dict(Angle.choices),
        "currency": settings.ALLIANCE["CURRENCY"],
        "runs": queries.runs_for(request.user)[:5],
        "may_change": request.membership.may_change,
    }
    return render(request, "aiassist/copies.html", context)


@require_POST
@affiliate_required(change=True)
def choose(request: AffiliateRequest) -> HttpResponse:
    """An angle stands first from now on, or the lot decides again."""
    channel, language = request.POST.get("channel", ""), request.POST.get("language", "")
    services.copy_choose(
        actor=request.user,
        affiliate=request.affiliate,
        channel=channel,
        language=language,
        angle=request.POST.get("angle", ""),
    )
    messages.success(request, _("Kept. A tenth goes on with the first angle, to compare by."))
    asked = urlencode({"channel": channel, "language": language})
    return redirect(f"{reverse('aiassist:copies')}?{asked}")


def _mine(request: AffiliateRequest) -> QuerySet[CopyVariant]:
    return queries.variants_for(request.user).filter(affiliate=request.affiliate)


def _variant(request: AffiliateRequest, pk: int) -> CopyVariant:
    return get_object_or_404(_mine(request), pk=pk)
