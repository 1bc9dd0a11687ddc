"""What suits an affiliate, and what it does not want to be shown."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from affiliates.access import AffiliateRequest, affiliate_required
from affiliates.queries import basketed, products_known
from aiassist import for_you as matched
from aiassist.forms import AudienceForm
from aiassist.queries.audiences import audience_of
from aiassist.services import dismissals
from alliance.kernel.http import say_undoable
from campaigns import boards


@require_GET
@affiliate_required
def for_you(request: AffiliateRequest) -> HttpResponse:
    shown, made_at = matched.shown(request.affiliate)
    context = {
        "matched": shown,
        "made_at": made_at,
        "campaigns": boards.campaigns_of(request.affiliate),
        "basketed": basketed(request.affiliate, [one.offer.product.pk for one in shown]),
        "may_choose": request.membership.may_change,
        "audience": audience_of(request.affiliate),
    }
    return render(request, "aiassist/for_you.html", context)


@require_http_methods(["GET", "POST"])
@affiliate_required(change=True)
def audience(request: AffiliateRequest) -> HttpResponse:
    """Whom the affiliate reaches and what it wants: what a beginner's matches rest on."""
    said = audience_of(request.affiliate)
    form = AudienceForm(request.POST or None, initial=AudienceForm.initial_of(said))
    if (
        request.method == "POST"
        and form.is_valid()
        and form.save(actor=request.user, affiliate=request.affiliate)
    ):
        messages.success(request, _("Kept. The next night matches products by it."))
        return redirect("aiassist:for_you")
    return render(request, "aiassist/audience.html", {"form": form})


@require_POST
@affiliate_required
def dismiss(request: AffiliateRequest, pk: int) -> HttpResponse:
    """Do not show this product again; with `undo`, show it after all."""
    product = get_object_or_404(products_known(), pk=pk)
    if request.POST.get("undo"):
        dismissals.dismissal_undo(affiliate=request.affiliate, product=product)
    else:
        dismissals.dismiss(affiliate=request.affiliate, product=product)
        words = _("“%(name)s” is not shown to you again.") % {"name": product.name}
        say_undoable(request, words, url=reverse("aiassist:dismiss", args=[pk]), undo="yes")
    return redirect("aiassist:for_you")
