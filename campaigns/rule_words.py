"""A campaign's terms in words and figures, as people read them."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from affiliates.models import AffiliateKind
from alliance.kernel.columns import Text
from alliance.kernel.money import Money, hundredths, percent
from alliance.kernel.templatetags.alliance import number
from campaigns.mechanics import MECHANICS
from campaigns.mechanics.words import Input, RuleField
from campaigns.models import Campaign
from merchants.models import Category

Line = tuple[Text, list[str]]  # what it is, and what it says: several where it is a list
AMOUNTS = ("daily_minor", "per_order_minor", "per_affiliate_minor", "per_affiliate_day_minor")


def rule_lines(campaign: Campaign) -> Iterator[Line]:
    """The rules of its mechanic; those that do not matter as it stands are left out."""
    for rule in MECHANICS[campaign.kind].fields:
        if rule.when and str(campaign.rules.get(rule.when[0])) != str(rule.when[1]):
            continue
        said = _said(rule, campaign.rules.get(rule.name), campaign.currency)
        if any(said):
            yield rule.label, said


def limit_lines(campaign: Campaign) -> Iterator[Line]:
    """How far it reaches, where it has an end."""
    for name in (*AMOUNTS, "orders_per_affiliate", "pieces"):
        limit = getattr(campaign, name)
        if limit is not None:
            field: Any = Campaign._meta.get_field(name)
            money = name in AMOUNTS
            said = Money(limit, campaign.currency).localized() if money else number(limit)
            yield field.verbose_name, [said]


def audience_lines(campaign: Campaign) -> Iterator[Line]:
    """Whose orders count."""
    labels = dict(AffiliateKind.choices)
    kinds = ", ".join(str(labels.get(kind, kind)) for kind in campaign.kinds)
    yield _("kinds"), [kinds or _("all")]
    if campaign.least_tier:
        yield _("from tier"), [str(campaign.least_tier)]
    if campaign.self_buying:
        yield _("own purchases"), [_("are counted")]


def _said(rule: RuleField, value: Any, currency: str) -> list[str]:
    """One rule's value: 200 %, ¥20.00, yes; of rows one sentence each."""
    if value is None or value == "":
        return []
    match rule.input:
        case Input.RATE:
            return [percent(value)]
        case Input.AMOUNT:
            return [Money(value, currency).localized()] if value else []
        case Input.CENTI:
            return [hundredths(value)]
        case Input.COUNT:
            return [number(value)]
        case Input.FLAG:
            return [_("yes") if value else _("no")]
        case Input.CHOICE:
            return [str(dict(rule.choices).get(value, value))]
        case Input.TIME:
            return [value[:5]]
        case Input.ROWS:
            return [_row(rule, row, currency) for row in value]
        case _ if rule.name == "category":
            known = Category.objects.filter(slug=value).first()
            return [known.name if known else value]
        case _:
            return [str(value)]


def _row(rule: RuleField, row: dict[str, Any], currency: str) -> str:
    """“Orders 5 · Reward ¥12.00”; what is zero because it is not meant is left out."""
    cells = [
        f"{cell.label} {' '.join(_said(cell, row.get(cell.name), currency))}"
        for cell in rule.rows
        if row.get(cell.name) not in (None, "", 0, False)
    ]
    return " · ".join(cells)
