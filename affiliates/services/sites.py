"""Filing media and creating ad zones below them."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.destinations import host_of
from affiliates.limits import limits_of
from affiliates.models import AdZone, Affiliate, Site, SiteKind, SiteState
from affiliates.notices import site_tell
from affiliates.services.standing import affiliate_must_be_active, site_must_stand
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import User


@transaction.atomic
def site_file(*, actor: User, affiliate: Affiliate, name: str, kind: str, url: str = "") -> Site:
    """File a medium. Links may be built on it at once; operations look at it later.

    Filed means that links can be taken, not that the medium is compliant (docs/domain.md §1.2).
    Raises Invalid (name, kind, address, cap of the tier), WrongState (affiliate not active).
    """
    affiliate = _locked(affiliate)
    name, url = name.strip(), url.strip()
    if not name:
        raise Invalid(_("Please give a name."), field="name")
    if kind not in SiteKind.values:
        raise Invalid(_("Please choose what kind of medium it is."), field="kind")
    if url and not host_of(url):
        raise Invalid(_("Please give a full web address: https://…"), field="url")
    if not url and kind != SiteKind.GUIDE:
        raise Invalid(_("Please give the address where we can look at it."), field="url")
    limit = limits_of(affiliate).sites
    if affiliate.sites.exclude(state=SiteState.REJECTED).count() >= limit:
        raise Invalid(
            _("Your tier allows %(limit)d sites. You have filed them all.") % {"limit": limit},
            limit=limit,
        )
    site = Site.objects.create(affiliate=affiliate, name=name[:80], kind=kind, url=url)
    audit.record("site.filed", site, actor=actor, kind=kind, url=url)
    return site


@transaction.atomic
def site_approve(*, actor: User, site: Site) -> None:
    """submitted or rejected → approved."""
    rows = Site.objects.filter(pk=site.pk).exclude(state=SiteState.APPROVED)
    if not rows.update(state=SiteState.APPROVED, reason="", updated_at=clock.now()):
        raise WrongState
    site.state, site.reason = SiteState.APPROVED, ""
    site_tell(site, "site.approved", audit.record("site.approved", site, actor=actor))


@transaction.atomic
def site_reject(*, actor: User, site: Site, reason: str) -> None:
    """submitted or approved → rejected: its links stop earning. The affiliate reads the reason."""
    reason = reason.strip()[:300]
    if not reason:
        raise Invalid(_("Please give a reason: the affiliate will read it."), field="reason")
    rows = Site.objects.filter(pk=site.pk).exclude(state=SiteState.REJECTED)
    if not rows.update(state=SiteState.REJECTED, reason=reason, updated_at=clock.now()):
        raise WrongState
    site.state, site.reason = SiteState.REJECTED, reason
    event = audit.record("site.rejected", site, actor=actor, reason=reason)
    site_tell(site, "site.rejected", event)


@transaction.atomic
def zone_create(*, actor: User, site: Site, name: str) -> AdZone:
    """An ad zone, and with it a PID. The name is unique within its site.

    Raises Invalid (name, cap of the tier), WrongState (affiliate not active, site rejected).
    """
    affiliate = _locked(site.affiliate)
    site_must_stand(site)
    name = name.replace("\x00", "").strip()[:64]
    if not name:
        raise Invalid(_("Please give a name."), field="name")
    if site.zones.filter(name=name).exists():
        raise Invalid(_("This site already has an ad zone of that name."), field="name")
    limit = limits_of(affiliate).zones
    if AdZone.objects.filter(site__affiliate=affiliate).count() >= limit:
        raise Invalid(
            _("Your tier allows %(limit)d ad zones. You have created them all.") % {"limit": limit},
            limit=limit,
        )
    zone = AdZone.objects.create(site=site, name=name)
    audit.record("zone.created", zone, actor=actor, site=site.pk)
    return zone


@transaction.atomic
def zone_freeze(*, actor: User | None, zone: AdZone, until: datetime) -> None:
    """Its links stop earning at once and until that moment; buyers still find the shop."""
    _freeze(zone, until, "zone.frozen", actor)


@transaction.atomic
def zone_unfreeze(*, actor: User | None, zone: AdZone) -> None:
    """Its links earn again."""
    _freeze(zone, None, "zone.unfrozen", actor)


def _freeze(zone: AdZone, until: datetime | None, verb: str, actor: User | None) -> None:
    AdZone.objects.filter(pk=zone.pk).update(frozen_until=until, updated_at=clock.now())
    zone.frozen_until = until
    audit.record(verb, zone, actor=actor, until=until.isoformat() if until else "")


def _locked(affiliate: Affiliate) -> Affiliate:
    """The affiliate's row held, so that two requests at once cannot pass a cap together."""
    row = Affiliate.objects.select_for_update(no_key=True).get(pk=affiliate.pk)
    affiliate_must_be_active(row)
    return row
