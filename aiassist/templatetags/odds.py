"""The odds of a task, beside it wherever it is shown to an affiliate."""

from typing import Any

from django import template

from aiassist.tasks_ahead import Told, told_of
from commissions.taking_part import Card

register = template.Library()


@register.inclusion_tag("aiassist/odds_line.html", takes_context=True)
def odds_line(context: template.Context, card: Card) -> dict[str, Any]:
    """The chance of the task's next step, with a bar; nothing where nothing was reckoned. One
    statement for all tasks of a page."""
    return {"told": _all(context).get(card.campaign.pk) if card.is_task and card.running else None}


def _all(context: template.Context) -> dict[int, Told]:
    request: Any = context["request"]
    if not hasattr(request, "odds_told"):
        request.odds_told = told_of(request.affiliate)
    told: dict[int, Told] = request.odds_told
    return told
