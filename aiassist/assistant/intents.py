"""What a question means, without a model: by words, in English, Chinese and German.

The first line of the side's table that fits decides. What is written into a question can choose
among that side's tools and fill their arguments, and nothing else.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple

from django.conf import settings

from aiassist import guard
from alliance.kernel.models import Side
from alliance.kernel.money import Money

Asked = dict[str, Any]


class Meant(NamedTuple):
    """The tool, and what to ask it with."""

    tool: str
    args: Asked


def meant(side: Side, question: str) -> Meant | None:
    """None where no line fits, or what the tool needs was not said."""
    text = " ".join(unicodedata.normalize("NFKC", guard.seen(question)).split())
    for tool, read, patterns in _TABLE[side]:
        if re.search("|".join(patterns), text, re.IGNORECASE) and (args := read(text)) is not None:
            return Meant(tool, args)
    return None


# --- What was said along with it ---


def nothing(text: str) -> Asked:
    return {}


_NUMBER = re.compile(r"(?<![\w.%-])(?=[\w-]*\d)[a-zA-Z0-9][\w-]{3,63}(?![\w%])", re.ASCII)


_NAMED = re.compile(
    r"(?:order|number|订单号?|单号|bestellung|bestellnummer|auftrag)\s*[#:]?\s*"
    r"((?=[\w-]*\d)[a-z0-9][\w-]{0,63})",
    re.ASCII | re.IGNORECASE,
)


def number(text: str) -> Asked | None:
    """The order's number: what stands right after that word, or the longest with a digit in it."""
    found = _NAMED.findall(text) or _NUMBER.findall(text)
    return {"number": max(found, key=len)} if found else None


_PERIODS = (
    ("last_month", r"last month|previous month|上个?月|letzte[nrms]? monat|vorigen monat|vormonat"),
    ("month", r"this month|本月|这个?月|diese[nrms]? monat"),
    ("last_week", r"last week|previous week|上一?周|上个?星期|letzte[nr]? woche|vorige[nr]? woche"),
    ("week", r"this week|本周|这一?周|这个?星期|diese[rn]? woche"),
    ("90", r"\b90\b|quarter|90\s*天|季度|quartal"),
    ("7", r"\b7\b|seven days|7\s*天|七天|sieben tage"),
)


def period(text: str) -> Asked:
    for name, pattern in _PERIODS:
        if re.search(pattern, text, re.IGNORECASE):
            return {"period": name}
    return {}


_RATE = re.compile(r"(\d{1,2}(?:[.,]\d{1,2})?)\s*(?:%|percent|prozent|个点)|百分之\s*(\d{1,2})")
_PRICE = re.compile(
    r"(?:under|below|up to|cheaper than|at most|unter|bis zu|höchstens|低于|不超过|最多)"
    r"\s*[¥€$]?\s*(\d{1,9}(?:[.,]\d{1,2})?)(?!\s*[%\d.,])"
    r"|(\d{1,9})\s*[元块]以[下内]"
)
# What stands around the goods in a question: everything that these leave is looked for.
_AROUND = re.compile(
    r"""which|what|show(\ me)?|find(\ me)?|list|are\ there|products?|items?|goods|that|with|have|has
    |pay(s|ing)?|earn(s|ing)?|commissions?|rates?|over|above|more|than|at\ least|under|below|up\ to
    |cheaper|most|stock|left|available|can\ be\ had|still|and|or|in|of|the|a|an|me|for|percent
    |coupons?|please|to\ promote|promote|i|should|could|can|do|any|best|highest|on|sale|to
    |welche[rsn]?|was|zeig(e|en)?|finde|gibt\ es|produkte?|artikel|die|der|das|den|mit|haben|hat
    |zahlen|zahlt|bringen|bringt|provision(en)?|über|mehr|als|mindestens|unter|bis\ zu|höchstens
    |lager|noch|auf|verfügbar|lieferbar|erhältlich|sind|und|oder|von|für|prozent|gutschein(en|e)?
    |bitte|mir|ich|kann|soll|zu|haben|satz|sätze|einem|einer|ein|eine|es""",
    re.VERBOSE,
)
_AROUND_ZH = re.compile(
    "哪些|什么|哪个|有没有|有哪些|给我|帮我|看看|找找?|一下|商品|产品|货|佣金率?|比例|返佣|高于|超过|大于|以上|至少"
    "|不低于|不超过|低于|以下|以内|最多|并且|而且|还有|库存|有货|现货|在售|可推|可以|推广|优惠券|带券|有券|的|和|且|吗|呢"
    "|请|我|能|最高|在|个点|百分之|元|块"
)


def products(text: str) -> Asked:
    """Filters, and as words what is left when the question's own are taken away."""
    asked: Asked = {}
    text = text.lower()
    if found := _RATE.search(text):
        asked["rate_from_bps"] = min(_hundredths(found[1] or found[2]), 10_000)
    if found := _PRICE.search(text):
        amount = (found[1] or found[2]).replace(",", ".")
        asked["price_to_minor"] = Money.parse(amount, settings.ALLIANCE["CURRENCY"]).minor
    if re.search("coupon|gutschein|券", text):
        asked["coupon_only"] = True
    if re.search("cheap|günstig|便宜", text):
        asked["sort"] = "price"
    asked["words"] = _goods(text)
    return asked


def rate(text: str) -> Asked:
    """The rate that somebody thinks of."""
    found = _RATE.search(text)
    return {"rate_bps": _hundredths(found[1] or found[2])} if found else {}


def _hundredths(text: str) -> int:
    whole, _dot, part = text.replace(",", ".").partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def _goods(text: str) -> str:
    plain = _PRICE.sub(" ", _RATE.sub(" ", text))
    plain = _AROUND_ZH.sub(" ", plain)
    words = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", plain)
    goods = (word for word in words if not (_AROUND.fullmatch(word) or len(word.encode()) == 1))
    return " ".join(goods)[:60]


# --- The tables: a tool, what is read from a question about it, and how one is known ---

_ORDER = (r"\border\b", r"订单|单号", r"bestell(ung|nummer)|auftrag")
_TODO = (
    r"to.?do\b|waits? for me|there to do|what next",
    r"待办|要做什么|需要处理|等我处理",
    r"offene? (aufgaben|punkte)|zu tun|wartet auf",
)
_TABLE: dict[Side, tuple[tuple[str, Callable[[str], Asked | None], tuple[str, ...]], ...]] = {
    Side.AFFILIATE: (
        ("order_explain", number, _ORDER),
        (
            "week_plan",
            nothing,
            (
                r"\bplan\b.*week|week.*\bplan",
                r"(周|星期).*计划|计划.*(周|星期)|排期",
                r"wochenplan|plan.*woche|woche.*plan",
            ),
        ),
        ("affiliate_todo", nothing, _TODO),
        (
            "money_when",
            nothing,
            (
                r"(bank|payout|payment|alipay|paypal) (account|details)|\biban\b",
                r"银行卡|(银行|收款|提现|打款)(账户|账号)",
                r"(bank|auszahlungs|zahlungs)konto|bankverbindung|kontonummer|kontodaten",
                r"(when|why).*(money|paid|payout|payment|settle)|withdraw|balance",
                r"(什么时候|何时|几号|多久).*(钱|结算|打款|付)|提现|到账|余额|打款",
                r"wann.*(geld|gezahlt|abgerechnet|bezahlt)|auszahl|guthaben|abheb",
            ),
        ),
        (
            "tasks_likely",
            nothing,
            (
                r"tasks?\b.*(make|likely|manage|complete|reach|chance|odds|worth)",
                r"(likely|odds|chance|worth|complete|reach).*tasks?\b",
                r"任务.*(能|完成|达成|概率|把握|几率|值得|希望)|(能|概率|把握|几率|值得).*任务",
                r"(schaff|wahrscheinlich|chance|erreich|lohn).*aufgabe",
                r"aufgabe.*(schaff|wahrscheinlich|chance|erreich|lohn)",
            ),
        ),
        (
            "campaigns_open",
            nothing,
            (r"campaigns?|\btasks?\b|bonus", r"活动|任务", r"kampagne|aktion|aufgabe"),
        ),
        (
            "rates_changed",
            nothing,
            (
                r"(rate|commission).*(chang|new|raise|cut)|(chang|new).*rates?",
                r"(佣金|比例).*(变|调整|更新)|(变|调整).*(佣金|比例)",
                r"(satz|sätze|provision).*(geändert|neu|änder)|(geändert|neue).*(satz|sätze)",
            ),
        ),
        (
            "earnings",
            period,
            (
                r"(how much|what).*(earn|make|made|income)|earnings|my income",
                r"(赚|挣)了?多少|收入|收益",
                r"verdien|einnahmen",
            ),
        ),
        (
            "products_for_me",
            nothing,
            (
                r"(what|which).*should i (promote|share)|suits? me|for me\b|recommend",
                r"推荐|适合我|推什么|该推",
                r"empfiehl|empfehl|was soll ich|passt zu mir",
            ),
        ),
        (
            "products_find",
            products,
            (
                r"which .+|show|find|products?|goods|coupon",
                r"哪些|商品|产品|找|券|佣金",
                r"welche.? .+|zeig|produkt|artikel|gutschein",
            ),
        ),
    ),
    Side.MERCHANT: (
        ("order_show", number, _ORDER),
        (
            "roi_why",
            period,
            (
                r"\broi\b|\broas\b|return|why.*(sales|commission)",
                r"投产|回报|为什么.*(销售|佣金)",
                r"rendite|warum.*(umsatz|provision)",
            ),
        ),
        (
            "wallet",
            nothing,
            (
                r"wallet|balance|top.?up|how long.*money",
                r"预存款|钱包|余额|充值|还能用多久",
                r"guthaben|aufladen|geldbörse|kontostand",
            ),
        ),
        ("merchant_todo", nothing, _TODO),
        (
            "plans_now",
            rate,
            (r"\brates?\b|\bplans?\b", r"计划|佣金率|比例", r"sätze|satz\b|pläne?\b"),
        ),
        (
            "affiliates_best",
            period,
            (
                r"(affiliate|partner|who).*\b(best|most|top)\b|\b(best|top) (affiliate|partner)",
                r"推广者|推广员|达人|淘客",
                r"wer bringt|(affiliate|partner).*(meist|beste)|beste.*(affiliate|partner)",
            ),
        ),
        (
            "products_best",
            period,
            (
                r"(product|goods|what).*(sell|best|most)|bestsell",
                r"(商品|产品|什么).*(卖|销|最)|畅销|爆款",
                r"(produkt|artikel|was).*(verkauf|läuft|meist|best)",
            ),
        ),
        (
            "sales",
            period,
            (
                r"\bsales\b|turnover|revenue|how much.*(sold|sell)|how.*business",
                r"销售|销量|营业额|生意|业绩|卖了多少|卖得",
                r"verkäufe|verkauft|umsatz|umsätze|wie läuft (es|mein|das geschäft)",
            ),
        ),
    ),
}
