"""One product's texts: written, edited by hand, taken away."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from affiliates.models import AdZone, Affiliate, Link
from affiliates.services import link_create
from aiassist import providers
from aiassist.copy import writer
from aiassist.copy.check import Channel, Language, check
from aiassist.copy.check.label import LABELS, labelled
from aiassist.copy.drafts import draft
from aiassist.copy.known import Known, known_of
from aiassist.copy.ready import Ready, judged, ready_of
from aiassist.copy.slots import SLOTS, filled, slots_in
from aiassist.models import Angle, CopyTake, CopyVariant, Origin, PromptRun
from aiassist.queries.contest import mark_of, stopped_angles
from aiassist.queries.copies import drawn_for
from alliance.kernel import clock, tries
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User
from alliance.kernel.templatetags.alliance import joined
from campaigns.sharing import shares_of
from merchants.models import Product

LONGEST = 5_000  # characters of an own text
A_DAY = 86_400  # seconds
ASKED_A_DAY = 300  # questions of an affiliate to a model: what a day may cost is for everybody


@dataclass(frozen=True, slots=True)
class Place:
    """What a text is for: which product, where it goes out, in which language, from which zone."""

    affiliate: Affiliate
    product: Product
    zone: AdZone
    channel: str
    language: str

    def link(self, actor: User | None, angle: str, author: str) -> Link:
        """The link of such texts alone: made if it is missing."""
        mark = mark_of(self.product.pk, self.channel, self.language, angle, author)
        link = link_create(
            actor=actor,
            affiliate=self.affiliate,
            zone=self.zone,
            product=self.product,
            subs={"sub5": mark},
        )
        link.product, link.shop = self.product, self.product.shop
        return link

    def known(self, link: Link) -> Known:
        (share,) = shares_of([link])
        return known_of(share, self.product, self.language, clock.now())


@dataclass(slots=True)
class Wrote:
    """The texts, and why no model wrote them where one should have; what it wrote and the check
    refused is counted."""

    variants: list[CopyVariant] = field(default_factory=list)
    note: str = ""
    refused: int = 0


def copy_write(
    *,
    actor: User | None,
    affiliate: Affiliate,
    product: Product,
    zone: AdZone,
    channel: str,
    language: str,
    by_model: bool = False,
    drawn_only: bool = False,
) -> Wrote:
    """A text for each angle, or for the drawn one only, by what is known now. Asking again with the
    same facts makes nothing new. A model's sentences stand beside ours, where it answers and the
    check lets them pass, ASKED_A_DAY times a day. Waits for a model: not inside a transaction.

    Raises Invalid (channel, language, not the affiliate's zone) and what `link_create` raises.
    """
    if channel not in Channel.values or language not in Language.values:
        raise Invalid(_("There are no texts for this channel or language."), field="channel")
    place = Place(affiliate, product, zone, channel, language)
    stopped = stopped_angles(affiliate, channel, language)
    drawn = drawn_for(affiliate, product.pk, channel, language, stopped)
    angles = [drawn] if drawn_only else Angle.values
    with transaction.atomic():
        known = place.known(place.link(actor, drawn, Origin.TEMPLATE))
        wrote = Wrote(
            [
                _kept(place, actor, angle, draft(language, channel, angle, known.values), drawn)
                for angle in angles
            ]
        )
    if by_model and providers.online():
        if tries.count(f"copy:model:{affiliate.pk}", A_DAY) > ASKED_A_DAY:
            wrote.note = _("The language model wrote enough for you today: our sentences stand.")
        else:
            _ask_model(place, actor, angles, known, drawn, wrote)
    return wrote


def _ask_model(
    place: Place,
    actor: User | None,
    angles: Collection[str],
    known: Known,
    drawn: str,
    wrote: Wrote,
) -> None:
    """What passes the check stands beside ours; what does not is left out, and counted."""
    written, done = writer.ask(
        product=place.product,
        language=place.language,
        known=known.values,
        affiliate=place.affiliate,
    )
    wrote.note = done.note
    with transaction.atomic():
        for angle in [one for one in angles if one in written]:
            text = draft(place.language, place.channel, angle, known.values, written[angle])
            if _passes(text, place, known):
                kept = _kept(place, actor, angle, text, drawn, Origin.MODEL, done.run)
                wrote.variants.append(kept)
            else:
                wrote.refused += 1
    if wrote.refused and not wrote.note:
        wrote.note = _("Some sentences of the language model did not pass the check: ours stand.")


def _passes(text: str, place: Place, known: Known) -> bool:
    said = filled(text, known.values)
    channel = Channel(place.channel)
    return check(said, known.facts, channel, place.language, known.facts.as_of).passes


def _kept(
    place: Place,
    actor: User | None,
    angle: str,
    text: str,
    drawn: str,
    origin: Origin = Origin.TEMPLATE,
    run: PromptRun | None = None,
) -> CopyVariant:
    """The newest text of its link if it is this one, else a new one."""
    link = place.link(actor, angle, origin)
    is_drawn = angle == drawn
    last = CopyVariant.objects.filter(link=link).order_by("-pk").first()
    if last and last.text == text and (last.drawn or not is_drawn):
        return last
    return CopyVariant.objects.create(
        **_of(place), link=link, angle=angle, origin=origin, drawn=is_drawn, text=text, run=run,
        made_by=actor,
    )  # fmt: skip


def _of(place: Place) -> Mapping[str, object]:
    return {
        "affiliate": place.affiliate,
        "product": place.product,
        "channel": place.channel,
        "language": place.language,
    }


@transaction.atomic
def copy_edit(*, actor: User, variant: CopyVariant, text: str) -> CopyVariant:
    """The affiliate's own words, kept beside the text they came out of; labelled if they are not.

    Raises Invalid: too long, an unknown slot, no way to the product, or what the check blocks, with
    its reasons. What it wants looked at is kept, and said where the text is shown.
    """
    text = text.replace("\r\n", "\n").strip()
    _must_be_a_text(text)
    if not labelled(text, variant.language):
        text = LABELS[variant.language] + text
    place = Place(
        variant.affiliate, variant.product, variant.link.zone, variant.channel, variant.language
    )
    known = place.known(variant.link)
    if lacks := sorted(slots_in(text) - set(known.values)):
        raise Invalid(
            _("The product has nothing now for %(slots)s. Leave it out, or use another fact.")
            % {"slots": ", ".join(f"{{{slot}}}" for slot in lacks)},
            field="text",
        )
    verdict = judged(filled(text, known.values), variant, known)
    if verdict.blocked:
        why = joined(*dict.fromkeys(one.why for one in verdict.findings))
        raise Invalid(_("This may not go out: %(why)s") % {"why": why}, field="text")
    author = f"{Origin.OWN}.{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    link = place.link(actor, variant.angle, author)
    held = CopyVariant.objects.filter(link=link).first()
    return held or CopyVariant.objects.create(
        **_of(place), link=link, angle=variant.angle, origin=Origin.OWN, text=text,
        edits=variant, findings=[one.rule for one in verdict.findings], made_by=actor,
    )  # fmt: skip


def _must_be_a_text(text: str) -> None:
    if not 0 < len(text) <= LONGEST:
        raise Invalid(
            _("Between one and %(most)d characters, please.") % {"most": LONGEST}, field="text"
        )
    if unknown := sorted(slots_in(text) - SLOTS):
        raise Invalid(
            _("There is no such fact: %(slots)s. Take one from the list of facts.")
            % {"slots": ", ".join(f"{{{slot}}}" for slot in unknown)},
            field="text",
        )
    if not slots_in(text) & {"link", "share_code"}:
        raise Invalid(
            _("Leave {link} or {share_code} in it: it leads to the product and pays you."),
            field="text",
        )


@transaction.atomic
def copy_take(*, actor: User, variant: CopyVariant) -> CopyTake:
    """Somebody takes the text as it is now. WrongState if it is withdrawn."""
    (ready,) = ready_of([variant])
    if ready.withdrawn:
        raise WrongState(joined(*ready.why))
    (take,) = _taken(actor, [ready])
    return take


@transaction.atomic
def copies_take(*, actor: User, variants: Sequence[CopyVariant]) -> list[CopyTake]:
    """Somebody takes all of them at once; those that are withdrawn are left out."""
    return _taken(actor, [one for one in ready_of(variants) if not one.withdrawn])


def _taken(actor: User, texts: Sequence[Ready]) -> list[CopyTake]:
    """A text that was taken last as it is now is not taken again."""
    variants = [one.variant.pk for one in texts]
    last = CopyTake.objects.filter(variant__in=variants).order_by("variant", "-pk")
    before = {take.variant_id: take for take in last.distinct("variant")}
    return [
        before[one.variant.pk]
        if one.variant.pk in before and before[one.variant.pk].text == one.text
        else CopyTake.objects.create(variant=one.variant, text=one.text, taken_by=actor)
        for one in texts
    ]
