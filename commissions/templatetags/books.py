"""What only pages of the money say: signed amounts, days, ratios."""

from datetime import date, datetime, timedelta

from babel.dates import format_date
from babel.numbers import format_decimal
from django import template
from django.utils.translation import get_language, gettext, ngettext, to_locale

from alliance.kernel import clock
from alliance.kernel.money import Money
from commissions import queries
from commissions.models import Commission
from merchants.models import OrderLine

register = template.Library()


def _locale() -> str:
    return to_locale(get_language() or "en")


@register.filter
def signed(amount: Money) -> str:
    """A change: "+¥3.00", "−¥3.00", and a dash for none."""
    if not amount:
        return "–"
    sign = "+" if amount.minor > 0 else "−"
    return sign + Money(abs(amount.minor), amount.currency).localized()


@register.filter
def due(line: OrderLine) -> Commission | None:
    """The commission of whoever brought the line."""
    return queries.due_of(line)


@register.filter
def cost(line: OrderLine) -> str:
    """What the line costs its merchant."""
    return queries.cost_of(line).localized()


@register.filter
def day(value: date | None) -> str:
    """A business day in the reader's way of writing."""
    return "–" if value is None else format_date(value, "medium", locale=_locale())


@register.filter
def ratio(centi: int | None) -> str:
    """Hundredths → "8.33"; a dash where there is nothing to compare."""
    if centi is None:
        return "–"
    # Hundredths are exact in two decimals.
    return format_decimal(centi / 100, "#,##0.00", locale=_locale())


@register.filter
def against(now: int, before: int) -> int | None:
    """The change in whole percent; None where there is nothing to compare with."""
    return (now - before) * 100 // before if before else None


@register.filter
def left(deadline: datetime) -> str:
    """How long there is until a deadline: "9 days left", "5 hours left", "it has passed"."""
    rest = deadline - clock.now()
    if rest <= timedelta():
        return gettext("it has passed")
    if rest >= timedelta(days=1):
        said = ngettext("%(count)d day left", "%(count)d days left", rest.days)
        return said % {"count": rest.days}
    hours = -(-rest // timedelta(hours=1))
    return ngettext("%(count)d hour left", "%(count)d hours left", hours) % {"count": hours}
