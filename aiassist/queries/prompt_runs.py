"""What models were asked."""

from dataclasses import dataclass

from django.db.models import F, Sum

from aiassist.models import PromptRun
from alliance.kernel import clock


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one business day: tokens read and written, their cost in millionths of a minor unit."""

    tokens: int
    cost_millionths: int


def spent_today(currency: str) -> Spent:
    runs = PromptRun.objects.filter(at__gte=clock.day_start(clock.business_day()))
    tokens = runs.aggregate(sum=Sum(F("tokens_in") + F("tokens_out")))["sum"]
    cost = runs.filter(currency=currency).aggregate(sum=Sum("cost_millionths"))["sum"]
    return Spent(tokens or 0, cost or 0)
