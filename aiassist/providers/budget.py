"""What models may read, write and cost in a business day."""

from django.conf import settings

from aiassist.models import MILLION, Why
from aiassist.providers.words import NotAnswered, Usage
from aiassist.queries.prompt_runs import spent_today

BYTES = 3  # of a text to a token at most, as far as we have seen


def tokens(text: str) -> int:
    """About so many."""
    return len(text.encode()) // BYTES


def cost_millionths(usage: Usage) -> int:
    """In millionths of a minor unit, exactly."""
    llm = settings.LLM
    return usage.read * llm["PRICE_IN_MINOR"] + usage.written * llm["PRICE_OUT_MINOR"]


def check(prompt: str) -> None:
    """NotAnswered where the question and the longest answer could go beyond today's budget.

    Questions that are asked at the same moment do not see each other: they may go over by what
    they take. A token is three bytes of a prompt at most, as far as we have seen.
    """
    llm = settings.LLM
    most = Usage(tokens(prompt), llm["MAX_TOKENS"])
    spent = spent_today(llm["CURRENCY"])
    if spent.tokens + most.read + most.written > llm["TOKENS_PER_DAY"]:
        raise NotAnswered(Why.BUDGET)
    limit = llm["COST_PER_DAY_MINOR"] * MILLION
    if limit and spent.cost_millionths + cost_millionths(most) > limit:
        raise NotAnswered(Why.BUDGET)
