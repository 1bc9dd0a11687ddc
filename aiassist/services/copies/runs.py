"""Texts for many products: the lines are the work left, a worker does them one by one."""

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override

from affiliates.models import AdZone, Affiliate
from affiliates.services.baskets import PRODUCTS
from aiassist.copy.check import Channel, Language
from aiassist.copy.ready import ready_of
from aiassist.models import CopyRun, CopyRunLine, CopyVariant
from aiassist.services.copies.writing import copy_write
from alliance.kernel import clock
from alliance.kernel.errors import DomainError, Invalid, WrongState
from alliance.kernel.models import User
from alliance.kernel.templatetags.alliance import joined
from merchants.models import Product

AT_ONCE = 2  # runs of an affiliate that are under way
STALLED = timedelta(minutes=2)
GIVEN_UP = timedelta(hours=1)


@transaction.atomic
def copy_run_begin(
    *,
    actor: User,
    affiliate: Affiliate,
    zone: AdZone,
    products: Collection[Product],
    channel: str,
    language: str,
    by_model: bool = False,
) -> CopyRun:
    """Write down what is to be done; `copy_run_go_on` does it. Raises Invalid (no product, too
    many, channel, language, not the affiliate's zone), WrongState while AT_ONCE others go on."""
    if channel not in Channel.values or language not in Language.values:
        raise Invalid(_("There are no texts for this channel or language."), field="channel")
    if zone.site.affiliate_id != affiliate.pk:
        raise Invalid(_("This ad zone is not yours."), field="zone")
    if not 0 < len(products) <= PRODUCTS:
        raise Invalid(_("Choose between one and %(most)d products.") % {"most": PRODUCTS})
    Affiliate.objects.select_for_update(no_key=True).only("pk").get(pk=affiliate.pk)
    if CopyRun.objects.filter(affiliate=affiliate, ended_at=None).count() >= AT_ONCE:
        raise WrongState(_("Texts are being made already. Wait until they are there."))
    run = CopyRun.objects.create(
        affiliate=affiliate, zone=zone, channel=channel, language=language, by_model=by_model,
        actor=actor, total=len(products),
    )  # fmt: skip
    CopyRunLine.objects.bulk_create(CopyRunLine(run=run, product=one) for one in products)
    return run


def copy_run_go_on(*, run_pk: int) -> None:
    """Do what is left of it. May come twice, late, or after a worker died: a line is done once."""
    run = CopyRun.objects.select_related("affiliate", "zone__site__affiliate", "actor").get(
        pk=run_pk
    )
    for line in (
        run.lines.filter(done=False)
        .order_by("pk")
        .select_related("product__shop__merchant", "product__category")
    ):
        with override((run.actor and run.actor.language) or settings.LANGUAGE_CODE):
            variant, why_not, note = _written(run, line.product)
        _settle(run, line, variant, why_not, note)
    CopyRun.objects.filter(pk=run_pk, ended_at=None).update(
        ended_at=clock.now(), updated_at=clock.now()
    )


def _written(run: CopyRun, product: Product) -> tuple[CopyVariant | None, str, str]:
    """The product's text, or why there is none; and the note on a model."""
    try:
        wrote = copy_write(
            actor=run.actor,
            affiliate=run.affiliate,
            product=product,
            zone=run.zone,
            channel=run.channel,
            language=run.language,
            by_model=run.by_model,
            drawn_only=True,
        )
    except DomainError as refusal:
        return None, str(refusal), ""
    variant = wrote.variants[-1]  # the model's, where it wrote one
    (ready,) = ready_of([variant])
    return variant, joined(*ready.why), wrote.note


@transaction.atomic
def _settle(
    run: CopyRun, line: CopyRunLine, variant: CopyVariant | None, why_not: str, note: str
) -> None:
    """Who writes the line first counts it."""
    waiting = CopyRunLine.objects.filter(pk=line.pk, done=False)
    if waiting.update(variant=variant, why_not=why_not[:300], done=True):
        CopyRun.objects.filter(pk=run.pk).update(done=F("done") + 1, updated_at=clock.now())
    if note:
        CopyRun.objects.filter(pk=run.pk).update(note=note[:200])


def copy_runs_due() -> list[int]:
    """Those that nobody goes on with: their worker died, or the message was lost. One that was
    tried for an hour ends as it is."""
    now = clock.now()
    CopyRun.objects.filter(ended_at=None, created_at__lt=now - GIVEN_UP).update(ended_at=now)
    stalled = CopyRun.objects.filter(ended_at=None, updated_at__lt=now - STALLED)
    return list(stalled.order_by("pk").values_list("pk", flat=True))
