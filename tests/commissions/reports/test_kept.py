"""Views that a person keeps by name: theirs alone, few, and on their side only."""

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import AffiliateMember
from alliance.kernel.models import MemberRole
from alliance.kernel.templatetags.alliance import undo_of
from commissions.models import SavedReport
from commissions.services import reporting
from tests.cast import user_make
from tests.commissions.reports.reading import context_of

pytestmark = pytest.mark.django_db


def names(client, side="affiliate"):
    return [one.name for one in context_of(client, side)["saved"]]


def save(client, name, query="by=zone&period=7", side="affiliate"):
    data = {"name": name, "query": query}
    return client.post(reverse(f"commissions:{side}_report_save"), data, follow=True)


def test_a_view_keeps_the_report_and_nothing_else_of_the_address(cast, lin):
    save(lin, "  My   zones ", "page=3&sort=-orders&by=zone&csrf=x&period=7")
    assert SavedReport.objects.values_list("name", "query").get() == (
        "My zones", "by=zone&period=7&sort=-orders",
    )  # fmt: skip
    page = lin.get(f"/affiliate/reports/?{SavedReport.objects.get().query}").content.decode()
    assert "Remove the view “My zones”" in page  # it is the one in view


def test_a_name_is_taken_once_whatever_its_case_and_gone_when_removed(cast, lin):
    save(lin, "Zones")
    refused = save(lin, "ZONES", "by=shop")
    assert refused.status_code == 400
    assert names(lin) == ["Zones"]
    asked = {"name": "Zones", "query": "by=zone&period=7"}
    page = lin.post(reverse("commissions:affiliate_report_forget"), asked, follow=True)
    assert names(lin) == []

    again = lin.post(reverse("commissions:affiliate_report_forget"), asked, follow=True)
    assert not list(again.context["messages"])  # nothing was removed, so nothing is to be undone

    [undo] = [undo_of(message) for message in page.context["messages"]]
    lin.post(undo["url"], undo["fields"])
    assert SavedReport.objects.values_list("name", "query").get() == ("Zones", "by=zone&period=7")


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\u200bb"])
def test_a_view_without_a_proper_name_is_refused(cast, lin, name):
    assert save(lin, name).status_code == 400
    assert names(lin) == []


def test_twenty_are_enough(cast, lin):
    SavedReport.objects.bulk_create(
        SavedReport(user=cast.lin, side="affiliate", name=f"V{n}", query="")
        for n in range(reporting.MOST_SAVED)
    )
    assert save(lin, "One more").status_code == 400
    assert len(names(lin)) == 20


def test_views_are_the_persons_own_on_one_side(cast, lin):
    """Not a colleague's, and not those that the same person keeps as merchant. A viewer may keep
    their own."""
    colleague = user_make()
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=colleague, role=MemberRole.VIEWER)
    SavedReport.objects.create(user=cast.lin, side="merchant", name="As merchant", query="")
    save(lin, "Mine")
    client = Client()
    client.force_login(colleague)
    save(client, "Theirs")

    assert (names(lin), names(client)) == (["Mine"], ["Theirs"])
    client.post(reverse("commissions:affiliate_report_forget"), {"name": "Mine"})
    assert names(lin) == ["Mine"]
