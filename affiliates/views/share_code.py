"""/code/: where a buyer takes a message with a share code in it."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from affiliates.pasted import CODE, LONGEST, Kind, things_in


@require_http_methods(["GET", "POST"])
def share_code(request: HttpRequest) -> HttpResponse:
    """POST leads to the coupon page of the last code in the text, which leads on where there is no
    coupon. Above the code that somebody shares stand titles, which others chose. Whether there is a
    link behind the code is for that page to say."""
    text = request.POST.get("text", "")[:LONGEST]
    things = things_in(text, settings.PUBLIC_URL)
    codes = [thing.value for thing in things if thing.kind == Kind.CODE]
    # One on a line of its own is read as a number.
    numbers = [thing.value.lower() for thing in things if thing.kind == Kind.NUMBER]
    if codes := codes or list(filter(re.compile(CODE).fullmatch, numbers)):
        return redirect("coupon", codes[-1])
    context = {"text": text, "nothing": request.method == "POST"}
    return render(request, "affiliates/share_code.html", context)
