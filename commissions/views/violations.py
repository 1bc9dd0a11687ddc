"""Cases against the affiliate: what, why, how much is frozen, and the way to contest it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from affiliates.access import AffiliateRequest, affiliate_required
from commissions import queries
from commissions.cases_ahead import ahead
from commissions.evidence import name_of
from commissions.forms import CaseForm
from commissions.models import AppealState, Evidence, Violation
from commissions.models.violation import POINTS_LIMIT
from commissions.services.appeals import appeal_file
from commissions.services.evidence import evidence_add
from commissions.services.violations import points_of
from commissions.views.affiliate import PER_PAGE

ORDERS = 25  # shown of what a case covers


@require_GET
@affiliate_required
def violations(request: AffiliateRequest) -> HttpResponse:
    """What there is, how many points, what is frozen, and which deadline comes first."""
    affiliate = request.affiliate
    cases = queries.violations_for(request.user).filter(affiliate=affiliate)
    points = points_of(affiliate)
    context = {
        "page": Paginator(cases, PER_PAGE).get_page(request.GET.get("page")),
        "points": points,
        "limit": POINTS_LIMIT,
        "percent": min(100, 100 * points // POINTS_LIMIT),
        "frozen": queries.frozen_of(affiliate),
        "deadline": queries.appeal_due(affiliate),
        "appeal_days": settings.ALLIANCE["VIOLATION_APPEAL_DAYS"],
        "answer_days": settings.ALLIANCE["VIOLATION_ANSWER_DAYS"],
    }
    return render(request, "commissions/violations.html", context)


@require_GET
@affiliate_required
def violation(request: AffiliateRequest, pk: int) -> HttpResponse:
    """One case, whole: the evidence, the money, the deadline, and what was said."""
    return _page(request, _case(request, pk))


@require_POST
@affiliate_required
def appeal(request: AffiliateRequest, pk: int) -> HttpResponse:
    case = _case(request, pk)
    form = CaseForm(request.POST, request.FILES, label=_("Why the case is wrong"))
    if not form.is_valid():
        return _page(request, case, form)
    appeal_file(actor=request.user, violation=case, **form.cleaned_data)
    said = _("Your appeal is filed. A person answers it within %(days)d days.")
    messages.success(request, said % {"days": settings.ALLIANCE["VIOLATION_ANSWER_DAYS"]})
    return redirect("commissions:violation", pk)


@require_POST
@affiliate_required
def add_evidence(request: AffiliateRequest, pk: int) -> HttpResponse:
    case = _case(request, pk)
    form = CaseForm(request.POST, request.FILES, label=_("What it shows"))
    if not form.is_valid():
        return _page(request, case, form)
    evidence_add(actor=request.user, violation=case, from_desk=False, **form.cleaned_data)
    messages.success(request, _("Your evidence is in the case."))
    return redirect("commissions:violation", pk)


@require_GET
@affiliate_required
def evidence_file(request: AffiliateRequest, pk: int) -> HttpResponse:
    """A file of a case, to be kept, not shown: it came from somebody else."""
    mine = queries.evidence_for(request.user).filter(violation__affiliate=request.affiliate)
    return file_response(get_object_or_404(mine, pk=pk))


def file_response(kept: Evidence) -> HttpResponse:
    """The bytes as they came, under our name, for a browser to save and never to run."""
    if kept.content is None:
        raise Http404
    name = name_of(kept.pk, kept.content_type)
    return HttpResponse(
        bytes(kept.content),
        content_type=kept.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "no-store",
        },
    )


def _case(request: AffiliateRequest, pk: int) -> Violation:
    mine = queries.violations_for(request.user).filter(affiliate=request.affiliate)
    return get_object_or_404(mine, pk=pk)


def _page(
    request: AffiliateRequest | HttpRequest, case: Violation, form: CaseForm | None = None
) -> HttpResponse:
    may_appeal = queries.may_appeal(case)  # as it is now: something may have been posted
    label = _("Why the case is wrong") if may_appeal else _("What it shows")
    appeals = list(case.appeals.order_by("instance"))
    waiting = next((one for one in appeals if one.state == AppealState.FILED), None)
    context: dict[str, Any] = {
        "case": case,
        "evidence": queries.evidence_of(case),
        "held": queries.held_by(case),
        "orders": queries.covered_lately(case)[:ORDERS],
        "appeals": appeals,
        "waiting": waiting,
        "may_appeal": may_appeal,
        "form": form or CaseForm(label=label),
        "events": case.events.order_by("pk"),
        "ahead": ahead(case, waiting, second=bool(appeals)),
    }
    return render(request, "commissions/violation.html", context)
