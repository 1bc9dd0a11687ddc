"""Channels: whom an affiliate records, by which code they come, and what they brought."""

from contextlib import nullcontext
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates.models import Channel, InviterCode
from affiliates.queries import channel_numbered
from affiliates.services import affiliate_apply
from affiliates.services.channels import About, channel_end, channel_record, inviter_code_get
from alliance.kernel import clock
from alliance.kernel.errors import NotAllowed, WrongState
from alliance.kernel.models import AuditEvent, Notification
from commissions.queries.channels import brought_by
from tests.cast import user_make
from tests.commissions.affiliate_pages.reading import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(cast):
    cast.affiliate.kind = "tuanzhang"
    cast.affiliate.save()


def test_who_has_not_the_right_reads_who_has(cast, lin):
    assert "Not for this kind of account" in read(lin, "channels")
    assert "Channels and members" not in read(lin, "partners")
    facts = {"kind": "1", "name": "Wang", "scene": "common"}
    for path in ("channels/", "channels/codes/"):
        assert lin.post(f"/affiliate/{path}", facts).status_code == 403
    assert not Channel.objects.exists()
    assert not InviterCode.objects.exists()


def test_from_the_record_to_the_commission(cast, lin, manager):
    said = {"kind": "1", "name": "Uncle Wang", "online_scene": "1", "note": "tea group"}
    lin.post("/affiliate/channels/", said)
    lin.post("/affiliate/channels/", {"kind": "2", "name": "Mei"})
    member, channel = Channel.objects.order_by("-pk")
    again = lin.post("/affiliate/channels/", said).content.decode()
    assert "You have one of that name." in again
    with clock.at(clock.now() + timedelta(hours=3)):
        # The address of a click may name the channel, as tools of the trade write it.
        lin.get(f"/r/{cast.link.code}?relation_id={channel.number}")
        cast.sold("M1", click_id=cast.click(sub2=str(channel.number)))
        cast.sold("M2", click_id=cast.click(sub3=str(member.number)))
        cast.sold("M3", click_id=cast.click(sub2=str(member.number)))  # a channel's place
        cast.sold("M4", click_id=cast.click(sub2=str(channel.number)))
        cast.record(cast.report("M4", state="void", lines=()))
        page = read(lin, "channels")
        told = brought_by(cast.affiliate, Channel.objects.all(), "CNY")
    assert [one.orders for one in told] == [1, 1]  # M4 is void
    # 23.88 × 90 % = 21.49, less a tenth of it.
    assert page.count("19.34") == 2
    assert "tea group" in page
    assert str(channel.number) in page


def test_codes_are_opened_once_and_ended_by_their_team(cast, lin, manager):
    for _again in range(2):
        lin.post("/affiliate/channels/codes/", {"kind": "3", "scene": "common"})
    code = InviterCode.objects.get()
    stranger, user = Client(), user_make()
    affiliate_apply(user=user, kind="small", name="Stranger")
    stranger.force_login(user)
    end = f"/affiliate/channels/codes/{code.pk}/end/"
    assert stranger.post(end).status_code == 404
    assert lin.post(end).status_code == 302
    assert lin.post(end).status_code == 404
    assert not InviterCode.objects.filter(ends_at=None).exists()


def test_who_is_recorded_sees_by_whom_ends_it_and_may_come_back(cast, lin, manager):
    mine = {"actor": cast.lin, "affiliate": cast.affiliate}
    user, browser = user_make(), Client()
    theirs = affiliate_apply(user=user, kind="small", name="Mei")
    theirs.refresh_from_db()
    browser.force_login(user)
    facts = {"actor": user, "affiliate": theirs, "code": inviter_code_get(**mine, kind=1)}
    channel, _new = channel_record(**facts)
    below = inviter_code_get(**mine, kind=2, channel=channel)
    page = read(browser, "partners")
    assert cast.affiliate.name in unescape(page)
    assert str(channel.number) in page
    assert "Recorded below others" not in read(lin, "partners")
    end = f"/affiliate/channels/{channel.pk}/end/"
    assert lin.post(end).status_code == 404  # whoever recorded it is not who it is
    assert browser.post(end).status_code == 302
    assert browser.post(end).status_code == 404
    assert "Recorded below others" not in read(browser, "partners")
    told = Notification.objects.get(kind="channel.ended")
    assert (told.user, told.data["account"]) == (cast.lin, "Mei")
    assert AuditEvent.objects.get(verb="channel.ended").actor == user
    below.refresh_from_db()
    assert below.ends_at  # a code of whoever has gone takes nobody
    assert "until" in read(lin, "channels")
    assert channel_numbered(cast.affiliate, channel.number) is None

    facts |= {"code": inviter_code_get(**mine, kind=1, scene="etao"), "about": About(note="Back")}
    assert channel_record(**facts) == (channel, True)
    assert channel_record(**facts) == (channel, False)
    channel.refresh_from_db()
    assert (channel.code, channel.scene, channel.note) == (facts["code"], "etao", "Back")
    assert channel_numbered(cast.affiliate, channel.number) == channel
    for refused, by in ((NotAllowed, cast.lin), (None, user), (WrongState, user)):
        with pytest.raises(refused) if refused else nullcontext():
            channel_end(actor=by, channel=channel)


def test_as_many_statements_for_thirty_as_for_one(cast, lin, manager):
    counts = []
    for number in (1, 30):
        for one in range(number):
            code = InviterCode.objects.create(
                affiliate=cast.affiliate, code=f"{number}-{one}", kind=1, ends_at=clock.now()
            )
            Channel.objects.create(
                affiliate=cast.affiliate, kind=1 + one % 2, name=code.code, code=code
            )
        Channel.objects.get_or_create(affiliate=cast.affiliate, kind=2, name="Mei")
        read(lin, "channels")
        with CaptureQueriesContext(connection) as asked:
            read(lin, "channels")
        counts.append(len(asked))
    assert counts[0] == counts[1]
