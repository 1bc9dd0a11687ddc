"""The base of every view below /api/v1/."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.cache import (
    get_conditional_response,
    patch_cache_control,
    patch_vary_headers,
    set_response_etag,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alliance.kernel.idempotency import once
from alliance.kernel.rest.limits import Rate
from alliance.kernel.rest.pages import Page, said
from alliance.kernel.rest.words import Strict


class ApiView(APIView):
    """Reads what the address asks by `query`, and tells how many calls its key has left.

    `required_scope` is one for all methods, or one by method. `in_sandbox`: a sandbox key may come
    in (by some methods, if they are named), since nothing here is real for it, or nothing is
    changed and no money is shown; `only_in_sandbox`: and no other key.
    """

    query: ClassVar[type[Strict] | None] = Strict  # no parameter at all; None: any
    required_scope: ClassVar[str | Mapping[str, str]]
    in_sandbox: ClassVar[bool | tuple[str, ...]] = False
    only_in_sandbox: ClassVar[bool] = False

    def asked(self, request: Request) -> dict[str, Any]:
        """The parameters of the address, checked; one that is not known is refused."""
        form = (self.query or Strict)(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def paged(
        self, page: Page, out: type[serializers.Serializer[Any]], asked: Mapping[str, Any]
    ) -> Response:
        """A page of items in the words of `out`, and where the next one is."""
        items = said(out, list(page.items), asked.get("fields", ""))
        headers = {}
        if page.next:
            request = self.request
            params = request.query_params.copy()
            params["cursor"] = page.next
            address = request.build_absolute_uri(f"{request.path}?{params.urlencode()}")
            headers["Link"] = f'<{address}>; rel="next"'
        return Response({"items": items, "next": page.next}, headers=headers)

    def once(self, request: Request, call: Any) -> Response:
        """Carry `call` out, or give the answer that its Idempotency-Key got before."""
        key: Any = request.auth
        side = "sandbox:" if key.sandbox else ""
        (status, answer), replayed = once(
            scope=f"{side}{key.organisation}:{request.path}",
            key=request.headers.get("Idempotency-Key", ""),
            content=request.data,
            call=call,
        )
        headers = {"Idempotent-Replay": "true"} if replayed else {}
        return Response(answer, status=status, headers=headers)

    def check_permissions(self, request: Request) -> None:
        """A method that is not there is not there, whatever the key may."""
        if not hasattr(self, str(request.method).lower()):
            self.http_method_not_allowed(request)
        super().check_permissions(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        rate: Rate | None = getattr(request, "rate", None)
        if rate:
            rate.put_on(response)
        patch_vary_headers(response, ("Authorization", "Accept-Language"))
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_cache=True)
        return response


class CatalogueView(ApiView):
    """One whose answers carry an ETag: who sends it as If-None-Match gets 304 while nothing is
    new."""

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(*args, **kwargs)
        response.add_post_render_callback(self._unless_same)
        return response

    def _unless_same(self, response: Any) -> Any:
        if response.status_code != 200 or self.request.method != "GET":
            return response
        set_response_etag(response)
        answer: Any = get_conditional_response(
            self.request, etag=response["ETag"], response=response
        )
        for name in ("RateLimit", "RateLimit-Policy"):
            answer.headers.setdefault(name, response[name])
        return answer
