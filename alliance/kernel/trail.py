"""The audit trail in words: what was done, for people who do not know our verbs."""

from collections.abc import Callable

from django.apps import apps
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

# By the whole verb where one noun needs words of its own, else by what comes after its dot.
DEEDS: dict[str, Promise] = {
    "accepted": pgettext_lazy("audit", "Accepted"),
    "added": pgettext_lazy("audit", "Added"),
    "affiliate.tax_profile": pgettext_lazy("audit", "Tax details entered"),
    "agreed": pgettext_lazy("audit", "Agreed to"),
    "announced": pgettext_lazy("audit", "Announced"),
    "appealed": pgettext_lazy("audit", "Appealed against"),
    "application_lapsed": pgettext_lazy("audit", "Application lapsed"),
    "applied": pgettext_lazy("audit", "Applied"),
    "application_withdrawn": pgettext_lazy("audit", "Application withdrawn"),
    "approved": pgettext_lazy("audit", "Approved"),
    "assigned": pgettext_lazy("audit", "Assigned"),
    "auto_received": pgettext_lazy("audit", "Taken as received"),
    "began": pgettext_lazy("audit", "Began"),
    "begun": pgettext_lazy("audit", "Begun"),
    "built": pgettext_lazy("audit", "Built"),
    "bulk": pgettext_lazy("audit", "Change of many products begun"),
    "category_set": pgettext_lazy("audit", "Put into another category"),
    "changed": pgettext_lazy("audit", "Changed"),
    "closed": pgettext_lazy("audit", "Closed"),
    "created": pgettext_lazy("audit", "Created"),
    "credit_limit": pgettext_lazy("audit", "Credit line changed"),
    "decided": pgettext_lazy("audit", "Proposal decided"),
    "discarded": pgettext_lazy("audit", "Discarded"),
    "dismissed": pgettext_lazy("audit", "Dismissed"),
    "done": pgettext_lazy("audit", "Done"),
    "downloaded": pgettext_lazy("audit", "Downloaded"),
    "drafted": pgettext_lazy("audit", "Drafted"),
    "drawn": pgettext_lazy("audit", "Lots drawn"),
    "dropped": pgettext_lazy("audit", "Dropped"),
    "ended": pgettext_lazy("audit", "Ended"),
    "evaluated": pgettext_lazy("audit", "Evaluated"),
    "evidence": pgettext_lazy("audit", "Evidence added"),
    "expired": pgettext_lazy("audit", "Expired"),
    "extended": pgettext_lazy("audit", "Later end set"),
    "failed": pgettext_lazy("audit", "Failed"),
    "fetch_asked": pgettext_lazy("audit", "Fetch asked for"),
    "filed": pgettext_lazy("audit", "Filed"),
    "finished": pgettext_lazy("audit", "Finished"),
    "first_steps_hidden": pgettext_lazy("audit", "First steps put away"),
    "granted": pgettext_lazy("audit", "Granted"),
    "invoice_noted": pgettext_lazy("audit", "Invoice noted"),
    "issued": pgettext_lazy("audit", "Issued"),
    "kept": pgettext_lazy("audit", "Kept for review"),
    "lapsed": pgettext_lazy("audit", "Lapsed"),
    "locked": pgettext_lazy("audit", "Rate locked"),
    "low_balance": pgettext_lazy("audit", "Wallet low: told"),
    "low_balance_set": pgettext_lazy("audit", "Warning level of the wallet set"),
    "made": pgettext_lazy("audit", "Made"),
    "matched": pgettext_lazy("audit", "Matched"),
    "member_added": pgettext_lazy("audit", "Member added"),
    "member_approved": pgettext_lazy("audit", "Application approved"),
    "member_changed": pgettext_lazy("audit", "Role of a member changed"),
    "member_chosen": pgettext_lazy("audit", "Affiliate chosen"),
    "member_left": pgettext_lazy("audit", "Plan left"),
    "member_rejected": pgettext_lazy("audit", "Application refused"),
    "member_removed": pgettext_lazy("audit", "Member removed"),
    "missing_decided": pgettext_lazy("audit", "Decided on missing products"),
    "not_sent": pgettext_lazy("audit", "Not sent"),
    "offered": pgettext_lazy("audit", "Offered"),
    "opened": pgettext_lazy("audit", "Opened"),
    "order_asked_for": pgettext_lazy("audit", "Asked where an order is"),
    "paid": pgettext_lazy("audit", "Paid"),
    "paused": pgettext_lazy("audit", "Paused"),
    "picked": pgettext_lazy("audit", "Products picked by score"),
    "prepared": pgettext_lazy("audit", "Prepared"),
    "product.restored": pgettext_lazy("audit", "Put on sale again"),
    "product.withdrawn": pgettext_lazy("audit", "Taken off sale"),
    "proposed": pgettext_lazy("audit", "Product proposed"),
    "published": pgettext_lazy("audit", "Published"),
    "quit": pgettext_lazy("audit", "Left"),
    "read": pgettext_lazy("audit", "Read in"),
    "received": pgettext_lazy("audit", "Received"),
    "recorded": pgettext_lazy("audit", "Recorded"),
    "raise_asked": pgettext_lazy("audit", "Greater budget asked for"),
    "raise_refused": pgettext_lazy("audit", "Greater budget refused"),
    "refused": pgettext_lazy("audit", "Refused"),
    "rejected": pgettext_lazy("audit", "Rejected"),
    "released": pgettext_lazy("audit", "Released"),
    "remitted": pgettext_lazy("audit", "Paid on"),
    "reopened": pgettext_lazy("audit", "Reopened"),
    "requested": pgettext_lazy("audit", "Requested"),
    "resolved": pgettext_lazy("audit", "Resolved"),
    "resumed": pgettext_lazy("audit", "Resumed"),
    "returned": pgettext_lazy("audit", "Came back"),
    "revoked": pgettext_lazy("audit", "Revoked"),
    "rule_dropped": pgettext_lazy("audit", "Rule of admission dropped"),
    "rule_set": pgettext_lazy("audit", "Rule of admission set"),
    "saved": pgettext_lazy("audit", "Saved"),
    "scored": pgettext_lazy("audit", "Scored"),
    "sending": pgettext_lazy("audit", "Being sent"),
    "set": pgettext_lazy("audit", "Set"),
    "shown": pgettext_lazy("audit", "Looked at"),
    "slate_added": pgettext_lazy("audit", "Products put on the slate"),
    "slate_removed": pgettext_lazy("audit", "Product taken off the slate"),
    "special_fee_set": pgettext_lazy("audit", "Special fee set"),
    "terms_agreed": pgettext_lazy("audit", "Promise agreed to"),
    "topped_up": pgettext_lazy("audit", "Budget raised"),
    "upheld": pgettext_lazy("audit", "Upheld"),
    "voided": pgettext_lazy("audit", "Called off"),
    "withdrawn": pgettext_lazy("audit", "Proposal taken back"),
    "wound_up": pgettext_lazy("audit", "Wound up"),
}

# What the data of an event is called where it is no field of what it happened to.
NAMES: dict[str, Promise] = {
    "name": pgettext_lazy("audit", "name"),
    "kind": pgettext_lazy("audit", "kind"),
    "reason": pgettext_lazy("audit", "reason"),
    "count": pgettext_lazy("audit", "count"),
    "how": pgettext_lazy("audit", "how"),
    "changes": pgettext_lazy("audit", "changes"),
    "product": pgettext_lazy("audit", "product"),
    "merchant": pgettext_lazy("audit", "merchant"),
    "affiliate": pgettext_lazy("audit", "affiliate"),
    "affiliates": pgettext_lazy("audit", "affiliates"),
    "amount": pgettext_lazy("audit", "amount"),
    "budget": pgettext_lazy("audit", "budget"),
    "total": pgettext_lazy("audit", "total"),
    "before": pgettext_lazy("audit", "before"),
    "returned": pgettext_lazy("audit", "gone back"),
    "reserved": pgettext_lazy("audit", "reserved"),
    "rate": pgettext_lazy("audit", "rate"),
    "price": pgettext_lazy("audit", "price"),
    "number": pgettext_lazy("audit", "number"),
    "found": pgettext_lazy("audit", "found"),
    "service": pgettext_lazy("audit", "service fee"),
    "accepted": pgettext_lazy("audit", "accepted"),
    "joined": pgettext_lazy("audit", "joined"),
    "rejected": pgettext_lazy("audit", "rejected"),
    "waiting": pgettext_lazy("audit", "waiting"),
    "cloned_from": pgettext_lazy("audit", "cloned from"),
    "size": pgettext_lazy("audit", "how many"),
    "mode": pgettext_lazy("audit", "how they are given"),
    "barred": pgettext_lazy("audit", "affiliates left out"),
    "entered": pgettext_lazy("audit", "entered"),
    "winners": pgettext_lazy("audit", "winners"),
}

# How the codes in some fields are told ("campaigns.campaign.kind"), by who knows their words.
CODES: dict[str, Callable[[str], Promise | str]] = {}


def model_of(label: str) -> type[Model] | None:
    """Of what an event keeps by name ("campaigns.campaign"); None for a model that is gone."""
    try:
        return apps.get_model(label)
    except LookupError:
        return None


def deed(verb: str) -> Promise | str:
    """“Published” for "campaign.published"; a verb that no code writes any more stays as it is."""
    return DEEDS.get(verb) or DEEDS.get(verb.rpartition(".")[2]) or verb
