"""Somebody in several teams: sees one at a time, chooses which, and is led to the right one."""

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import Affiliate, AffiliateMember
from alliance.kernel.models import Notification
from merchants.models import ImportRun, Merchant, MerchantMember, Shop
from merchants.notices import team_tell

pytestmark = pytest.mark.django_db


@pytest.fixture
def chen(person):
    return person("chen@example.org")


@pytest.fixture
def merchants(chen):
    """Two whose team Chen is in, each with an import; Chen joined the first one first."""
    made = []
    for name in ("Tea", "Silk"):
        merchant = Merchant.objects.create(name=name, state="active", currency="CNY")
        MerchantMember.objects.create(merchant=merchant, user=chen)
        shop = Shop.objects.create(merchant=merchant, name=name, domains=[f"{name}.example"])
        ImportRun.objects.create(
            merchant=merchant, shop=shop, kind="products", filename=f"{name}.csv", state="done"
        )
        made.append(merchant)
    return made


@pytest.fixture
def at_chen(chen, merchants):
    client = Client()
    client.force_login(chen)
    return client


def page_of(merchant) -> str:
    return reverse("merchants:import_run", args=[merchant.imports.get().pk])


def tell(merchant) -> Notification:
    """The team of the merchant, of its import."""
    facts = {"filename": "tea.csv", "number": 1, "rejected": 1, "rows": 2}
    key = f"import:{merchant.pk}:refused"
    team_tell(merchant.pk, "import.refused", key=key, link=page_of(merchant), **facts)
    return Notification.objects.latest("pk")


def test_one_team_at_a_time_and_a_button_to_the_other(at_chen, merchants):
    tea, silk = merchants
    assert [at_chen.get(page_of(one)).status_code for one in merchants] == [200, 404]
    assert "Act here" in at_chen.get(reverse("teams")).content.decode()

    chosen = at_chen.post(reverse("team_choose"), {"side": "merchant", "team": silk.pk})
    assert chosen["Location"] == "/merchant/"
    assert [at_chen.get(page_of(one)).status_code for one in merchants] == [404, 200]
    at_chen.post(reverse("team_choose"), {"side": "merchant", "team": tea.pk})
    assert [at_chen.get(page_of(one)).status_code for one in merchants] == [200, 404]


def test_a_form_that_was_filled_in_for_another_team_does_nothing(at_chen, merchants):
    """Two tabs: in one the settings of Tea, in the other Silk was chosen."""
    tea, silk = merchants
    settings = reverse("merchants:settings")
    page = at_chen.get(settings)
    assert f'name="acting_for" value="merchant:{tea.pk}"' in page.content.decode()
    fields = {"name": "Finest tea", "acting_for": f"merchant:{tea.pk}"}
    at_chen.post(reverse("team_choose"), {"side": "merchant", "team": silk.pk})

    answer = at_chen.post(settings, fields, headers={"referer": f"http://testserver{settings}"})
    assert "You act for another team now" in at_chen.get(answer["Location"]).content.decode()
    assert at_chen.post(settings, fields).status_code == 409
    assert set(Merchant.objects.values_list("name", flat=True)) == {"Tea", "Silk"}

    at_chen.post(reverse("team_choose"), {"side": "merchant", "team": tea.pk})
    assert at_chen.post(settings, fields).status_code == 302
    assert set(Merchant.objects.values_list("name", flat=True)) == {"Finest tea", "Silk"}


def test_a_notification_leads_into_the_team_that_was_told(at_chen, merchants):
    told = tell(merchants[1])
    assert at_chen.get(reverse("notification", args=[told.pk]), follow=True).status_code == 200
    assert at_chen.get(page_of(merchants[0])).status_code == 404  # Chen acts in the other one now


def test_who_has_left_the_team_is_told_so(at_chen, chen, merchants):
    told = tell(merchants[1])
    MerchantMember.objects.filter(user=chen, merchant=merchants[1]).delete()

    answer = at_chen.get(reverse("notification", args=[told.pk]), follow=True)
    assert "You are not in that team any more." in answer.content.decode()
    assert at_chen.get(page_of(merchants[0])).status_code == 200


def test_nobody_chooses_a_team_they_are_not_in(at_chen, person, merchants):
    theirs = Affiliate.objects.create(name="Theirs", state="active")
    member = AffiliateMember.objects.create(affiliate=theirs, user=person("mo@example.org"))
    for asked in (
        {"side": "affiliate", "team": theirs.pk},
        {"side": "staff", "team": merchants[1].pk},
        {"side": "merchant", "team": "x"},
        {},
    ):
        assert at_chen.post(reverse("team_choose"), asked).status_code == 404
    member.refresh_from_db()
    assert member.chosen_at is None
    assert "Theirs" not in at_chen.get(reverse("teams")).content.decode()


def test_of_two_affiliates_the_chosen_one_counts_and_a_closed_one_only_when_alone(person):
    lin = person()
    old, new = (Affiliate.objects.create(name=name, state="active") for name in ("Old", "New"))
    for one in (old, new):
        AffiliateMember.objects.create(affiliate=one, user=lin)
    client = Client()
    client.force_login(lin)
    assert client.get("/affiliate/").context["menu"].note == "New"

    client.post(reverse("team_choose"), {"side": "affiliate", "team": old.pk})
    assert client.get("/affiliate/").context["menu"].note == "Old"
    Affiliate.objects.filter(pk=old.pk).update(state="closed")
    assert client.get("/affiliate/").context["menu"].note == "New"
