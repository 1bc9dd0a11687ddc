"""One field for everything that people have in hand: numbers, codes, links, names."""

from itertools import chain

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

import affiliates.search
import commissions.search
import merchants.search
from affiliates.models import AffiliateState
from alliance import navigation
from alliance.kernel.models import User
from alliance.kernel.search import Asked, Hit, best_first


@require_safe
@login_required
def search(request: HttpRequest) -> HttpResponse:
    """What was found, the best first. An id that only one thing has leads there at once."""
    asked = Asked.read(request.GET.get("q", ""))
    hits = _found(request, asked) if asked.text else []
    exact = [hit for hit in hits if hit.exact]
    if len(exact) == 1:
        return redirect(exact[0].url)
    sides = navigation.sides_of(request)
    context = {"asked": asked.text, "hits": hits, "sides": sides, "finder_is_here": True}
    return render(request, "search.html", context)


def _found(request: HttpRequest, asked: Asked) -> list[Hit]:
    """On the sides where the reader stands, and nowhere else."""
    user, sides = request.user, navigation.sides_of(request)
    assert isinstance(user, User)  # noqa: S101 - the view is for who is signed in
    ways = []
    if sides.affiliate and sides.affiliate.state != AffiliateState.APPLIED:
        ways += [
            commissions.search.found_by_affiliate(user, sides.affiliate, asked),
            affiliates.search.found_by_affiliate(user, sides.affiliate, asked),
        ]
    if sides.merchant:
        ways += [
            commissions.search.found_by_merchant(user, sides.merchant, asked),
            merchants.search.found_by_merchant(user, asked),
            affiliates.search.found_by_merchant(user, sides.merchant, asked),
        ]
    return best_first(chain.from_iterable(ways))
