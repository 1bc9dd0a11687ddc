"""The REST door: whose key opens the affiliate's room, and for what."""

import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from affiliates.access import IsAffiliate
from affiliates.services import affiliate_close
from alliance.kernel.access import api_key_issue

pytestmark = pytest.mark.django_db


class Room(APIView):
    permission_classes = (IsAffiliate,)
    required_scope = "links"

    def get(self, request) -> Response:
        return Response(request.affiliate.pk)

    post = get


def ask(user, affiliate, *, method="get", scopes=("links",), organisation=None) -> Response:
    name = organisation or f"affiliate:{affiliate.pk}"
    _key, token = api_key_issue(actor=user, organisation=name, name="Key", scopes=scopes)
    request = getattr(APIRequestFactory(), method)(
        "/", headers={"Authorization": f"Bearer {token}"}
    )
    return Room.as_view()(request)


def test_a_members_key_opens_its_own_affiliate(affiliate):
    answer = ask(affiliate.owner, affiliate)
    assert (answer.status_code, answer.data) == (200, affiliate.pk)


def test_a_viewers_key_only_reads(affiliate, viewer):
    assert ask(viewer, affiliate).status_code == 200
    assert ask(viewer, affiliate, method="post").status_code == 403


@pytest.mark.parametrize("organisation", ["merchant:1", "affiliate:", "affiliate:x", "affiliate:0"])
def test_a_key_of_something_else_does_not(affiliate, organisation):
    assert ask(affiliate.owner, affiliate, organisation=organisation).status_code == 403


def test_neither_a_strangers_key_nor_one_without_the_scope(affiliate, make_user):
    assert ask(make_user(), affiliate).status_code == 403
    assert ask(affiliate.owner, affiliate, scopes=["orders"]).status_code == 403


def test_nobody_enters_for_a_closed_affiliate(affiliate, ops):
    affiliate_close(actor=ops, affiliate=affiliate, reason="Asked to leave.")
    assert ask(affiliate.owner, affiliate).status_code == 403
