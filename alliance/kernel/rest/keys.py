"""What a key is, as the key itself may ask; and what stands where nothing is."""

from typing import cast

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from alliance.kernel.access import HasScope
from alliance.kernel.errors import NotFound
from alliance.kernel.models import ApiKey
from alliance.kernel.rest.views import ApiView


class KeyOut(serializers.ModelSerializer[ApiKey]):
    """The key that asks."""

    class Meta:
        model = ApiKey
        fields = ("name", "prefix", "organisation", "scopes", "networks", "sandbox", "expires_at")


class MeView(ApiView):
    permission_classes = [HasScope]
    required_scope = ""
    in_sandbox = True

    @extend_schema(
        operation_id="me",
        summary="Look at your key",
        tags=["keys"],
        responses=KeyOut,
        examples=[
            OpenApiExample(
                "A key of an affiliate",
                {
                    "name": "Our bot",
                    "prefix": "tk_1a2b3c4d",
                    "organisation": "affiliate:7",
                    "scopes": ["links:write", "products:read"],
                    "networks": ["203.0.113.0/24"],
                    "sandbox": False,
                    "expires_at": "2027-06-18T00:00:00+08:00",
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Whose it is, what it may, from where and until when. A good first call."""
        self.asked(request)
        return Response(KeyOut(cast(ApiKey, request.auth)).data)


class NothingView(ApiView):
    """A path that is no call: the refusal that a program expects, not a page."""

    authentication_classes = []
    permission_classes = []
    schema = None

    def check_permissions(self, request: Request) -> None:
        raise NotFound


me = MeView.as_view()
nothing = NothingView.as_view()
