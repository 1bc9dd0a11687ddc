"""The assistant's room, on either side: one's own conversations, and a field to ask."""

import json
from collections.abc import Generator, Iterator
from contextvars import Context, copy_context
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from affiliates.access import AffiliateRequest, affiliate_required
from aiassist import providers
from aiassist.assistant.tools import Scope, examples_for
from aiassist.models import Turn
from aiassist.queries.conversations import conversations_for
from aiassist.services.conversations import LONGEST, conversation_delete, question_ask
from merchants.access import MerchantRequest, merchant_required

STREAM = "application/x-ndjson"
T = TypeVar("T")


@require_http_methods(["GET", "POST"])
@affiliate_required(own=True)
def of_affiliate(request: AffiliateRequest, pk: int | None = None) -> HttpResponseBase:
    return _room(request, Scope(request.user, request.affiliate), pk)


@require_http_methods(["GET", "POST"])
@merchant_required(own=True)
def of_merchant(request: MerchantRequest, pk: int | None = None) -> HttpResponseBase:
    return _room(request, Scope(request.user, request.merchant), pk)


@require_POST
@affiliate_required(own=True)
def affiliate_forget(request: AffiliateRequest, pk: int) -> HttpResponse:
    return _forget(Scope(request.user, request.affiliate), pk)


@require_POST
@merchant_required(own=True)
def merchant_forget(request: MerchantRequest, pk: int) -> HttpResponse:
    return _forget(Scope(request.user, request.merchant), pk)


def _room(request: HttpRequest, scope: Scope, pk: int | None) -> HttpResponseBase:
    """GET shows a conversation, or the field for a new one; POST asks. Whoever accepts a stream is
    answered by one: a line of JSON for each sentence, and the whole turn at the end."""
    mine = conversations_for(scope.user, scope.organisation)
    conversation = get_object_or_404(mine, pk=pk) if pk else None
    if request.method == "POST":
        asking = question_ask(
            scope=scope, question=request.POST.get("question", ""), conversation=conversation
        )
        if request.headers.get("Accept") == STREAM:
            return StreamingHttpResponse(
                _lines(request, scope, asking, copy_context()), content_type=STREAM
            )
        return redirect(_page(scope, _through(asking)))
    context = {
        "conversation": conversation,
        "turns": conversation.turns.order_by("pk") if conversation else [],
        "mine": mine.prefetch_related("turns"),
        "examples": examples_for(scope),
        "longest": LONGEST,
        "online": providers.online(),
        "side": scope.side.value,
    }
    return render(request, "aiassist/assistant.html", context)


def _lines(
    request: HttpRequest, scope: Scope, asking: Generator[str, None, Turn], context: Context
) -> Iterator[str]:
    """The view is left by then: what the audit trail knows of the request is in its `context`."""
    turn = None
    while turn is None:
        try:
            yield json.dumps({"sentence": context.run(next, asking)}) + "\n"
        except StopIteration as end:
            turn = end.value
    shown = render_to_string("aiassist/turn.html", {"turn": turn}, request)
    yield json.dumps({"turn": shown, "page": _page(scope, turn)}) + "\n"


def _through(asking: Generator[str, None, T]) -> T:
    """The end of it, without what came on the way."""
    while True:
        try:
            next(asking)
        except StopIteration as end:
            return end.value


def _page(scope: Scope, turn: Turn) -> str:
    page = reverse(f"aiassist:{scope.side.value}_conversation", args=[turn.conversation_id])
    return f"{page}#turn-{turn.pk}"


def _forget(scope: Scope, pk: int) -> HttpResponse:
    conversation = get_object_or_404(conversations_for(scope.user, scope.organisation), pk=pk)
    conversation_delete(actor=scope.user, conversation=conversation)
    return redirect(f"aiassist:{scope.side.value}_assistant")
