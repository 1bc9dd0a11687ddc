"""Texts as they can be taken now, or why they cannot: facts filled in, held to the check.

Nothing that was true once goes out again by itself: whatever is shown was read a moment ago.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from affiliates.models import Link
from affiliates.promised import promised
from affiliates.services.standing import (
    affiliate_must_be_active,
    site_must_stand,
    why_not,
    zone_must_not_be_frozen,
)
from aiassist.copy.check import Channel, Level, Verdict, check
from aiassist.copy.known import Known, known_of
from aiassist.copy.slots import filled, slots_in
from aiassist.models import CopyTake, CopyVariant
from alliance.kernel import clock
from alliance.kernel.errors import WrongState
from campaigns.sharing import shares_of
from merchants.models import Product

_COUPON = {"price_after_coupon", "coupon_amount", "coupon_code", "coupon_end"}


@dataclass(frozen=True, slots=True)
class Ready:
    """`text` can be taken as of `as_of`; "" where it is withdrawn, and `why` says the reasons.
    `look`: what a person should look at before it goes out."""

    variant: CopyVariant
    known: Known
    text: str
    why: Sequence[str] = ()
    look: Sequence[str] = ()

    @property
    def withdrawn(self) -> bool:
        return not self.text

    @property
    def as_of(self) -> datetime:
        return self.known.facts.as_of

    @property
    def subject(self) -> str:
        """Of an e-mail: its first line."""
        return self.text.partition("\n")[0] if self._is_mail else ""

    @property
    def body(self) -> str:
        return self.text.partition("\n")[2].strip() if self._is_mail else self.text

    @property
    def _is_mail(self) -> bool:
        return bool(self.variant.channel == Channel.EMAIL)


def ready_of(variants: Collection[CopyVariant]) -> list[Ready]:
    """In their order. They come with what `queries.copies.variants_for` brings along."""
    made = []
    for variant, known, barred in _looked_at(variants):
        why = [*barred, *_lacking(variant.text, known)]
        if why:
            made.append(Ready(variant, known, "", why))
            continue
        verdict = judged(filled(variant.text, known.values), variant, known)
        made.append(_judged(variant, known, verdict))
    return made


def judged(text: str, variant: CopyVariant, known: Known) -> Verdict:
    facts = known.facts
    return check(text, facts, Channel(variant.channel), variant.language, facts.as_of)


def _judged(variant: CopyVariant, known: Known, verdict: Verdict) -> Ready:
    said = list(dict.fromkeys(finding.why for finding in verdict.findings))
    if verdict.usable is not None:
        return Ready(variant, known, verdict.usable)
    if verdict.blocked:
        return Ready(variant, known, "", said)
    return Ready(variant, known, verdict.text, look=said)


def reasons_against(takes: Collection[CopyTake]) -> dict[int, list[str]]:
    """By taken text why it is to be taken back now: nothing, if it is still true as it stands."""
    against: dict[int, list[str]] = {}
    looked = _looked_at([take.variant for take in takes])
    for take, (variant, known, barred) in zip(takes, looked, strict=True):
        found = judged(take.text, variant, known).findings
        blocked = (one.why for one in found if one.level == Level.BLOCK)
        against[take.pk] = [*barred, *dict.fromkeys(blocked)]
    return against


def _looked_at(
    variants: Collection[CopyVariant],
) -> Iterator[tuple[CopyVariant, Known, list[str]]]:
    """Each with what is known of its product now, and why it may not be promoted."""
    now = clock.now()
    links = {variant.link_id: variant.link for variant in variants}
    shares = {share.link.pk: share for share in shares_of(list(links.values()))}
    pays = _pays(variants, now)
    for variant in variants:
        known = known_of(shares[variant.link_id], variant.product, variant.language, now)
        yield variant, known, _barred(variant.link, variant.product, pays[variant.product_id])


def _pays(variants: Collection[CopyVariant], now: datetime) -> dict[int, bool]:
    """Whether anything is promised for the products, which are all one affiliate's to promote."""
    products: dict[int, Product] = {one.product_id: one.product for one in variants}
    affiliates = {one.affiliate_id for one in variants}
    if not affiliates:
        return {}
    (affiliate,) = affiliates
    return {pk: bool(one) for pk, one in promised(products.values(), affiliate, now).items()}


def _barred(link: Link, product: Product, pays: bool) -> list[str]:
    """Why nothing may be promoted through the link, whatever the text says."""
    why = [said for must in _standing(link) if (said := _refusal(must))]
    if link.paused_at:
        why.append(_("The link is paused."))
    if said := why_not(product):
        why.append(said)
    elif not pays:
        why.append(_("No commission is promised for this product now."))
    return why


def _standing(link: Link) -> list[Callable[[], None]]:
    return [
        lambda: affiliate_must_be_active(link.affiliate),
        lambda: site_must_stand(link.zone.site),
        lambda: zone_must_not_be_frozen(link.zone),
    ]


def _refusal(must: Callable[[], None]) -> str:
    try:
        must()
    except WrongState as refusal:
        return str(refusal)
    return ""


def _lacking(text: str, known: Known) -> list[str]:
    """Facts that the text needs and nobody knows now."""
    lacks = slots_in(text) - set(known.values)
    why = []
    if lacks & _COUPON:
        why.append(_("The coupon is over, used up, or another kind of coupon now."))
    if "campaign" in lacks:
        why.append(_("The campaign is over."))
    if "sold_30d" in lacks:
        why.append(_("Too few were sold lately to name a number."))
    others = sorted(lacks - _COUPON - {"campaign", "sold_30d"})
    if others:
        why.append(_("Nothing is known for: %(slots)s") % {"slots": ", ".join(others)})
    return why
