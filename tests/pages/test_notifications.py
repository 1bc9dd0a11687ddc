"""Being told: once, in the reader's words, in the page and by mail, as far as it is wanted."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation

from affiliates.models import Affiliate, AffiliateMember
from alliance.kernel import clock, notice_mails, notices, tasks
from alliance.kernel.models import Notification, User
from alliance.kernel.notice_kinds import KINDS, Group, words_of
from alliance.kernel.templatetags.alliance import icon
from merchants.models import Merchant, MerchantMember

PAID = {"net_minor": 12_345, "currency": "CNY", "account": "…1234", "reason": ""}


@pytest.fixture
def lin(person):
    return person(name="Lin")


@pytest.fixture
def at_lin(lin):
    AffiliateMember.objects.create(
        user=lin, affiliate=Affiliate.objects.create(name="Lin's group", state="active")
    )
    client = Client()
    client.force_login(lin)
    return client


def tell(*people: User, kind: str = "payout.paid", key: str = "payout:1:paid", **data) -> None:
    pks = dict.fromkeys([person.pk for person in people])
    link = reverse("commissions:withdrawals")
    notices.notify(pks, kind, side="affiliate", key=key, link=link, **(data or PAID))


def titles(client, **query) -> list[str]:
    rows = client.get(reverse("notifications"), query).context["rows"]
    return [row.title for row in rows]


# --- in the page ----------------------------------------------------------------------------------


def test_what_was_told_twice_is_there_once(lin, at_lin):
    tell(lin)
    tell(lin)

    assert titles(at_lin) == ["CN¥123.45 is on its way to you"]
    assert Notification.objects.get().mail_at is not None


def test_the_bell_counts_and_an_opened_one_is_read(lin, at_lin):
    tell(lin)
    tell(lin, key="payout:2:paid")
    assert "2 unread notifications" in at_lin.get("/start/").content.decode()

    first = Notification.objects.earliest("pk")
    answer = at_lin.get(reverse("notification", args=[first.pk]))
    assert answer["Location"] == reverse("commissions:withdrawals")
    assert "1 unread notification" in at_lin.get("/start/").content.decode()
    assert len(titles(at_lin)) == 2
    assert len(titles(at_lin, show="unread")) == 1


def test_all_that_the_page_showed_is_read_and_nothing_newer(lin, at_lin):
    tell(lin)
    newest = at_lin.get(reverse("notifications")).context["newest"]
    tell(lin, key="payout:2:paid")
    at_lin.post(reverse("notifications_read"), {"newest": newest})

    assert len(titles(at_lin, show="unread")) == 1


def test_one_is_marked_without_leaving_the_page(lin, at_lin):
    tell(lin)
    answer = at_lin.post(
        reverse("notifications_read"), {"pk": Notification.objects.get().pk, "show": "unread"}
    )

    assert answer["Location"] == "/notifications/?show=unread"
    assert titles(at_lin, show="unread") == []


def test_anothers_notification_is_not_there(lin, person, at_lin):
    tell(person(email="other@example.org"))
    theirs = Notification.objects.get()

    assert titles(at_lin) == []
    assert at_lin.get(reverse("notification", args=[theirs.pk])).status_code == 404
    answer = at_lin.post(reverse("notifications_read"), {"pk": theirs.pk})
    assert answer.status_code == 404
    at_lin.post(reverse("notifications_read"), {"newest": theirs.pk})
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_thirty_cost_as_many_queries_as_one(lin, at_lin, django_assert_max_num_queries):
    for count in (1, 20):
        for number in range(count):
            tell(lin, key=f"payout:{count}{number}:paid")
        with django_assert_max_num_queries(8):
            at_lin.get(reverse("notifications"))


def test_words_are_the_readers_wherever_it_was_told(lin, at_lin):
    at_lin.post("/language/", {"language": "zh-hans"})
    tell(lin)

    assert titles(at_lin) == ["¥123.45正在汇给您"]


def test_a_kind_that_is_gone_breaks_no_page(lin, at_lin):
    tell(lin)
    Notification.objects.update(kind="gone.kind")

    assert titles(at_lin) == ["gone.kind"]


def test_what_is_old_goes(lin):
    tell(lin)
    tell(lin, key="payout:2:paid")
    Notification.objects.filter(key="payout:1:paid").update(
        created_at=clock.now() - timedelta(days=181)
    )
    tasks.notifications_forget()

    assert Notification.objects.get().key == "payout:2:paid"


@pytest.mark.parametrize("language", ["en", "de", "zh-hans"])
def test_every_kind_has_its_words_and_an_icon(language):
    moment = "2026-06-18T00:00:00+00:00"
    data = {
        **{f"{name}_minor": 100 for name in ("net", "left", "amount", "total")},
        **{f"{name}_at": moment for name in ("starts", "ends", "until", "due")},
        **dict.fromkeys(("merchant", "affiliate", "plan", "code", "shop", "event", "site"), "x"),
        **dict.fromkeys(("campaign", "product", "number", "account", "holder", "zone"), "x"),
        **dict.fromkeys(("filename", "failure", "feed", "words", "consequence"), "x"),
        "rows": 3,
        "done": 1,
        "total": 3,
        "name": "x",
        "week": "2026-06-15",
        "now": {},
        "before": {},
        "best": [["x", 100]],
        "rejected": 2,
        "count": 3,
        "items": [{"product": "x", "reason": "y"}, {"product": "x", "reason": "z"}],
        "hours": 72,
        "currency": "CNY",
        "fact": "opened",
        "reason": 1,
        "why": "x",
        "channel": "weibo",
        "trouble": "faulty",
        "status": 503,
        "appeal_until": moment,
        "month": "2026-06",
        "consequence": "",
    }
    own = {  # other words under the same name
        "autopilot.stopped": {"reason": "floor"},
        "anomaly.opened": {
            "measure": "sales", "campaign": "", "value": 900, "low": 100, "usual": 300,
            "high": 400, "up": True, "record": True, "parts": [],
        },
    }  # fmt: skip
    with translation.override(language):
        for name, kind in KINDS.items():
            title, text = words_of(Notification(kind=name, data=data | own.get(name, {})))
            assert title, name
            assert "%(" not in title + text, name
            assert icon(kind.icon)


# --- by mail --------------------------------------------------------------------------------------


def test_a_mail_goes_once_in_the_readers_language_with_a_way_out(lin):
    lin.language = "de"
    lin.save()
    tell(lin)
    tasks.mails_send()
    tasks.mails_send()

    (sent,) = mail.outbox
    assert sent.to == [lin.email]
    assert sent.subject == "123,45 CN¥ sind unterwegs zu Ihnen"
    assert "http://localhost:8000/affiliate/withdrawals/" in sent.body
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert sent.extra_headers["List-Unsubscribe"].strip("<>") in sent.body
    assert 'lang="de"' in sent.alternatives[0][0]


def test_an_address_that_others_typed_is_no_button_of_ours(lin):
    words = {"affiliate": "A\n\nhttps://evil.example/a", "plan": "P"}
    tell(lin, kind="plan.applied", words="Hello\n\nhttps://evil.example/b\n\nBye", **words)
    tasks.mails_send()

    html = mail.outbox[0].alternatives[0][0]
    assert "evil.example/b" in html
    assert 'href="https://evil' not in html
    assert 'href="http://localhost:8000/affiliate/withdrawals/"' in html


def test_two_workers_send_a_mail_once(lin):
    tell(lin)
    assert notice_mails._claim()
    tasks.mails_send()

    assert mail.outbox == []


def test_a_server_that_is_away_is_asked_again(lin, monkeypatch):
    tell(lin)

    def refuse(*_args, **_kwargs):
        raise ConnectionRefusedError

    with monkeypatch.context() as away:
        away.setattr("django.core.mail.message.EmailMultiAlternatives.send", refuse)
        tasks.mails_send()
    tasks.mails_send()
    assert mail.outbox == []
    with clock.at(clock.now() + notice_mails.AGAIN):
        tasks.mails_send()
        tasks.mails_send()
    assert len(mail.outbox) == 1


def test_nobody_gets_a_mail_about_what_is_long_past(lin):
    tell(lin)
    with clock.at(clock.now() + notice_mails.OLD + timedelta(minutes=1)):
        tasks.mails_send()

    assert mail.outbox == []
    assert Notification.objects.get().mail_at is None


def test_somebody_who_is_gone_is_told_nothing(lin):
    User.objects.update(is_active=False)
    tell(lin)

    assert not Notification.objects.exists()


# --- what is wanted -------------------------------------------------------------------------------


def test_what_is_switched_off_comes_in_the_page_only(lin, at_lin):
    at_lin.post(reverse("notification_settings"), {"cases": "on"})
    tell(lin)
    tasks.mails_send()

    assert mail.outbox == []
    assert len(titles(at_lin)) == 1
    boxes = at_lin.get(reverse("notification_settings")).context["form"]
    assert boxes["cases"].initial
    assert not boxes["payouts"].initial


def test_news_come_by_mail_to_who_asked_for_them(lin, at_lin):
    facts = {"campaign": "618", "starts_at": "2026-06-18T00:00:00+00:00"}
    facts["ends_at"] = facts["starts_at"]
    tell(lin, kind="campaign.opened", key="campaign:1:published", **facts)
    at_lin.post(reverse("notification_settings"), {"news": "on"})
    tell(lin, kind="campaign.opened", key="campaign:2:published", **facts)
    tasks.mails_send()

    assert len(mail.outbox) == 1


def test_everybody_chooses_about_what_their_side_is_told(at_lin, lin):
    names = set(at_lin.get(reverse("notification_settings")).context["form"].fields)
    assert "payouts" in names
    assert not names & {"wallet", "security"}

    MerchantMember.objects.create(
        user=lin, merchant=Merchant.objects.create(name="Tea house", state="active")
    )
    assert "wallet" in at_lin.get(reverse("notification_settings")).context["form"].fields


@pytest.fixture
def way_out(lin):
    return reverse("unsubscribe", args=[notice_mails.unsubscribe_token(lin, Group.PAYOUTS)])


def test_the_way_out_of_a_mail_needs_no_sign_in_and_one_press(lin, way_out):
    stranger = Client(enforce_csrf_checks=True)
    assert "Do you want no more mails" in stranger.get(way_out).content.decode()
    lin.refresh_from_db()
    assert lin.mail_choices == {}  # a look changes nothing

    page = stranger.post(way_out, {"List-Unsubscribe": "One-Click"}).content.decode()
    assert "no more mails about “Withdrawals”" in page
    lin.refresh_from_db()
    assert lin.mail_choices == {"payouts": False}
    stranger.post(way_out, {"again": "on"})
    lin.refresh_from_db()
    assert lin.mail_choices == {"payouts": True}


def test_a_forged_way_out_leads_nowhere(client, lin, way_out):
    another = notice_mails.unsubscribe_token(lin, Group.SECURITY).rpartition(":")[2]
    forged = way_out.rpartition(":")[0] + f":{another}/"  # a seal of ours, of something else
    assert client.post(forged).status_code == 404
    lin.refresh_from_db()
    assert lin.mail_choices == {}


def test_mails_about_security_always_come(lin):
    notices.mails_choose(user=lin, choices={Group.SECURITY: False})
    tell(lin, kind="payee.changed", affiliate="A", account="…1", holder="L", hours=72)
    tasks.mails_send()

    (sent,) = mail.outbox
    assert "List-Unsubscribe" not in sent.extra_headers
    lin.refresh_from_db()
    assert lin.mail_choices == {}
