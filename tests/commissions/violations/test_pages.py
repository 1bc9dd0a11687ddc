"""What the affiliate sees of a case and does about it; what strangers do not."""

from datetime import timedelta

from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from affiliates.models import AffiliateMember
from affiliates.services import affiliate_apply
from alliance.kernel import clock
from alliance.kernel.models import MemberRole
from alliance.kernel.tasks import mails_send
from commissions.models import Appeal, Evidence
from tests.cast import user_make

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def page(client, name, *args):
    answer = client.get(reverse(f"commissions:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def upload(name="shot.png", content=PNG):
    return SimpleUploadedFile(name, content, content_type="text/html")


def test_the_case_shows_evidence_money_deadline_and_takes_the_appeal(court):
    lin = signed_in(court.cast.lin)
    assert "No case against you" in page(lin, "violations")
    court.order("T1")
    court.order("T2", received=False)
    case = court.open(court.cast.affiliate, file=upload(), severity="general", points=6)

    home = page(lin, "affiliate_home")
    assert f"Case V{case.pk} against you: Traffic hijacking" in home
    shown = page(lin, "violation", case.pk)
    for words in (
        "Seen in the log.", "shot.png", "¥19.34", "¥19.34 more", "15 days left",
        "May 31, 2026", "6 (General)", "The orders are invalid",
    ):  # fmt: skip
        assert words in shown, words
    assert "anna" not in shown
    assert court.anna.email not in shown

    answer = lin.post(
        reverse("commissions:appeal", args=[case.pk]),
        {"text": "It was me.", "file": upload("chat.txt", b"hello")},
        follow=True,
    )
    assert "A person answers it within 7 days" in answer.content.decode()
    appeal = Appeal.objects.get()
    assert (appeal.text, appeal.filed_by) == ("It was me.", court.cast.lin)
    assert appeal.answer_until == clock.now() + timedelta(days=7)
    assert Evidence.objects.get(from_desk=False).content_type == "text/plain; charset=utf-8"
    assert "Add evidence" in page(lin, "violation", case.pk)
    assert "Frozen" in page(lin, "affiliate_orders")
    assert "See the case" in page(lin, "receipt", court.cast.commission("T1").pk)


def test_the_list_says_what_is_at_stake_until_when_and_how_a_case_goes(court):
    lin = signed_in(court.cast.lin)
    court.order("T1")
    case = court.open(court.cast.affiliate, file=upload(), severity="general", points=6)
    listed = page(lin, "violations")
    for words in (
        "0 of 18", "¥19.34", "15 days left", f"to appeal against V{case.pk}: May 31, 2026",
        "The orders are invalid, the merchants get the commission back", "How a case goes",
        f'/affiliate/violations/{case.pk}/#appeal"',
    ):  # fmt: skip
        assert words in listed, words
    ahead = lin.get(reverse("commissions:violation", args=[case.pk])).context["ahead"]
    assert [sentence[:22] for sentence in ahead] == [
        "Until May 31, 2026 12:", "Within 7 days of it a ", "Without an appeal the ",
    ]  # fmt: skip

    lin.post(reverse("commissions:appeal", args=[case.pk]), {"text": "It was me."})
    listed = page(lin, "violations")
    assert "nothing waits for you" in listed
    assert "#appeal" not in listed
    assert "A person answers by" in listed
    ahead = lin.get(reverse("commissions:violation", args=[case.pk])).context["ahead"]
    assert ahead[2].startswith("If not, you have 15 days to ask for the second instance")


def test_after_the_deadline_the_page_takes_no_appeal_and_says_so(court):
    case = court.open(court.order())
    lin = signed_in(court.cast.lin)
    with court.after(days=16):
        assert "File the appeal" not in page(lin, "violation", case.pk)
        here = reverse("commissions:violation", args=[case.pk])
        answer = lin.post(
            reverse("commissions:appeal", args=[case.pk]),
            {"text": "Too late"},
            headers={"referer": f"http://testserver{here}"},
            follow=True,
        )
    assert "The deadline for an appeal has passed." in answer.content.decode()
    assert not Appeal.objects.exists()


def test_strangers_find_nothing_and_viewers_change_nothing(court):
    case = court.open(court.order(), file=upload())
    kept = Evidence.objects.get()
    stranger, viewer = user_make(), user_make()
    affiliate_apply(user=stranger, kind="small", name="Other")
    AffiliateMember.objects.create(
        affiliate=court.cast.affiliate, user=viewer, role=MemberRole.VIEWER
    )
    for name, pk in (("violation", case.pk), ("evidence_file", kept.pk)):
        address = reverse(f"commissions:{name}", args=[pk])
        assert signed_in(stranger).get(address).status_code == 404
        assert signed_in(viewer).get(address).status_code == 200
    for name in ("appeal", "evidence_add"):
        address = reverse(f"commissions:{name}", args=[case.pk])
        assert signed_in(stranger).post(address, {"text": "x"}).status_code == 404
        assert signed_in(viewer).post(address, {"text": "x"}).status_code == 403
    assert Evidence.objects.count() == 1


def test_a_file_is_handed_out_to_be_kept_and_never_run(court):
    case = court.open(court.order(), file=upload("a\r\nb<script>.png"))
    kept = Evidence.objects.get()
    answer = signed_in(court.cast.lin).get(reverse("commissions:evidence_file", args=[kept.pk]))

    assert answer.content == PNG
    assert answer["Content-Type"] == "image/png"  # what it is, not what its sender said
    assert answer["Content-Disposition"] == f'attachment; filename="evidence-{kept.pk}.png"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert case.evidence.get().filename == "ab<script>.png"


def test_other_files_are_refused_and_nothing_is_kept(court):
    case = court.open(court.order())
    lin = signed_in(court.cast.lin)
    here = f"http://testserver{reverse('commissions:violation', args=[case.pk])}"
    for name, content, why in (
        ("page.png", b"<html><script>\x01</script>", "Only pictures"),
        ("run.exe", b"MZ\x90\x00\x03", "Only pictures"),
        ("big.png", PNG + bytes(2 * 1024 * 1024), "at most 2 MB"),
    ):
        answer = lin.post(
            reverse("commissions:appeal", args=[case.pk]),
            {"text": "See.", "file": upload(name, content)},
            headers={"referer": here},
            follow=True,
        )
        assert why in answer.content.decode()
    assert (Appeal.objects.count(), Evidence.objects.count()) == (0, 1)


def test_the_affiliate_is_told_at_the_opening_and_at_each_decision_in_its_language(court):
    court.cast.lin.language = "de"
    court.cast.lin.save()
    case = court.open(court.order())
    court.answer(court.appeal(case), court.ben, grant=False)
    court.answer(court.appeal(case), court.cora, grant=True)

    mails_send()
    assert [message.to for message in mail.outbox] == [[court.cast.lin.email]] * 5
    assert f"V{case.pk}" in mail.outbox[0].subject
    assert f"/affiliate/violations/{case.pk}/" in mail.outbox[0].body
    assert "31.05.2026" in mail.outbox[0].body
    assert "We looked at it." in mail.outbox[2].body
