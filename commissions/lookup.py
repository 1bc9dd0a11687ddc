""" "Where is my order?": what an affiliate may hear about an order that is not on their list.

Only the exact number, only of shops that they promote, and only so many questions an hour: numbers
of other people's orders must not be worth guessing. The answer names no amount, no product, no
rate, no other affiliate, and nothing that the buyer did apart from clicks through the asker. Each
question is in the audit trail.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from affiliates.explanations import explain, explain_to_outsider
from affiliates.models import Affiliate
from alliance.kernel import audit, tries
from alliance.kernel.errors import DomainError
from alliance.kernel.models import User
from commissions import queries
from merchants.models import OrderLine

QUESTIONS_PER_HOUR = 30


class TooManyQuestions(DomainError):
    """Somebody seems to try out numbers."""

    code = "too_many_questions"
    status = 429
    message = _("Those were many questions in a short time. Try again in an hour.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one line. `commission_pk` and `title` are set when it is the asker's own."""

    shop: str
    placed_at: datetime
    sentences: list[str]
    commission_pk: int | None = None
    title: str = ""


def ask(*, user: User, affiliate: Affiliate, number: str) -> list[Answer]:
    """What may be said about the order of that exact number; nothing: no shop reported it.

    Raises TooManyQuestions.
    """
    _count(affiliate)
    lines = queries.lines_under_number(affiliate, number.strip())
    audit.record(
        "affiliate.order_asked_for",
        affiliate,
        actor=user,
        number=number.strip()[:64],
        found=len(lines),
    )
    answers = [_answer(line, affiliate) for line in lines]
    told: list[Answer] = []
    for answer in answers:  # several lines of an order mostly have one story
        if answer not in told:
            told.append(answer)
    return told


def _answer(line: OrderLine, affiliate: Affiliate) -> Answer:
    attribution = getattr(line, "attribution", None)
    payees = list(line.commissions.all())
    mine = next((due for due in payees if due.affiliate_id == affiliate.pk), None)
    if attribution is None:
        sentences = [gettext("The shop has reported it; it will be looked at within minutes.")]
    elif mine:
        sentences = explain(attribution, viewer=affiliate)
    else:
        sentences = explain_to_outsider(attribution, viewer=affiliate)
    if payees and not mine:
        sentences.insert(0, gettext("This order was brought by another affiliate."))
    return Answer(
        shop=line.order.shop.name,
        placed_at=line.order.placed_at,
        sentences=sentences,
        commission_pk=mine.pk if mine else None,
        title=line.title if mine else "",
    )


def _count(affiliate: Affiliate) -> None:
    """A team's questions together: a team may have as many members as it likes."""
    if tries.count(f"order-lookup:{affiliate.pk}", 3600) > QUESTIONS_PER_HOUR:
        raise TooManyQuestions
