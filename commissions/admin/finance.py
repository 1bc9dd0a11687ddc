"""The finance page: the whole of the money on one page, with ways into each part."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from alliance.kernel.access import has_role
from alliance.kernel.models import StaffRole
from commissions import figures, finance
from commissions.admin.merchants import KINDS
from commissions.admin.verification import SEES_BOOKS, results_context
from commissions.models import Period, VerifyRun

WHOSE = {
    "affiliate": _("affiliates"),
    "merchant": _("merchants"),
    "campaign": _("campaigns"),
    "platform": _("platform"),
}


def page(request: HttpRequest) -> HttpResponse:
    """Trial balance, invariants, calendar, periods, money on its way, debts."""
    if not has_role(request.user, *SEES_BOOKS):
        raise PermissionDenied
    request.current_app = admin.site.name
    return TemplateResponse(
        request,
        "desk/finance.html",
        {
            **admin.site.each_context(request),
            "title": _("Finance"),
            "trials": finance.trial_balance(),
            "kinds": KINDS,
            "whose": WHOSE,
            "calendar": figures.calendar(),
            "settlements": finance.recent_settlements(),
            "to_close": figures.months_to_close(),
            "closed": Period.objects.select_related("closed_by").order_by("-month")[:6],
            "may_close": has_role(request.user, StaffRole.FINANCE),
            "in_flight": finance.in_flight(),
            "old_days": finance.OLD.days,
            "debts": finance.debts(),
            **results_context(VerifyRun.objects.order_by("-pk").first()),
        },
    )
