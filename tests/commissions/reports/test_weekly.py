"""The report of every week: to who wants it, once, in their language, with ways out."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from affiliates.services.figures import clicks_count
from alliance.kernel import clock
from alliance.kernel.models import Notification
from alliance.kernel.money import cny
from alliance.kernel.notice_kinds import Group, words_of
from alliance.kernel.notices import mails_choose
from alliance.kernel.tasks import mails_send
from commissions import tasks
from tests.cast import user_make

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 5, 11, 9, tzinfo=clock.ZONE)  # MAY is the Sunday before


def told():
    """Whom a beat on a Monday tells, and what."""
    tasks.reports_weekly()
    mails_send()
    return list(Notification.objects.filter(kind__startswith="report.").order_by("pk"))


@pytest.fixture
def both(cast):
    """Lin and Chen want it; two orders in the week."""
    cast.sold("T1")
    cast.sold("T2")
    clicks_count()
    for user in (cast.lin, cast.chen):
        mails_choose(user=user, choices={Group.REPORTS: True})
    Notification.objects.update(mail_at=None)  # what the cast was told before
    with clock.at(MONDAY):
        yield cast


def test_the_week_comes_once_on_monday(both, mailoutbox):
    for _again in range(3):
        told()
    lin, chen = sorted(mailoutbox, key=lambda mail: mail.to, reverse=True)

    assert (lin.to, chen.to) == ([both.lin.email], [both.chen.email])
    assert lin.subject == f"Lin's picks, May 4 – 10, 2026: {cny('38.68').localized()} estimated"
    assert "Orders: 2 (0)" in lin.body
    assert f"1. Vacuum flask 500 ml: {cny('38.68').localized()}" in lin.body
    assert "/affiliate/reports/?by=product&start=2026-05-04&end=2026-05-10" in lin.body
    assert "List-Unsubscribe" in lin.extra_headers
    assert f"1. Lin's picks: {cny('398.00').localized()}" in chen.body


def test_a_week_after_a_week_is_told_and_silence_is_not(both, mailoutbox):
    told()
    with clock.at(MONDAY + timedelta(days=7)):
        told()
    assert len(mailoutbox) == 4  # nothing came, but the week before is worth a comparison
    with clock.at(MONDAY + timedelta(days=14)):
        told()
    assert len(mailoutbox) == 4


def test_it_is_written_in_the_readers_language(both, mailoutbox):
    both.lin.language = "de"
    both.lin.save(update_fields=["language"])
    told()
    lin = next(mail for mail in mailoutbox if mail.to == [both.lin.email])

    assert "Bestellungen: 2 (0)" in lin.body
    assert "geschätzt" in lin.subject


def test_nobody_gets_it_unasked_nor_after_leaving(both, mailoutbox):
    mails_choose(user=user_make(), choices={Group.REPORTS: True})
    both.affiliate.members.all().delete()
    mails_choose(user=both.chen, choices={Group.REPORTS: False})

    assert (told(), mailoutbox) == ([], [])


def test_what_was_told_stays_as_it_was(both):
    """A refund afterwards changes the report, not what was told."""
    one = next(row for row in told() if row.user_id == both.lin.pk)
    both.refunded("100.00", "T1")
    assert [row.pk for row in told() if row.user_id == both.lin.pk] == [one.pk]
    assert cny("38.68").localized() in words_of(one)[0]


def test_the_switch_stands_below_the_report(cast, lin):
    url = reverse("commissions:affiliate_report_mail")
    for on, wanted in (("yes", True), ("yes", True), ("no", False), ("no", False)):
        page = lin.post(url, {"on": on, "query": "by=zone"}, follow=True)
        assert page.redirect_chain[-1][0] == "/affiliate/reports/?by=zone"
        assert page.context["weekly"] is wanted
    assert "Send it to me" in page.content.decode()
    assert 'name="reports"' in lin.get(reverse("notification_settings")).content.decode()
