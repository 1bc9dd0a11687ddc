"""The slate: which products take part, on whose word, and at which rates for the time.

Operations choose products (by filter or by file); merchants propose theirs to the mechanics that
take proposals, and operations decide. What a merchant promises counts from its own word on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import User
from alliance.kernel.templatetags import alliance as say
from campaigns.models import Campaign, CampaignState, SlateItem, SlateState
from campaigns.notices import proposal_tell
from campaigns.queries import opens_to_merchants
from campaigns.slates import facts_of, objections
from merchants.feeds.table import Table
from merchants.models import MerchantMember, Product, ProductState
from merchants.queries import may_act_for

MOST = 20_000  # products on one slate
MOST_ROWS = 20_000  # rows of a file
RUNNING = (
    CampaignState.DRAFT,
    CampaignState.SCHEDULED,
    CampaignState.LIVE,
    CampaignState.PAUSED,
)
_OURS = ("product", "product id", "product_id")
_SHOPS = ("shop product id", "external_id", "id", "商品id", "商品编号")
_SHOP = ("shop", "shop id", "shop_id", "店铺")


@transaction.atomic
def slate_add(
    *, actor: User, campaign: Campaign, products: QuerySet[Product] | Sequence[int], how: str = ""
) -> int:
    """Products on sale in the campaign's currency join its slate; how many are new there. Those on
    it already, proposed or rejected stay as they are, and what the actor's own merchant sells is
    for somebody else to add. `how` they were chosen goes into the trail.

    Raises WrongState for a campaign that is over, Invalid beyond MOST products.
    """
    _alive(campaign)
    if not isinstance(products, QuerySet):
        products = Product.objects.filter(pk__in=products)
    fitting = products.filter(currency=campaign.currency, state=ProductState.ON_SALE)
    own = MerchantMember.objects.filter(user=actor).values("merchant")
    fitting = fitting.exclude(shop__merchant__in=own)
    if campaign.merchant_id:  # it is that merchant's alone
        fitting = fitting.filter(shop__merchant=campaign.merchant_id)
    taken = SlateItem.objects.filter(campaign=campaign).values("product")
    chosen = list(
        fitting.exclude(pk__in=taken).order_by("pk").values_list("pk", flat=True)[: MOST + 1]
    )
    if campaign.slate.count() + len(chosen) > MOST:
        raise Invalid(_("A slate holds at most %(most)s products.") % {"most": say.number(MOST)})
    made = SlateItem.objects.bulk_create(
        (SlateItem(campaign=campaign, product_id=pk) for pk in chosen), ignore_conflicts=True
    )
    if made:
        audit.record("campaign.slate_added", campaign, actor=actor, count=len(made), how=how)
    return len(made)


@transaction.atomic
def slate_remove(*, actor: User, item: SlateItem, reason: str) -> None:
    """Take a product off. Of a published campaign the row stays, with the reason: orders of the
    past have it as their evidence. Raises WrongState if it is not on the slate."""
    _alive(item.campaign)
    on_it = SlateItem.objects.filter(pk=item.pk, state=SlateState.APPROVED)
    if item.campaign.state == CampaignState.DRAFT:
        gone = on_it.delete()[0]
    else:
        gone = on_it.update(state=SlateState.REJECTED, decided_by=actor, reason=_reason(reason))
    if not gone:
        raise WrongState
    audit.record(
        "campaign.slate_removed",
        item.campaign,
        actor=actor,
        product=item.product_id,
        reason=reason.strip(),
    )


@dataclass(slots=True)
class SlateFile:
    """What a file said: keys of the products found; of each other row its number, its words and
    why it names none."""

    products: list[int] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)


def slate_read(*, campaign: Campaign, file: BinaryIO) -> SlateFile:
    """Products named in a CSV file: by our own number (column `product id`), or by the shop's
    (`shop product id`, with `shop` where shops share numbers). Nothing is written.

    Raises Invalid where the file is no table, has none of these columns or too many rows.
    """
    table = Table(file)
    names = {name.strip().lower(): name for name in reversed(table.header)}
    ours, shops, shop = (
        next((names[name] for name in known if name in names), None)
        for known in (_OURS, _SHOPS, _SHOP)
    )
    if ours is None and shops is None:
        raise Invalid(_("The file needs a column “product id” or “shop product id”."), field="file")
    said: list[tuple[int, str, str, str]] = []
    for frame in table.chunks():
        for number, cells in zip(frame.index, frame.to_dict("records"), strict=True):
            own = str(cells[ours]) if ours else ""
            theirs = str(cells[shops]) if shops else ""
            said.append((int(number), own, theirs, str(cells[shop]) if shop else ""))
        if len(said) > MOST_ROWS:
            raise Invalid(
                _("A file holds at most %(most)s rows.") % {"most": say.number(MOST_ROWS)}
            )
    return _matched(campaign, said)


def _matched(campaign: Campaign, said: list[tuple[int, str, str, str]]) -> SlateFile:
    own = {int(text) for _n, text, _t, _s in said if text.isdecimal() and len(text) < 19}
    theirs = {text for _n, own_text, text, _s in said if text and not own_text}
    rows = Product.objects.select_related("shop")
    by_pk = rows.in_bulk(own)
    by_external: dict[str, list[Product]] = {}
    for product in rows.filter(external_id__in=theirs).order_by("pk"):
        by_external.setdefault(product.external_id, []).append(product)
    file = SlateFile()
    seen: set[int] = set()
    for number, own_text, external, shop in said:
        key = int(own_text) if own_text.isdecimal() and len(own_text) < 19 else 0
        found = [by_pk[key]] if key in by_pk else []
        if not own_text:
            found = by_external.get(external, [])
            if shop:
                found = [one for one in found if shop in (str(one.shop_id), one.shop.name)]
        fault = _fault(campaign, found, seen)
        if fault:
            words = " · ".join(filter(None, (own_text, external, shop)))
            file.faults.append((number, words, fault))
        else:
            seen.add(found[0].pk)
            file.products.append(found[0].pk)
    return file


def _fault(campaign: Campaign, found: list[Product], seen: set[int]) -> str:
    if not found:
        return gettext("No product has this number.")
    if len(found) > 1:
        return gettext("Several shops have a product of this number: name the shop.")
    (product,) = found
    if product.pk in seen:
        return gettext("It stands further up already.")
    if product.currency != campaign.currency:
        return gettext("It is sold in another currency.")
    if product.state != ProductState.ON_SALE:
        return gettext("It is not on sale.")
    return ""


# --- What merchants propose -----------------------------------------------------------------------


@transaction.atomic
def slate_propose(
    *,
    actor: User,
    campaign: Campaign,
    product: Product,
    rate_bps: int | None = None,
    service_bps: int = 0,
    price_minor: int | None = None,
) -> SlateItem:
    """A merchant's product for a campaign that takes proposals: its whole commission rate, the
    host's service fee and its price for the time. Operations decide; one that was rejected may be
    proposed again.

    Raises NotAllowed for anybody but the product's merchant, WrongState while the campaign takes
    none or has it already, Invalid for a rate out of bounds or below what it pays now, and for
    what the mechanic asks of a product and this one lacks.
    """
    if not may_act_for(actor, product.shop.merchant_id):
        raise NotAllowed
    if not opens_to_merchants(campaign, product.shop.merchant_id):
        raise WrongState(_("This campaign takes no proposals now."))
    _check_terms(campaign, product, rate_bps, service_bps, price_minor)
    offered = facts_of(product, rate_bps=rate_bps, service_bps=service_bps, price_minor=price_minor)
    if against := objections(campaign, offered):
        raise Invalid(say.joined(*against), field="rate")
    item, made = SlateItem.objects.select_for_update().get_or_create(
        campaign=campaign,
        product=product,
        defaults={"state": SlateState.PROPOSED, "proposed_by": actor},
    )
    if not made and item.state != SlateState.REJECTED:
        raise WrongState(_("This product is proposed already."))
    item.state, item.reason, item.decided_by = SlateState.PROPOSED, "", None
    item.rate_bps, item.service_bps, item.price_minor = rate_bps, service_bps, price_minor
    item.proposed_by, item.agreed_at = actor, clock.now()
    item.save()
    audit.record(
        "campaign.proposed",
        campaign,
        actor=actor,
        product=product.pk,
        rate_bps=rate_bps,
        service_bps=service_bps,
        price_minor=price_minor,
    )
    return item


def _check_terms(
    campaign: Campaign,
    product: Product,
    rate_bps: int | None,
    service_bps: int,
    price_minor: int | None,
) -> None:
    if product.state != ProductState.ON_SALE or product.currency != campaign.currency:
        raise Invalid(_("Only products on sale in the campaign's currency."), field="product")
    most = settings.ALLIANCE["RATE_MAX_BPS"]
    if rate_bps is not None and not settings.ALLIANCE["RATE_MIN_BPS"] <= rate_bps <= most:
        raise Invalid(_("This rate is out of bounds."), field="rate")
    if rate_bps is not None and rate_bps < product.rate_bps:
        raise Invalid(
            _("A campaign only raises the rate; the product has a higher one now."), field="rate"
        )
    if not 0 <= service_bps <= most:
        raise Invalid(_("This fee is out of bounds."), field="service")
    if price_minor is not None and not 0 < price_minor <= product.price_minor:
        raise Invalid(_("The price in the campaign is at most the present one."), field="price")


@transaction.atomic
def slate_withdraw(*, actor: User, item: SlateItem) -> None:
    """The merchant takes back a proposal that nobody has decided. Raises WrongState otherwise."""
    if not may_act_for(actor, item.product.shop.merchant_id):
        raise NotAllowed
    if not SlateItem.objects.filter(pk=item.pk, state=SlateState.PROPOSED).delete()[0]:
        raise WrongState
    audit.record("campaign.withdrawn", item.campaign, actor=actor, product=item.product_id)


@transaction.atomic
def slate_decide(*, actor: User, item: SlateItem, accept: bool, reason: str = "") -> None:
    """Operations take a proposal or reject it, with the reason that its merchant will read.

    Raises NotAllowed for whoever belongs to its merchant, WrongState if it was decided meanwhile
    or the campaign is over.
    """
    _alive(item.campaign)
    if MerchantMember.objects.filter(merchant=item.product.shop.merchant_id, user=actor).exists():
        raise NotAllowed(_("You belong to this merchant: somebody else must decide."))
    state = SlateState.APPROVED if accept else SlateState.REJECTED
    said = reason.strip() if accept else _reason(reason)
    proposed = SlateItem.objects.filter(pk=item.pk, state=SlateState.PROPOSED)
    if not proposed.update(state=state, decided_by=actor, reason=said, updated_at=clock.now()):
        raise WrongState
    event = audit.record(
        "campaign.decided",
        item.campaign,
        actor=actor,
        product=item.product_id,
        accepted=accept,
        reason=said,
    )
    proposal_tell(item, event, accepted=accept, reason=said)


@transaction.atomic
def slate_agree(*, actor: User, items: Iterable[SlateItem]) -> int:
    """The merchant's word for what operations wrote for its products (a clone's rates); how many.
    Orders placed from now on have them. Raises NotAllowed for another's product."""
    count = 0
    for item in items:
        if not may_act_for(actor, item.product.shop.merchant_id):
            raise NotAllowed
        waiting = SlateItem.objects.filter(
            pk=item.pk, state=SlateState.APPROVED, agreed_at=None, updated_at=item.updated_at
        )
        if waiting.update(agreed_at=clock.now()):
            count += 1
            audit.record(
                "campaign.terms_agreed",
                item.campaign,
                actor=actor,
                product=item.product_id,
                rate_bps=item.rate_bps,
                service_bps=item.service_bps,
            )
    if not count:
        raise WrongState
    return count


def _alive(campaign: Campaign) -> None:
    if campaign.state not in RUNNING:
        raise WrongState(_("This campaign is over."))


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid(_("Please give the reason."), field="reason")
    return reason.strip()[:300]
