"""Sentences by a language model: with slots, without figures, in the same shapes as our own."""

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from affiliates.models import Affiliate
from aiassist import providers
from aiassist.copy.check import Language, neutralised
from aiassist.copy.drafts import Words, words_of
from aiassist.copy.slots import FACTS, has_digit, slots_in
from aiassist.models import Angle
from aiassist.providers import Completed
from merchants.models import Product

_NAMED = {"zh": "simplified Chinese", "de": "German, with polite Sie", "en": "English"}
_ABOUT = {
    Angle.PRICE: "the price and what the coupon saves",
    Angle.USE: "who may need it and for what",
    Angle.SEASON: "why now: the season or the campaign",
    Angle.TRUST: "a reason to trust: how many were sold, which shop sells it",
}
# Prices, coupon and label stand in a line of their own already.
_OFFERED = FACTS - {"coupon_code", "coupon_end", "price"}


def _in_slots(sentence: str) -> str:
    if has_digit(sentence):
        raise ValueError("no figures: facts stand in slots")
    rest = sentence
    for name in slots_in(sentence):
        rest = rest.replace(f"{{{name}}}", "")
    if slots_in(sentence) - _OFFERED or {"{", "}"} & set(rest):
        raise ValueError("only the slots that were named")
    return " ".join(sentence.split())


Sentence = Annotated[
    str, StringConstraints(min_length=4, max_length=240), AfterValidator(_in_slots)
]


class Written(BaseModel):
    """One text of an angle: the first sentence, and what follows it."""

    angle: Literal["price", "use", "season", "trust"]
    lead: Sentence
    more: Sentence


class WrittenTexts(BaseModel):
    texts: list[Written] = Field(min_length=1, max_length=len(Angle.values))


def ask(
    *,
    product: Product,
    language: str,
    known: Collection[str],
    affiliate: Affiliate,
) -> tuple[dict[str, Words], Completed[WrittenTexts]]:
    """By angle a model's sentences with slots of `known` facts; none where it did not answer, and
    why in the answer's `note`. Only where `providers.online`; not inside a transaction."""
    slots = sorted(_OFFERED & set(known))
    done = providers.complete(
        purpose="copy",
        instructions=_instructions(language, slots),
        facts={
            "title": neutralised(product.title),
            "category": product.category.name_en if product.category else "",
            "brand": neutralised(product.brand),
        },
        schema=WrittenTexts,
        offline=lambda: _ours(language, known),
        whom=affiliate,
    )
    if done.note:
        return {}, done
    written: dict[str, Words] = {
        one.angle: Words(one.lead, one.more)
        for one in done.value.texts
        if slots_in(one.lead + one.more) <= set(slots)
    }
    return written, done


def _ours(language: str, known: Collection[str]) -> WrittenTexts:
    ours = {angle: words_of(language, angle, known) for angle in Angle.values}
    return WrittenTexts.model_construct(
        texts=[
            Written.model_construct(angle=angle, lead=one.lead, more=one.more)
            for angle, one in ours.items()
        ]
    )


def _instructions(language: str, slots: list[str]) -> str:
    about = "; ".join(f"{angle}: {words}" for angle, words in _ABOUT.items())
    return (
        f"Write short advertising sentences in {_NAMED[Language(language).value]} about the "
        f"product. One text for each angle ({about}): a first sentence `lead` and one or two that "
        "follow it, `more`. Facts stand in slots, which are filled in later: "
        + ", ".join(f"{{{name}}}" for name in slots)
        + ". Use a slot wherever such a fact is said, and {title_short} in each lead. Write no "
        "digit and no number in words, no link, no label, no superlative, no promise of an effect."
    )
