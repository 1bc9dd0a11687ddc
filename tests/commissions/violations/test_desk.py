"""The desk opens cases where they are seen, and answers appeals with four eyes."""

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from alliance.kernel import clock
from commissions import tasks
from commissions.models import Commission, Evidence, Violation

CASES = "/admin/commissions/violation/"


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def said(**more):
    return {
        "reason": "25",
        "text": "A hidden frame, see the file.",
        "consequence": "invalidate",
        "severity": "general",
        "points": "6",
        "days": "30",
        **more,
    }


def test_cases_are_opened_from_a_commission_a_site_and_an_affiliate(court):
    commission = court.order()
    anna = signed_in(court.anna)
    site = court.cast.zone.site
    file = SimpleUploadedFile("frame.txt", b"<iframe width=0>")
    places = (
        (f"/admin/commissions/commission/{commission.pk}/case/", said(file=file)),
        (f"/admin/affiliates/site/{site.pk}/case/", said(zone=court.cast.zone.pk)),
        (f"/admin/affiliates/affiliate/{court.cast.affiliate.pk}/case/", said()),
    )
    for address, form in places:
        assert "multipart/form-data" in anna.get(address).content.decode()
        assert anna.post(address, form).status_code == 302

    cases = list(Violation.objects.order_by("pk"))
    assert [case.target for case in cases] == ["order", "zone", "account"]
    assert cases[0].frozen_until is None
    assert cases[1].frozen_until == clock.now() + timedelta(days=30)
    assert Evidence.objects.get(violation=cases[0]).filename == "frame.txt"
    tasks.violations_sweep()
    assert court.balances()[0] == "19.34"


def test_many_commissions_become_a_case_each(court):
    pks = [court.order(f"T{n}").pk for n in range(2)]
    answer = signed_in(court.anna).post(
        "/admin/commissions/commission/",
        {"action": "case", "_selected_action": pks, "decided": "1", **said()},
    )
    assert answer.status_code == 302
    assert set(Violation.objects.values_list("commission", flat=True)) == set(pks)
    tasks.violations_sweep()


def test_the_appeal_is_answered_at_the_desk_by_another_person(court):
    case = court.open(court.order())
    appeal = court.appeal(case)
    page = signed_in(court.ben).get(f"{CASES}{case.pk}/change/").content.decode()
    for words in ("Seen in the log.", "It was me who recommended it.", "19.34"):
        assert words in page, words
    waiting = signed_in(court.ben).get(f"{CASES}?appeal=waiting").content.decode()
    link = f"{CASES}{case.pk}/change/"  # its number may stand in a random token by chance
    assert link in waiting
    assert link not in signed_in(court.ben).get(f"{CASES}?appeal=overdue").content.decode()

    here = f"{CASES}{case.pk}/grant/"
    answer = signed_in(court.anna).post(
        here, {"answer": "Yes."}, headers={"referer": f"http://testserver{here}"}, follow=True
    )
    assert "You opened this case: somebody else must answer" in answer.content.decode()
    signed_in(court.ben).post(here, {"answer": "A friend's blog."})

    appeal.refresh_from_db()
    assert (appeal.state, appeal.decided_by) == ("granted", court.ben)
    tasks.violations_sweep()
    assert Commission.objects.get().hold == ""
    with court.after(days=8):
        assert case.number in signed_in(court.ben).get(f"{CASES}?age=7").content.decode()


def test_the_evidence_is_handed_out_at_the_desk(court):
    court.open(court.order(), file=SimpleUploadedFile("log.txt", b"12:00 click"))
    kept = Evidence.objects.get()
    answer = signed_in(court.ben).get(f"/admin/commissions/evidence/{kept.pk}/file/")

    assert answer.content == b"12:00 click"
    assert answer["Content-Disposition"].startswith("attachment")
