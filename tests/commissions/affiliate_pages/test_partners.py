"""Partners: inviting, accepting, parting, and what those below have brought."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from affiliates.models import AffiliateMember, Invitation, Relation
from affiliates.services import affiliate_apply, link_create
from affiliates.services.invitations import invitation_accept, invitation_end, invitation_open
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, NotAllowed
from alliance.kernel.models import MemberRole
from tests.cast import user_make
from tests.commissions.affiliate_pages.reading import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def mei(cast):
    """Another affiliate, with a link of her own and a browser."""
    user = user_make()
    affiliate = affiliate_apply(user=user, kind="small", name="Mei's corner")
    affiliate.refresh_from_db()
    affiliate.owner, affiliate.client = user, Client()
    affiliate.client.force_login(user)
    zone = affiliate.sites.get().zones.get()
    affiliate.link = link_create(actor=user, affiliate=affiliate, zone=zone, product=cast.product)
    return affiliate


@pytest.fixture
def invitation(cast) -> Invitation:
    return invitation_open(actor=cast.lin, affiliate=cast.affiliate, share_bps=2_000, below_bps=500)


def test_from_the_invitation_to_the_part_of_an_order(cast, lin, mei):
    lin.post("/affiliate/partners/", {"share": "20", "below": "5"})
    invitation = Invitation.objects.get()
    page = unescape(read(mei.client, "partners", code=invitation.code.lower()))
    assert f"{cast.affiliate.name} invites you" in page
    assert "they get 20% of the commission, out of your share of 90%" in page
    assert not Relation.objects.exists()

    mei.client.post("/affiliate/partners/accept/", {"code": invitation.code})
    relation = Relation.objects.get()
    assert (relation.affiliate, relation.partner) == (mei, cast.affiliate)
    assert (relation.share_bps, relation.below_bps) == (2_000, 500)

    with clock.at(clock.now() + timedelta(hours=3)):
        cast.sold("M1", click_id=cast.click(link=mei.link))
        page = unescape(read(lin, "partners"))
    # 23.88 × 90 % = 21.49, of it 20 / 90: 4.78, less a tenth.
    assert "Mei's corner" in page
    assert "4.30" in page
    assert "gets 20% of each commission" in read(mei.client, "partners")


def test_either_side_ends_it_and_strangers_do_not(cast, lin, mei, invitation):
    relation = invitation_accept(actor=mei.owner, affiliate=mei, code=invitation.code)
    stranger = Client()
    other = user_make()
    affiliate_apply(user=other, kind="small", name="Stranger")
    stranger.force_login(other)
    assert stranger.post(f"/affiliate/partners/{relation.pk}/end/").status_code == 404
    assert mei.client.post(f"/affiliate/partners/{relation.pk}/end/").status_code == 302
    relation.refresh_from_db()
    assert relation.ends_at


def test_a_viewer_invites_and_accepts_nothing(cast, mei, invitation):
    viewer = user_make()
    AffiliateMember.objects.create(affiliate=mei, user=viewer, role=MemberRole.VIEWER)
    for deed in (
        lambda: invitation_open(actor=viewer, affiliate=mei, share_bps=1),
        lambda: invitation_accept(actor=viewer, affiliate=mei, code=invitation.code),
        lambda: invitation_open(actor=mei.owner, affiliate=cast.affiliate, share_bps=1),
        lambda: invitation_end(actor=mei.owner, invitation=invitation),
    ):
        with pytest.raises(NotAllowed):
            deed()
    assert not Relation.objects.exists()
    assert Invitation.objects.count() == 1


def test_an_invitation_that_was_ended_or_is_ones_own_cannot_be_accepted(cast, lin, mei, invitation):
    with pytest.raises(Invalid, match="own partner"):
        invitation_accept(actor=cast.lin, affiliate=cast.affiliate, code=invitation.code)
    lin.post(f"/affiliate/partners/invitations/{invitation.pk}/end/")
    assert "no open invitation" in read(mei.client, "partners", code=invitation.code)
    with pytest.raises(Invalid):
        invitation_accept(actor=mei.owner, affiliate=mei, code=invitation.code)
    assert not Relation.objects.exists()


def test_a_share_above_what_the_invited_one_has_is_refused(cast, mei):
    greedy = invitation_open(actor=cast.lin, affiliate=cast.affiliate, share_bps=9_500)
    with pytest.raises(Invalid, match="90%"):
        invitation_accept(actor=mei.owner, affiliate=mei, code=greedy.code)


def test_the_page_takes_as_many_statements_with_thirty_below(cast, lin):
    counts = []
    for many in (1, 29):
        for _i in range(many):
            below = affiliate_apply(user=user_make(), kind="small", name="B")
            Relation.objects.create(affiliate=below, partner=cast.affiliate, share_bps=100)
        with CaptureQueriesContext(connection) as seen:
            assert lin.get("/affiliate/partners/").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
