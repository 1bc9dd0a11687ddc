"""Everything that may be looked up, by name: the assistant's table, and that of any other door
that lets a program ask.

A tool reads, within the scope that it is called with, through the same queries as our pages; it
changes nothing. Its links lead to pages of ours that its asker may open. A new one: a function in
the module of its noun, a line here, patterns in `assistant.intents`.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from aiassist.assistant.tools import affiliate, campaigns, merchant, products
from aiassist.assistant.tools.words import (
    Args,
    InPeriod,
    Link,
    Nothing,
    Number,
    Result,
    Scope,
    Tool,
)
from alliance.kernel.models import Side
from commissions import queries

_ORDER = "618-2001"  # of the examples, in any language

__all__ = ["TOOLS", "Args", "Link", "Result", "Scope", "Tool", "examples_for", "tools_for"]

_OF_AFFILIATES: tuple[Tool[Any], ...] = (
    Tool(
        "order_explain",
        Side.AFFILIATE,
        "Why an order with this number is, or is not, attributed to the affiliate.",
        "commissions:read",
        _("Why was order 618-2001 not mine?"),
        Number,
        affiliate.order_explain,
    ),
    Tool(
        "products_find",
        Side.AFFILIATE,
        "Products that can be promoted now, with the affiliate's rate and earning on each.",
        "products:read",
        _("Which products pay over 15% and have a coupon?"),
        products.Products,
        products.products_find,
    ),
    Tool(
        "products_for_me",
        Side.AFFILIATE,
        "Products that suit the affiliate by what its links brought, with reasons.",
        "products:read",
        _("What should I promote?"),
        Nothing,
        products.products_for_me,
    ),
    Tool(
        "money_when",
        Side.AFFILIATE,
        "Balances, the day and amount of the next settlement, and what stops a withdrawal.",
        "commissions:read",
        _("When is my money paid?"),
        Nothing,
        affiliate.money_when,
    ),
    Tool(
        "earnings",
        Side.AFFILIATE,
        "Orders and estimated commission of a period, the period before, and the best products.",
        "reports:read",
        _("How much did I earn last month?"),
        InPeriod,
        affiliate.earnings,
    ),
    Tool(
        "campaigns_open",
        Side.AFFILIATE,
        "Campaigns and tasks that go on, what they pay, what is missing for more.",
        "products:read",
        _("Which campaigns can I join?"),
        Nothing,
        campaigns.campaigns_open,
    ),
    Tool(
        "tasks_likely",
        Side.AFFILIATE,
        "How likely each open task is to be completed, how sure that is, and its expected value.",
        "reports:read",
        _("Which tasks will I make?"),
        Nothing,
        campaigns.tasks_likely,
    ),
    Tool(
        "week_plan",
        Side.AFFILIATE,
        "A draft for the next seven days: which product to share when, and campaigns that turn.",
        "products:read",
        _("Draft this week's plan."),
        Nothing,
        campaigns.week_plan,
    ),
    Tool(
        "rates_changed",
        Side.AFFILIATE,
        "Commission rates that were announced in the last seven days.",
        "products:read",
        _("Which rates have changed?"),
        Nothing,
        affiliate.rates_changed,
    ),
    Tool(
        "affiliate_todo",
        Side.AFFILIATE,
        "What waits for the affiliate: offers, decisions, codes that end.",
        "commissions:read",
        _("What is there to do?"),
        Nothing,
        affiliate.todo,
    ),
)
_OF_MERCHANTS: tuple[Tool[Any], ...] = (
    Tool(
        "roi_why",
        Side.MERCHANT,
        "How the return on commission changed against the period before, and through what.",
        "reports:read",
        _("Why did my return fall?"),
        InPeriod,
        merchant.roi_why,
    ),
    Tool(
        "sales",
        Side.MERCHANT,
        "Orders and sales that affiliates brought in a period, the period before, and their cost.",
        "reports:read",
        _("How are my sales?"),
        InPeriod,
        merchant.sales,
    ),
    Tool(
        "affiliates_best",
        Side.MERCHANT,
        "The affiliates that brought most sales in a period, with cost and return.",
        "reports:read",
        _("Which affiliates bring most?"),
        InPeriod,
        merchant.affiliates_best,
    ),
    Tool(
        "products_best",
        Side.MERCHANT,
        "The products that sold most through affiliates in a period, with cost and return.",
        "reports:read",
        _("Which products sell best?"),
        InPeriod,
        merchant.products_best,
    ),
    Tool(
        "wallet",
        Side.MERCHANT,
        "The wallet's balance, what is reserved, and how long it lasts.",
        "wallet:read",
        _("How long does my wallet last?"),
        Nothing,
        merchant.wallet,
    ),
    Tool(
        "order_show",
        Side.MERCHANT,
        "An order of the merchant's by its exact number: state, who brought it, its cost.",
        "orders:read",
        _("Who brought order 618-2001?"),
        Number,
        merchant.order_show,
    ),
    Tool(
        "plans_now",
        Side.MERCHANT,
        "The open plans and what each pays for the whole shop.",
        "products:read",
        _("Which rates do my plans pay?"),
        merchant.Rate,
        merchant.plans_now,
    ),
    Tool(
        "merchant_todo",
        Side.MERCHANT,
        "What waits for the merchant: money, applications, imports, refunds.",
        "wallet:read",
        _("What waits for me?"),
        Nothing,
        merchant.todo,
    ),
)
TOOLS: dict[str, Tool[Any]] = {tool.name: tool for tool in (*_OF_AFFILIATES, *_OF_MERCHANTS)}


def examples_for(scope: Scope) -> list[str]:
    """What people can ask: first what answers as it stands, last about the newest order of theirs,
    if there is one."""
    tools = sorted(tools_for(scope), key=_wants_number)
    newest = _newest(scope)
    return [
        str(tool.example).replace(_ORDER, newest)
        for tool in tools
        if newest or not _wants_number(tool)
    ]


def _wants_number(tool: Tool[Any]) -> bool:
    return "number" in tool.args.model_fields


def _newest(scope: Scope) -> str:
    """The number of the newest order that the asker may look up; "" for none."""
    if scope.side == Side.AFFILIATE:
        mine = queries.commissions_for(scope.user).filter(affiliate=scope.affiliate)[:1]
        return next((one.line.order.external_id for one in mine), "")
    sold = queries.lines_sold_for(scope.user).filter(order__merchant=scope.merchant)
    return next((line.order.external_id for line in sold.prefetch_related(None)[:1]), "")


def tools_for(scope: Scope) -> list[Tool[Any]]:
    """What may be looked up in this scope."""
    return [tool for tool in TOOLS.values() if tool.side == scope.side]
