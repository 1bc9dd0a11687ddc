"""A refusal becomes a page, a message, a fragment or JSON; each answer carries its request id."""

import pytest
from django.http import HttpResponse
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from alliance.kernel import audit, errors
from alliance.kernel.http import ClientAddressMiddleware, page_or_part
from alliance.kernel.models import AuditEvent, User


class OutOfStock(errors.DomainError):
    code = "out_of_stock"
    message = _("The last one <b>went</b> a moment ago.")


def refuse(request):
    raise {"404": errors.NotFound, "403": errors.NotAllowed}.get(request.GET.get("as"), OutOfStock)


def act(request):
    event = audit.record("user.seen", User.objects.get())
    return HttpResponse(event.request_id)


class Api(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    class Form(serializers.Serializer):
        amount = serializers.IntegerField()

    def get(self, request):
        raise OutOfStock(field="sku", sku="A-1", left=0)

    def post(self, request):
        self.Form(data=request.data).is_valid(raise_exception=True)
        return Response({})


def listing(request):
    return page_or_part(request, "parts/empty.html", {"title": "whole"}, part="rows")


urlpatterns = [
    path("refuse", refuse),
    path("act", act),
    path("api", Api.as_view()),
    path("listing", listing),
    path("", include("alliance.urls")),
]


@pytest.fixture(autouse=True)
def _our_doors(settings):
    settings.ROOT_URLCONF = __name__


@pytest.mark.parametrize(("asked", "status"), [("", 409), ("404", 404), ("403", 403)])
def test_a_refusal_is_a_page_with_its_status(client, db, asked, status):
    answer = client.get("/refuse", {"as": asked})

    assert answer.status_code == status
    assert "<!doctype html>" in answer.content.decode().lower()


def test_the_sentence_is_escaped(client, db):
    assert "&lt;b&gt;went&lt;/b&gt;" in client.get("/refuse").content.decode()


def test_a_form_goes_back_to_its_page_with_the_sentence(client, db):
    answer = client.post("/refuse", HTTP_REFERER="http://testserver/start/?page=2")

    assert (answer.status_code, answer["Location"]) == (302, "http://testserver/start/?page=2")
    assert [str(m) for m in answer.wsgi_request._messages] == [str(OutOfStock.message)]


@pytest.mark.parametrize("referer", ["https://evil.example/", "//evil.example", "javascript:1", ""])
def test_it_never_goes_back_to_a_stranger(client, db, referer):
    answer = client.post("/refuse", HTTP_REFERER=referer)

    assert answer.status_code == 409
    assert "Location" not in answer


def test_htmx_gets_a_fragment_for_the_alerts(client, db):
    answer = client.post("/refuse", HTTP_HX_REQUEST="true")

    assert answer.status_code == 409
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#alerts", "innerHTML")
    assert "alert-danger" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_the_api_answers_with_one_envelope():
    answer = APIClient().get("/api")

    assert answer.status_code == 409
    assert answer.json() == {
        "error": {
            "code": "out_of_stock",
            "message": str(OutOfStock.message),
            "help": "http://localhost:8000/api/errors/",
            "field": "sku",
            "facts": {"sku": "A-1", "left": 0},
        }
    }


def test_the_api_names_each_field_that_is_not_valid():
    answer = APIClient().post("/api", {"amount": "much"}, format="json")

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "invalid"
    assert list(error["details"]) == ["amount"]


def test_the_api_answers_broken_json_in_the_same_envelope():
    answer = APIClient().post("/api", "{", content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "parse_error"


def test_each_request_has_an_id_that_the_trail_knows(client, db):
    User.objects.create_user("someone@example.org", "secret")
    answer = client.get("/act", REMOTE_ADDR="203.0.113.9")

    event = AuditEvent.objects.get()
    assert answer["X-Request-ID"] == event.request_id == answer.content.decode()
    assert event.ip == "203.0.113.9"
    assert audit.request_context.get() == audit.RequestContext()


def test_two_requests_have_two_ids(client, db):
    assert client.get("/health/live")["X-Request-ID"] != client.get("/health/live")["X-Request-ID"]


def test_an_address_that_serves_page_and_part_says_so_to_caches(client, db):
    answer = client.get("/listing")

    assert "whole" in answer.content.decode()
    assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize(
    ("hops", "header", "address"),
    [
        (0, "203.0.113.9", "10.0.0.1"),  # nobody is trusted: the header means nothing
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.66, 203.0.113.9", "203.0.113.9"),  # the left one is the client's own claim
        (2, "198.51.100.66, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "not-an-address", "10.0.0.1"),
        (1, "2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_visitors_address_is_what_the_outermost_trusted_proxy_saw(
    rf, settings, hops, header, address
):
    settings.PROXY_HOPS = hops
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=header)
    ClientAddressMiddleware(lambda request: HttpResponse())(request)

    assert request.META["REMOTE_ADDR"] == address


@pytest.mark.django_db
def test_what_is_drawn_for_somebody_is_kept_by_no_cache_on_the_way(client):
    user = User.objects.create_user("lin@test.example", "a-long-enough-password")
    client.force_login(user)

    assert client.get("/start/")["Cache-Control"] == "private, no-cache"
