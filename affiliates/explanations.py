"""The receipt of an attribution in the reader's words (affiliates.attribution writes it)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from affiliates.models import Affiliate, Attribution
from alliance.kernel.money import percent
from alliance.kernel.templatetags.alliance import moment
from merchants import plans

# Why the line is somebody's or nobody's. %(days)d is the window, %(seconds)d the stand-down.
DECISIONS = {
    "coupon": _(
        "The order used a coupon that was claimed through this affiliate, which goes before every "
        "click."
    ),
    "code": _("The order used a coupon code that is bound to this affiliate."),
    "same_product": _("It was the last click on this product before the order."),
    "same_shop": _(
        "There was no click on this product, so the last click in the same shop counts."
    ),
    "cross_shop": _(
        "There was no click in this shop, so the last click in another shop of the same event "
        "counts."
    ),
    "no_click_id": _(
        "The shop reported this order without a click id, so nobody can say who brought the buyer."
    ),
    "unknown_click": _("The shop reported a click id that was never issued here."),
    "click_of_another_shop": _("The reported click led to another shop."),
    "coupon_expired": _("The coupon had expired when the order was placed."),
    "coupon_used": _("The coupon was used by another order."),
    "code_ended": _(
        "The shop reported a coupon code that was not bound to anybody any more when the order was "
        "placed."
    ),
    "code_not_yet": _(
        "The shop reported a coupon code that was bound to somebody only after the order was "
        "placed."
    ),
    "too_old": _(
        "The click was more than %(days)d days before the order, and older ones do not count."
    ),
    "after_order": _("The click came after the order was placed."),
    "not_human": _("The click came from a bot or a link preview, not from a person."),
    "not_a_click": _("What was reported is not a click."),
    "stand_down": _(
        "The click came less than %(seconds)d seconds before the order, too fast for a person: it "
        "did not bring the buyer."
    ),
    "no_terms": _(
        "At the moment of the click no commission was promised for this product, so none is due."
    ),
    "affiliate_not_active": _("The affiliate had left the alliance when the order came in."),
}
# Why one click among several lost.
DEFEATS = {
    "coupon_won": _("the order used a coupon that was claimed elsewhere"),
    "code_won": _("the order used a code that is bound to an affiliate, which goes before a click"),
    "click_won": _("a click goes before a code"),
    "code_ended": _("it was not bound any more when the order was placed"),
    "code_not_yet": _("it was bound only after the order was placed"),
    "coupon_expired": _("the coupon had expired when the order was placed"),
    "coupon_used": _("the coupon was used by another order"),
    "later_click": _("a later click counts instead"),
    "shop_click_won": _("a click in the shop itself counts instead"),
    "product_click_won": _("a click on the bought product itself counts instead"),
    "click_of_another_shop": _("it led to another shop"),
    "too_old": _("it was more than %(days)d days before the order"),
    "after_order": _("it came after the order was placed"),
    "not_human": _("it came from a bot or a link preview"),
    "not_a_click": _("it was not a click"),
    "stand_down": _("it came less than %(seconds)d seconds before the order"),
    "no_terms": _("no commission was promised for the product at that moment"),
    "affiliate_not_active": _("the affiliate had left the alliance"),
}
# What others had in the order when the buyer clicked. %(who)s, %(rate)s.
PARTS = {
    "special_fee": _(
        "Of this rate the platform keeps %(rate)s as a special service fee for orders of this site."
    ),
    "partner": _("%(who)s gets %(rate)s of the commission as partner, out of the agreed share."),
    "second_partner": _(
        "%(who)s gets %(rate)s of the commission as the partner's own partner, out of its part."
    ),
    "intermediary": _(
        "%(who)s looks after the plan; the merchant pays %(rate)s as service fee beside the "
        "commission."
    ),
}
_WHICH, _WHOSE = ("click_id",), ("affiliate_id", "code", "product_id")  # of what was looked at
IDENTITIES = {
    "coupon": _("The buyer was recognised by the coupon code that the shop reported."),
    "visitor": _("The buyer was recognised by the click id that the shop reported, "
                 "and by the cookie that this click carried."),
    "click_id": _("The buyer was recognised by the click id that the shop reported."),
    "none": "",
}  # fmt: skip


def explain(
    attribution: Attribution, *, viewer: Affiliate | None, staff: bool = False
) -> list[str]:
    """Sentences in the active language: the decision, the identity, each click, the terms, and
    the parts of others.

    `viewer` is the affiliate who reads; other affiliates appear only as "another affiliate". None
    is for who may know them (operations, the merchant): they appear by name and member id. Whom an
    affiliate shares with, a merchant need not know: that takes `staff`.
    """
    receipt = attribution.receipt
    rules = _rules(receipt)
    mine = {
        attribution.affiliate_id,
        attribution.partner_id,
        attribution.second_partner_id,
        attribution.intermediary_id,
    }
    concerned = viewer is None or viewer.pk in mine
    parts = receipt.get("parts", []) if concerned else []  # before policy 2 there were none
    known = _known(attribution, viewer)
    said = [
        DECISIONS[receipt["why"]] % rules,
        str(IDENTITIES[receipt["identity"]]),
        *(_sentence(click, rules, viewer, known) for click in receipt["looked_at"]),
    ]
    if receipt["more"]:
        said.append(gettext("%(count)d more clicks were looked at.") % {"count": receipt["more"]})
    said.append(_policy(receipt))
    said += plans.explain(receipt["terms"])
    said += [_part(part, viewer, known, staff) for part in parts]
    return [sentence for sentence in said if sentence]


def explain_to_outsider(attribution: Attribution, *, viewer: Affiliate) -> list[str]:
    """What an affiliate may hear of an order that is not theirs: the decision, and what became of
    their own clicks and codes. Nothing of other clicks (they are the buyer's business), nor of what
    the order is worth to anybody."""
    receipt = attribution.receipt
    rules = _rules(receipt)
    own = [seen for seen in receipt["looked_at"] if seen["affiliate_id"] == viewer.pk]
    said = [
        DECISIONS[receipt["why"]] % rules,
        *(_sentence(seen, rules, viewer, {}) for seen in own),
    ]
    if receipt["looked_at"] and not own:
        said.append(gettext("None of the clicks that were looked at came through you."))
    said.append(_policy(receipt))
    return [str(sentence) for sentence in said if sentence]


def receipt_of_affiliate(receipt: Mapping[str, Any], affiliate_pk: int) -> dict[str, Any]:
    """The receipt of an affiliate's own order as data, with no more than `explain` tells it: of
    others' clicks and codes when they came and why they lost, of others' parts how much. No click
    id: that of a claim is its buyer's coupon."""
    looked_at = [
        _without(seen, _WHICH if seen["affiliate_id"] == affiliate_pk else (*_WHICH, *_WHOSE))
        for seen in receipt.get("looked_at", [])
    ]
    parts = [
        part if part["code"] == "partner" else _without(part, ("affiliate_id",))
        for part in receipt.get("parts", [])
    ]
    return {**receipt, "looked_at": looked_at, "parts": parts}


def receipt_of_merchant(receipt: Mapping[str, Any], _merchant_pk: int) -> dict[str, Any]:
    """The same for the merchant: it may know through whom its buyers came, not by which click (who
    knows that could report it again), nor with whom they share."""
    looked_at = [_without(seen, _WHICH) for seen in receipt.get("looked_at", [])]
    parts = [
        _without(part, ("affiliate_id",)) if part["code"] in ("partner", "second_partner") else part
        for part in receipt.get("parts", [])
    ]
    return {**receipt, "looked_at": looked_at, "parts": parts}


def _without(said: Mapping[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in hidden}


def _rules(receipt: Mapping[str, Any]) -> dict[str, int]:
    """The figures of the policy; before rules 5 a receipt named only the window."""
    policy = receipt["policy"] if "rules" in receipt else receipt
    return {
        "days": policy["window_days"],
        "seconds": policy.get("stand_down_seconds", 0),
        "version": policy.get("version", 0),
    }


def _policy(receipt: Mapping[str, Any]) -> str:
    """By which terms it was decided; receipts before rules 5 do not say."""
    if "rules" not in receipt:
        return ""
    rules = _rules(receipt)
    if not rules["seconds"]:
        return (
            ngettext(
                "Version %(version)d of the attribution policy: clicks count for %(days)d day.",
                "Version %(version)d of the attribution policy: clicks count for %(days)d days.",
                rules["days"],
            )
            % rules
        )
    return (
        ngettext(
            "Version %(version)d of the attribution policy: clicks count for %(days)d day, but not "
            "in the last %(seconds)d seconds before the order.",
            "Version %(version)d of the attribution policy: clicks count for %(days)d days, but "
            "not in the last %(seconds)d seconds before the order.",
            rules["days"],
        )
        % rules
    )


def _known(attribution: Attribution, viewer: Affiliate | None) -> dict[int, str]:
    """The names that the reader may know: all of them, or those of their own relation.

    An affiliate and its partner know each other, and so do the partner and its own one; who looks
    after the plan knows only that.
    """
    if viewer is None:
        receipt = attribution.receipt
        told = {one["affiliate_id"] for one in receipt["looked_at"]}
        told |= {part.get("affiliate_id") for part in receipt.get("parts", [])}
    else:
        first = {attribution.affiliate_id, attribution.partner_id}
        second = {attribution.partner_id, attribution.second_partner_id}
        told = set().union(*(pair for pair in (first, second) if viewer.pk in pair))
    return dict(Affiliate.objects.filter(pk__in=told - {None}).values_list("pk", "name"))


def _part(
    part: Mapping[str, Any], viewer: Affiliate | None, known: Mapping[int, str], staff: bool
) -> str:
    who: int = part.get("affiliate_id", 0)  # 0: the alliance itself
    partner = part["code"] in ("partner", "second_partner")
    if viewer is not None and who == viewer.pk:
        name = gettext("Your team")
    elif who in known and (viewer or staff or not partner):
        name = known[who] if viewer else _who(who, viewer, known)
    else:
        name = gettext("A partner") if partner else gettext("An intermediary")
    return PARTS[part["code"]] % {"who": name, "rate": percent(part["bps"])}


def _sentence(
    click: Mapping[str, Any],
    rules: Mapping[str, int],
    viewer: Affiliate | None,
    names: Mapping[int, str],
) -> str:
    facts = {
        "who": _who(click["affiliate_id"], viewer, names),
        "when": moment(datetime.fromisoformat(click["touched_at"])),
    }
    if click["verdict"] != "won":
        facts["why"] = DEFEATS[click["why"]] % rules
    if "code" in click:
        return _code_sentence(click, facts, viewer)
    if click["verdict"] == "won":
        return gettext("%(when)s: click through %(who)s. It counts.") % facts
    return gettext("%(when)s: click through %(who)s. It does not count: %(why)s.") % facts


def _code_sentence(seen: Mapping[str, Any], facts: dict[str, str], viewer: Affiliate | None) -> str:
    """The code itself is told to those who know it: its affiliate and the merchant."""
    if viewer is not None and viewer.pk != seen["affiliate_id"]:
        if seen["verdict"] == "won":
            return gettext("A coupon code that is bound to %(who)s. It counts.") % facts
        return (
            gettext("A coupon code that is bound to %(who)s. It does not count: %(why)s.") % facts
        )
    facts["code"] = seen["code"]
    if seen["verdict"] == "won":
        return gettext("Coupon code %(code)s, bound to %(who)s. It counts.") % facts
    return gettext("Coupon code %(code)s, bound to %(who)s. It does not count: %(why)s.") % facts


def _who(affiliate_id: int, viewer: Affiliate | None, names: Mapping[int, str]) -> str:
    if viewer is None:
        return f"{names.get(affiliate_id, '?')} ({affiliate_id})"
    return gettext("you") if affiliate_id == viewer.pk else gettext("another affiliate")
