"""Why an affiliate stands out, in sentences: for the desk, and as evidence of a case."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aiassist.models import RiskScore
from aiassist.risk import LOOKS, SIGNS, Facet, Sign
from alliance.kernel.money import percent
from alliance.kernel.templatetags.alliance import number
from commissions.models import ViolationType
from commissions.templatetags.books import day

# What the sign counts, in a sentence with k and n, and what the case would be for.
SAID = {
    Sign.RING: (
        _("%(k)s of %(n)s orders came from addresses that several of its buyers share."),
        ViolationType.FAKE_TRADE,
    ),
    Sign.AGAIN: (
        _("%(k)s of %(n)s orders came from buyers who ordered four times or more in a month."),
        ViolationType.FAKE_TRADE,
    ),
    Sign.LATE: (
        _("%(k)s of %(n)s orders came more than five days after their click."),
        ViolationType.ABNORMAL,
    ),
    Sign.IDLE: (_("%(n)s clicks brought only %(k)s orders."), ViolationType.ABNORMAL),
    Sign.HASTY: (
        _("%(k)s of %(n)s orders came less than 20 seconds after their click."),
        ViolationType.HIJACK,
    ),
    Sign.RETURNED: (
        _("%(k)s of %(n)s settled orders were refunded after the settlement."),
        ViolationType.FAKE_TRADE,
    ),
    Sign.HEAP: (
        _(
            "%(k)s of %(n)s orders had nearly the same amount, in the last two days of a month or "
            "campaign, beyond what it sells alike at other times."
        ),
        ViolationType.SERIES,
    ),
}

# What is looked at, the words of where its bands meet or of the bands themselves, and what the case
# would be for.
_LESS, _MORE = _("less than %(to)s"), _("%(first)s or more")
_FROM_TO = _("%(first)s to less than %(to)s")
_MOMENTS = (
    _("20 seconds"), _("1 minute"), _("3 minutes"), _("10 minutes"), _("30 minutes"), _("2 hours"),
    _("8 hours"), _("1 day"), _("5 days"),
)  # fmt: skip
FACETS = {
    Facet.AFTER: (_("From click to order"), _MOMENTS, ViolationType.ABNORMAL),
    Facet.WEEKEND: (
        _("Day of the order"), (_("Monday to Friday"), _("weekend")), ViolationType.ABNORMAL,
    ),
    Facet.GAP: (
        _("Time since its order before, of the average"),
        ("1 %", "10 %", "50 %", "150 %", "400 %"), ViolationType.FAKE_TRADE,
    ),
    Facet.CLOSE: (
        _("Days until a month or campaign closes"), ("2", "7", "14"), ViolationType.SERIES,
    ),
    Facet.HANDS: (
        _("Orders of the same buyer in a month"), ("2", "3", "4", "7"), ViolationType.FAKE_TRADE,
    ),
    Facet.HOME: (
        _("Buyers at the same address"), ("2", "4"), ViolationType.FAKE_TRADE,
    ),
    Facet.ELSEWHERE: (
        _("Other affiliates with orders of the buyer"), ("1", "2", "4"), ViolationType.FAKE_TRADE,
    ),
    Facet.AROUND: (
        _("Other affiliates with orders from the address"), ("1", "2", "5"),
        ViolationType.FAKE_TRADE,
    ),
    Facet.ALIKE: (
        _("Orders of nearly the same amount within two days"), ("2", "4", "8"),
        ViolationType.SERIES,
    ),
    Facet.PRODUCT: (
        _("Product"), (_("another"), _("the one it sells most")), ViolationType.FAKE_TRADE,
    ),
    Facet.RECEIVED: (
        _("Days until the goods were received"), ("½", "1", "2", "4", "8"),
        ViolationType.FAKE_TRADE,
    ),
    Facet.FATE: (
        _("What became of settled orders"),
        (_("kept"), _("refunded before the settlement"), _("refunded after the settlement")),
        ViolationType.FAKE_TRADE,
    ),
    Facet.CLICKS: (
        _("What became of clicks"), (_("an order"), _("no order")), ViolationType.ABNORMAL,
    ),
    Facet.VISITORS: (
        _("Who clicked"), (_("somebody new that day"), _("the same again")),
        ViolationType.ABNORMAL,
    ),
}  # fmt: skip
OF_CLICKS = (Facet.CLICKS, Facet.VISITORS)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A finding as it is shown. Rates in basis points; `at` says where on a bar."""

    sentence: str
    usual: str
    bps: int
    usual_bps: int
    low_bps: int
    high_bps: int
    peers: int

    @property
    def scale(self) -> int:
        """The rate at the end of the bar: all, or a round part that shows the difference."""
        most = max(self.bps, self.high_bps)
        return next(end for end in (100, 500, 1_000, 2_500, 5_000, 10_000) if end >= most)

    @property
    def at(self) -> dict[str, str]:
        """Where on the bar, in percent: the affiliate, the usual rate, between what most peers."""
        return {
            name: f"{bps * 100 / self.scale:.1f}"
            for name, bps in (
                ("own", self.bps),
                ("usual", self.usual_bps),
                ("low", self.low_bps),
                ("wide", self.high_bps - self.low_bps),
            )
        }


def doubts_of(score: RiskScore) -> Iterator[Doubt]:
    """The strongest first."""
    for finding in score.findings:
        k, n = finding["k"], finding["n"]
        yield Doubt(
            sentence=_sentence(finding),
            usual=_usual(finding),
            bps=round(k * 10_000 / n),
            usual_bps=finding["usual_bps"],
            low_bps=finding["low_bps"],
            high_bps=finding["high_bps"],
            peers=finding["peers"],
        )


def first_doubt(score: RiskScore) -> str:
    return _sentence(score.findings[0])


def evidence_of(score: RiskScore) -> str:
    """For the case: what was counted and what is usual, and nothing of scores or thresholds."""
    said = [f"{one.sentence} {one.usual}" for one in doubts_of(score)]
    since = gettext("Looked at: your orders of the 90 days until %(day)s.")
    return "\n".join([since % {"day": day(score.day)}, *said])[:2000]


def reason_of(sign: str) -> ViolationType:
    """What a case is for that rests on this sign or facet most."""
    return FACETS[Facet(sign)][2] if sign in FACETS else SAID[Sign(sign)][1]


def _sentence(finding: dict[str, Any]) -> str:
    said = _counted(finding)
    if finding.get("lately"):
        return gettext("Of the last 30 days: %(said)s") % {"said": said}
    return said


def _counted(finding: dict[str, Any]) -> str:
    counted = {"k": number(finding["k"]), "n": number(finding["n"])}
    if finding["sign"] not in FACETS:
        return str(SAID[Sign(finding["sign"])][0]) % counted
    facet = Facet(finding["sign"])
    words = (
        gettext("%(what)s, %(band)s: %(k)s of %(n)s clicks.")
        if facet in OF_CLICKS
        else gettext("%(what)s, %(band)s: %(k)s of %(n)s orders.")
    )
    band = _band(facet, finding["first"], finding["end"])
    return words % {"what": FACETS[facet][0], "band": band, **counted}


def _band(facet: Facet, first: int, end: int) -> str:
    """Where the bands from `first` to before `end` lie."""
    words, bands = FACETS[facet][1], LOOKS[facet].bands
    if len(words) == bands:
        return " + ".join(str(word) for word in words[first:end])
    if first == 0:
        return str(_LESS) % {"to": words[end - 1]}
    if end == bands:
        return str(_MORE) % {"first": words[first - 1]}
    return str(_FROM_TO) % {"first": words[first - 1], "to": words[end - 1]}


def _usual(finding: dict[str, Any]) -> str:
    sign = finding["sign"]
    if sign not in FACETS and SIGNS[Sign(sign)].few:
        words = gettext("Among those alike, usually %(usual)s of the clicks bring one.")
    else:
        words = gettext("Among those alike it is usually %(usual)s.")
    return words % {"usual": percent(finding["usual_bps"])}
