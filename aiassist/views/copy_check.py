"""An affiliate's own text, held to the law and to the facts."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from affiliates.access import AffiliateRequest, affiliate_required
from aiassist.copy.check.marks import pieces
from aiassist.forms import CopyCheckForm
from alliance.kernel.http import key_in, page_or_part


@require_http_methods(["GET", "POST"])
@affiliate_required
def copy_check(request: AffiliateRequest) -> HttpResponse:
    """The form; posted, what was found, marked in place. Nothing is kept of the text."""
    chosen = key_in(request.GET.get("product", ""))
    form = CopyCheckForm(request.POST or None, affiliate=request.affiliate, chosen=chosen)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        verdict = form.verdict()
        context |= {"verdict": verdict, "pieces": pieces(verdict)}
    return page_or_part(request, "aiassist/copy_check.html", context, part="verdict")
