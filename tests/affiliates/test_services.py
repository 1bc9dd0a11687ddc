"""Joining, filing sites and zones, and what operations may do: each change with its trace."""

import pytest

from affiliates import queries
from affiliates.limits import BY_TIER
from affiliates.models import Affiliate, AffiliateKind, AffiliateState, Site, SiteState
from affiliates.services import (
    affiliate_apply,
    affiliate_approve,
    affiliate_close,
    affiliate_freeze,
    affiliate_reject,
    affiliate_unfreeze,
    site_approve,
    site_file,
    site_reject,
    zone_create,
)
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent, MemberRole

pytestmark = pytest.mark.django_db


def verbs(obj) -> list[str]:
    events = AuditEvent.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk))
    return list(events.order_by("pk").values_list("verb", flat=True))


def test_a_small_affiliate_starts_at_once_with_a_zone_to_use(make_user):
    user = make_user()
    affiliate = affiliate_apply(user=user, kind=AffiliateKind.SMALL, name=" Tea friends ")

    assert (affiliate.name, affiliate.state) == ("Tea friends", AffiliateState.ACTIVE)
    assert queries.membership_of(user).role == MemberRole.OWNER
    (zone,) = queries.zones_for(user)
    assert zone.site.state == SiteState.APPROVED
    assert zone.pid == f"mm_{affiliate.pk}_{zone.site_id}_{zone.pk}"
    assert verbs(affiliate) == ["affiliate.applied", "affiliate.approved"]


@pytest.mark.parametrize(
    "kind", [kind for kind in AffiliateKind.values if kind != AffiliateKind.SMALL]
)
def test_every_other_kind_waits_for_operations(make_user, ops, kind):
    user = make_user()
    affiliate = affiliate_apply(user=user, kind=kind, name="Big")
    assert affiliate.state == AffiliateState.APPLIED
    assert not queries.zones_for(user)

    affiliate_approve(actor=ops, affiliate=affiliate)
    affiliate.refresh_from_db()
    assert affiliate.state == AffiliateState.ACTIVE
    assert queries.zones_for(user).count() == 1
    with pytest.raises(WrongState):
        affiliate_approve(actor=ops, affiliate=affiliate)
    assert queries.zones_for(user).count() == 1


def test_nobody_joins_twice_but_after_a_rejection_one_may_try_again(make_user, ops):
    user = make_user()
    first = affiliate_apply(user=user, kind=AffiliateKind.KA, name="One")
    with pytest.raises(WrongState, match="already belong"):
        affiliate_apply(user=user, kind=AffiliateKind.SMALL, name="Two")
    assert Affiliate.objects.count() == 1

    affiliate_reject(actor=ops, affiliate=first, reason="No contract yet.")
    assert queries.reason_of_state(first) == "No contract yet."
    second = affiliate_apply(user=user, kind=AffiliateKind.SMALL, name="Two")
    assert queries.membership_of(user).affiliate == second


@pytest.mark.parametrize(
    ("fields", "at_fault"), [({"name": "  "}, "name"), ({"kind": "spy"}, "kind")]
)
def test_an_application_needs_a_name_and_a_known_kind(make_user, fields, at_fault):
    with pytest.raises(Invalid) as refusal:
        affiliate_apply(**{"user": make_user(), "kind": "small", "name": "Tea", **fields})
    assert refusal.value.field == at_fault
    assert not Affiliate.objects.exists()


def test_freeze_unfreeze_close(affiliate, ops):
    affiliate_freeze(actor=ops, affiliate=affiliate, reason="Odd clicks.")
    with pytest.raises(WrongState):
        affiliate_freeze(actor=ops, affiliate=affiliate, reason="Again.")
    assert queries.reason_of_state(affiliate) == "Odd clicks."
    affiliate_unfreeze(actor=ops, affiliate=affiliate)
    affiliate_close(actor=ops, affiliate=affiliate, reason="Asked to leave.")
    with pytest.raises(WrongState):
        affiliate_unfreeze(actor=ops, affiliate=affiliate)
    assert verbs(affiliate)[2:] == [
        "affiliate.frozen", "affiliate.unfrozen", "affiliate.closed",
    ]  # fmt: skip


@pytest.mark.parametrize("refuse", [affiliate_freeze, affiliate_close, affiliate_reject])
def test_a_refusal_needs_a_reason(affiliate, ops, refuse):
    with pytest.raises(Invalid):
        refuse(actor=ops, affiliate=affiliate, reason=" ")
    affiliate.refresh_from_db()
    assert affiliate.state == AffiliateState.ACTIVE


def file_site(affiliate, **fields) -> Site:
    given = {"name": "Tea blog", "kind": "website", "url": "https://tea.example/", **fields}
    return site_file(actor=affiliate.owner, affiliate=affiliate, **given)


def test_a_site_is_filed_approved_and_rejected_with_a_reason(affiliate, ops):
    site = file_site(affiliate)
    assert site.state == SiteState.SUBMITTED
    site_reject(actor=ops, site=site, reason="The page is empty.")
    with pytest.raises(WrongState):
        site_reject(actor=ops, site=site, reason="Still empty.")
    with pytest.raises(WrongState, match="The page is empty"):
        zone_create(actor=affiliate.owner, site=site, name="Sidebar")
    site_approve(actor=ops, site=site)
    site.refresh_from_db()
    assert (site.state, site.reason) == (SiteState.APPROVED, "")
    with pytest.raises(WrongState):
        site_approve(actor=ops, site=site)
    assert verbs(site) == ["site.filed", "site.rejected", "site.approved"]


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"name": ""}, "name"),
        ({"kind": "radio"}, "kind"),
        ({"url": ""}, "url"),
        ({"url": "tea.example"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
    ],
)
def test_a_site_says_what_is_missing(affiliate, fields, at_fault):
    with pytest.raises(Invalid) as refusal:
        file_site(affiliate, **fields)
    assert refusal.value.field == at_fault


def test_groups_need_no_address(affiliate):
    assert file_site(affiliate, kind="guide", url="").url == ""


def test_the_tier_caps_sites_and_zones(affiliate, ops):
    for i in range(BY_TIER[0].sites - 1):  # the first one came with joining
        site = file_site(affiliate, name=f"Blog {i}")
    with pytest.raises(Invalid, match=str(BY_TIER[0].sites)):
        file_site(affiliate)
    site_reject(actor=ops, site=affiliate.zone.site, reason="Not yours.")
    file_site(affiliate)  # a rejected site does not count

    for i in range(BY_TIER[0].zones - 1):
        zone_create(actor=affiliate.owner, site=site, name=f"Zone {i}")
    with pytest.raises(Invalid, match=str(BY_TIER[0].zones)):
        zone_create(actor=affiliate.owner, site=site, name="One more")


def test_a_zone_has_a_name_of_its_own_within_its_site(affiliate):
    site = file_site(affiliate)
    zone_create(actor=affiliate.owner, site=site, name="Sidebar")
    with pytest.raises(Invalid, match="already has"):
        zone_create(actor=affiliate.owner, site=site, name=" Sidebar ")
    with pytest.raises(Invalid):
        zone_create(actor=affiliate.owner, site=site, name="")
    assert site.zones.count() == 1


def test_a_frozen_affiliate_files_nothing(affiliate, ops):
    affiliate_freeze(actor=ops, affiliate=affiliate, reason="Odd clicks.")
    with pytest.raises(WrongState, match="frozen"):
        file_site(affiliate)
    with pytest.raises(WrongState, match="frozen"):
        zone_create(actor=affiliate.owner, site=affiliate.zone.site, name="Sidebar")
