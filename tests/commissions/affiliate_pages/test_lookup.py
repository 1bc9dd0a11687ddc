"""Where is my order? What is told about one's own and about others'."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import AdZone, AffiliateMember
from affiliates.services import affiliate_apply, link_create
from alliance.kernel import clock
from alliance.kernel.models import AuditEvent
from alliance.kernel.money import cny
from commissions import lookup
from tests.cast import user_make
from tests.commissions.affiliate_pages.reading import read

pytestmark = pytest.mark.django_db


def rival_of(cast):
    """Another affiliate, its client, and a link of theirs to the same product."""
    user = user_make()
    affiliate = affiliate_apply(user=user, kind="small", name="Rival")
    zone = AdZone.objects.get(site__affiliate=affiliate)
    link = link_create(actor=user, affiliate=affiliate, zone=zone, product=cast.product)
    client = Client()
    client.force_login(user)
    return client, link


def test_ones_own_order_leads_to_its_receipt(cast, lin):
    commission = cast.sold()
    page = read(lin, "order_find", number="T1")

    assert reverse("commissions:receipt", args=[commission.pk]) in page
    assert "保温杯" in page


def test_somebody_elses_order_says_only_that_the_last_click_was_not_yours(cast, lin):
    _client, link = rival_of(cast)
    cast.sold("T9", click_id=cast.click(link=link))
    page = read(lin, "order_find", number="T9")

    assert "This order was brought by another affiliate." in page
    assert "None of the clicks that were looked at came through you." in page
    for secret in ("Rival", cny("199.00").localized(), "保温杯", "Vacuum flask", "12%", "09:00"):
        assert secret not in page


def test_one_reads_why_ones_own_click_lost_and_nothing_of_the_others(cast, lin):
    _client, link = rival_of(cast)
    cast.click(at=clock.now() - timedelta(hours=3), visitor_key="v")
    cast.sold("T9", click_id=cast.click(link=link, visitor_key="v"))
    page = read(lin, "order_find", number="T9")

    assert "click through you. It does not count: a later click counts instead." in page
    assert "through another affiliate" not in page


def test_orders_of_shops_that_one_never_promoted_are_not_there(cast):
    cast.sold("T1")
    user = user_make()
    affiliate_apply(user=user, kind="small", name="Curious")
    client = Client()
    client.force_login(user)
    assert "No shop that you promote has reported this order" in read(
        client, "order_find", number="T1"
    )


def test_a_question_leaves_its_trace(cast, lin):
    cast.sold("T1")
    read(lin, "order_find", number="T1")
    event = AuditEvent.objects.get(verb="affiliate.order_asked_for")
    assert (event.actor, event.object_id) == (cast.lin, str(cast.affiliate.pk))
    assert event.data == {"number": "T1", "found": 1}


def test_an_order_without_a_click_id_says_so(cast, lin):
    cast.record(cast.report("T3"))

    assert "without a click id" in read(lin, "order_find", number="T3")


def test_only_the_exact_number_is_found(cast, lin):
    cast.sold("T1234")

    assert "No shop that you promote has reported this order" in read(
        lin, "order_find", number="T123"
    )


def test_guessing_numbers_ends(cast, lin, monkeypatch):
    monkeypatch.setattr(lookup, "QUESTIONS_PER_HOUR", 2)
    url = reverse("commissions:order_find")

    assert [lin.get(url, {"number": str(i)}).status_code for i in range(3)] == [200, 200, 429]


def test_a_team_has_its_questions_together(cast, lin, monkeypatch):
    monkeypatch.setattr(lookup, "QUESTIONS_PER_HOUR", 2)
    friend = Client()
    friend.force_login(user_make())
    AffiliateMember.objects.create(
        affiliate=cast.affiliate, user_id=friend.session["_auth_user_id"], role="viewer"
    )
    url = reverse("commissions:order_find")

    asked = [one.get(url, {"number": "T1"}).status_code for one in (lin, friend, lin, friend)]
    assert asked == [200, 200, 429, 429]
