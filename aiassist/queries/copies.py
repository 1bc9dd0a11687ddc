"""Texts, as the affiliate's team sees them."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext

from affiliates.models import Affiliate
from affiliates.queries.members import acting_for
from aiassist.copy.lot import drawn_angle
from aiassist.models import Angle, CopyChoice, CopyRun, CopyRunLine, CopyTake, CopyVariant, Origin
from alliance.kernel import clock
from alliance.kernel.models import User
from alliance.kernel.progress import Progress
from alliance.kernel.templatetags.alliance import number
from merchants.models import Product

_ALONG = ("affiliate", "link__affiliate", "link__zone__site", "link__shop__merchant",
          "link__product__shop__merchant", "link__product__category",
          "product__shop__merchant", "product__category", "run")  # fmt: skip
TAKEN = timedelta(days=60)  # so long a taken text is looked at


def variants_for(user: User) -> QuerySet[CopyVariant]:
    """The newest first, with all that showing them needs."""
    mine = CopyVariant.objects.filter(affiliate=acting_for(user))
    return mine.select_related(*_ALONG).order_by("-pk")


def newest(
    variants: QuerySet[CopyVariant], product: Product, channel: str, language: str, zone: int
) -> list[CopyVariant]:
    """Of each angle and author the text that was written last; of own words each."""
    rows = variants.filter(product=product, channel=channel, language=language, link__zone=zone)
    found: dict[object, CopyVariant] = {}
    for one in rows:
        found.setdefault(one.link_id if one.origin == Origin.OWN else one.arm, one)
    order = [*Angle.values]
    return sorted(found.values(), key=lambda one: (order.index(one.angle), one.origin, -one.pk))


def takes_for(user: User) -> QuerySet[CopyTake]:
    """What was taken lately, the newest first; of each link the last only."""
    mine = CopyTake.objects.filter(
        variant__affiliate=acting_for(user), taken_at__gte=clock.now() - TAKEN
    )
    last = mine.order_by("variant__link", "-pk").distinct("variant__link").values("pk")
    along = (f"variant__{name}" for name in _ALONG)
    return mine.filter(pk__in=last).select_related(*along).order_by("-pk")


def runs_for(user: User) -> QuerySet[CopyRun]:
    mine = CopyRun.objects.filter(affiliate=acting_for(user))
    return mine.select_related("zone__site").order_by("-pk")


def lines_of(run: CopyRun) -> QuerySet[CopyRunLine]:
    """Those that are done, in the order in which the products were given."""
    along = (f"variant__{name}" for name in _ALONG)
    rows = run.lines.filter(done=True).select_related("product__shop", *along)
    return rows.order_by("pk")


def progress_of(run: CopyRun) -> Progress:
    words = gettext("%(done)s of %(total)s products are done.") % {
        "done": number(run.done),
        "total": number(run.total),
    }
    return Progress(run.done, run.total, words, run.ended_at is None)


def chosen_angle(affiliate: Affiliate, channel: str, language: str) -> str:
    """What the affiliate wants first; "" for the lot."""
    rows = CopyChoice.objects.filter(affiliate=affiliate, channel=channel, language=language)
    return rows.order_by("-pk").values_list("angle", flat=True).first() or ""


def drawn_for(
    affiliate: Affiliate, product: int, channel: str, language: str, stopped: Iterable[str] = ()
) -> str:
    """The angle that stands first for the product now."""
    return drawn_angle(
        affiliate=affiliate.pk,
        product=product,
        channel=channel,
        language=language,
        day=clock.business_day(),
        chosen=chosen_angle(affiliate, channel, language),
        stopped=list(stopped),
    )
