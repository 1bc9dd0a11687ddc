"""The autopilot's pages: what it did and why, what it suggests, what was signed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aiassist import charts, sentences
from aiassist.forms import PolicyForm, initial_of
from aiassist.models import Autopilot, AutopilotDecision, AutopilotState, DecisionState
from aiassist.queries import autopilot as queries
from aiassist.services.autopilot.decisions import (
    decision_roll_back,
    suggestions_accept,
    suggestions_decline,
)
from aiassist.services.autopilot.nights import policy_foresee
from aiassist.services.autopilot.policies import (
    autopilot_pause,
    autopilot_resume,
    autopilot_stop,
    policy_sign,
)
from alliance.kernel.errors import Invalid
from alliance.kernel.http import key_in, page_or_part
from merchants.access import MerchantRequest, merchant_required

PER_PAGE = 25
LAST = 8  # decisions on the first page
NIGHTS = 7


@dataclass(frozen=True, slots=True)
class Told:
    """A decision in words."""

    row: AutopilotDecision
    who: str
    group: str  # where there are several
    what: str
    why: list[str]
    becomes: str
    may_go_back: bool


def _told(rows: Iterable[AutopilotDecision]) -> list[Told]:
    found = list(rows)
    under = queries.changed_since(found)
    single = queries.policies_of_one_group({row.night.policy_id for row in found})
    return [
        Told(
            row=row,
            who=sentences.who(row),
            group="" if row.night.policy_id in single else str(row.group),
            what=sentences.what(row),
            why=sentences.why(row),
            becomes=sentences.becomes(row),
            may_go_back=row.state == DecisionState.DONE and row.pk not in under,
        )
        for row in found
    ]


@require_GET
@merchant_required
def home(request: MerchantRequest) -> HttpResponse:
    autopilot = queries.autopilot_for(request.user)
    if autopilot is None:
        return render(request, "aiassist/autopilot_none.html", {})
    standing = queries.standing_of(autopilot)
    nights = list(queries.nights_for(request.user)[:NIGHTS])
    last = nights[0] if nights else None
    decided = queries.decisions_for(request.user).exclude(
        state__in=[DecisionState.SUGGESTED, DecisionState.LAPSED]
    )
    facts = last.facts if last else {}
    context = {
        "autopilot": autopilot,
        "policy": autopilot.policy,
        "groups": autopilot.policy.groups.select_related("category").order_by("pk"),
        "pinned": autopilot.policy.pinned.order_by("name"),
        "running": autopilot.state == AutopilotState.RUNNING,
        "stopped": autopilot.state == AutopilotState.STOPPED,
        "standing": standing,
        "roi": sentences.ratio(standing.all.roi_centi),
        "roi_ripe": sentences.ratio(standing.ripe.roi_centi),
        "roi_before": sentences.ratio(standing.before.roi_centi),
        "target": sentences.ratio(autopilot.policy.roi_target_centi),
        "floor": sentences.ratio(autopilot.policy.roi_floor_centi),
        "chart": charts.returns(autopilot, standing),
        "uplift": sentences.uplift_words(facts.get("uplift"), autopilot.policy.currency),
        "uplift_roi": _uplift_roi(facts.get("uplift")),
        "threshold": _threshold(queries.decisions_for(request.user), last),
        "suggestions": _told(queries.suggestions_for(request.user)),
        "decided": _told(decided[:LAST]),
        "nights": [(one, sentences.night_words(one)) for one in nights],
        "may_change": request.membership.may_change,
    }
    return render(request, "aiassist/autopilot.html", context)


def _uplift_roi(uplift: dict[str, Any] | None) -> dict[str, str] | None:
    if not uplift or uplift.get("roi") is None:
        return None
    names = ("roi", "roi_low", "roi_high")
    return {name: sentences.decimal(uplift[name]) for name in names if uplift.get(name) is not None}


def _threshold(decisions: Any, last: Any) -> str:
    """Where the last night stopped raising rates."""
    row = decisions.filter(night=last).first() if last else None
    value = row.evidence.get("threshold") if row else None
    return sentences.decimal(value) if value else ""


@require_http_methods(["GET", "POST"])
@merchant_required(change=True)
def sign(request: MerchantRequest) -> HttpResponse:
    """Sign a policy, or (`look`) see what it would do first."""
    known = queries.autopilot_for(request.user)
    form = PolicyForm(
        request.POST or None,
        user=request.user,
        merchant=request.merchant,
        initial=initial_of(request.merchant, known.policy if known else None),
    )
    context: dict[str, Any] = {"form": form, "known": known}
    if request.method == "POST" and form.is_valid():
        values = {"merchant": request.merchant, "wish": form.wish(), "actor": request.user}
        if "look" in request.POST:
            if form.carried_out(policy_foresee, **values):
                seen = form.result
                context |= {
                    "seen": seen,
                    "told": _told(seen.decisions),
                    "frozen": sentences.frozen(seen.facts, seen.orders),
                }
        elif form.carried_out(policy_sign, **values):
            messages.success(request, _("Signed. It looks for the first time in the coming night."))
            return redirect("autopilot:home")
    return render(request, "aiassist/autopilot_sign.html", context)


@require_GET
@merchant_required
def decisions(request: MerchantRequest) -> HttpResponse:
    """Everything that it ever decided."""
    rows = queries.decisions_for(request.user)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "told": _told(page), "may_change": request.membership.may_change}
    return page_or_part(request, "aiassist/autopilot_decisions.html", context, part="rows")


@require_POST
@merchant_required
def decide(request: MerchantRequest) -> HttpResponse:
    """Accept or decline the chosen suggestions."""
    autopilot = _mine(request)
    keys = [key_in(one) for one in request.POST.getlist("decision")[:500]]
    chosen = list(queries.suggestions_for(request.user).filter(pk__in=keys))
    if not chosen:
        raise Invalid(_("Choose at least one suggestion."), field="decision")
    if request.POST.get("answer") == "accept":
        applied, refused = suggestions_accept(
            autopilot=autopilot, decisions=chosen, actor=request.user
        )
        words = ngettext("%(count)d rate is changed.", "%(count)d rates are changed.", applied)
        messages.success(request, words % {"count": applied})
        if refused:
            words = ngettext(
                "%(count)d was refused by a rule: see why below.",
                "%(count)d were refused by a rule: see why below.",
                refused,
            )
            messages.warning(request, words % {"count": refused})
    else:
        suggestions_decline(autopilot=autopilot, decisions=chosen, actor=request.user)
        messages.success(request, _("Declined. Your rates stay as they are."))
    return redirect("autopilot:home")


@require_POST
@merchant_required
def roll_back(request: MerchantRequest, pk: int) -> HttpResponse:
    decision = get_object_or_404(queries.decisions_for(request.user), pk=pk)
    decision_roll_back(decision=decision, actor=request.user)
    messages.success(
        request, _("Rolled back. A lower rate counts from the next business day, 00:00.")
    )
    return redirect("autopilot:home")


@require_POST
@merchant_required
def pause(request: MerchantRequest) -> HttpResponse:
    autopilot_pause(autopilot=_mine(request), actor=request.user)
    messages.success(request, _("Paused. Its rates stay until you go on or stop it."))
    return redirect("autopilot:home")


@require_POST
@merchant_required
def resume(request: MerchantRequest) -> HttpResponse:
    autopilot_resume(autopilot=_mine(request), actor=request.user)
    messages.success(request, _("It goes on in the coming night."))
    return redirect("autopilot:home")


@require_POST
@merchant_required
def stop(request: MerchantRequest) -> HttpResponse:
    """The kill switch."""
    autopilot_stop(autopilot=_mine(request), actor=request.user)
    messages.success(request, _("Stopped. Its rates end with this business day; yours are left."))
    return redirect("autopilot:home")


def _mine(request: MerchantRequest) -> Autopilot:
    autopilot = queries.autopilot_for(request.user)
    if autopilot is None:
        raise Http404
    return autopilot
