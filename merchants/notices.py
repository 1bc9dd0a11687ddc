"""What the people of a merchant are told, and in which words."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from alliance.kernel.models import AuditEvent, Side, User
from alliance.kernel.notice_kinds import KINDS, Data, Group, Kind, Words, told
from alliance.kernel.notices import notify, notify_together
from merchants.models import (
    BulkEdit,
    Event,
    ImportIssue,
    ImportRun,
    ImportState,
    Merchant,
    MerchantMember,
    MerchantState,
    ProductFeed,
)


def team_tell(merchant_pk: int, kind: str, *, key: str, link: str, **data: Any) -> None:
    """The merchant's whole team, viewers too, each in their language."""
    team = MerchantMember.objects.filter(merchant=merchant_pk)
    people = dict(team.values_list("user_id", "merchant_id"))
    notify(people, kind, side=Side.MERCHANT, key=key, link=link, **data)


def team_tell_together(
    merchant_pk: int, kind: str, *, about: str, key: str, link: str, **data: Any
) -> None:
    """As `team_tell`, what comes many times within minutes in one (`notify_together`)."""
    team = MerchantMember.objects.filter(merchant=merchant_pk)
    people = dict(team.values_list("user_id", "merchant_id"))
    notify_together(people, kind, side=Side.MERCHANT, about=about, key=key, link=link, **data)


def teams_tell(kind: str, *, key: str, link: str, **data: Any) -> None:
    """The teams of all merchants that trade."""
    team = MerchantMember.objects.filter(merchant__state=MerchantState.ACTIVE).order_by("pk")
    people = dict(team.values_list("user_id", "merchant_id"))
    notify(people, kind, side=Side.MERCHANT, key=key, link=link, **data)


def member_tell(merchant: Merchant, person: User) -> None:
    """Somebody who is in the team from now on."""
    notify(
        {person.pk: merchant.pk},
        "team.added",
        side=Side.MERCHANT,
        key=f"merchant:{merchant.pk}:added:{person.pk}",
        link=reverse("home"),
        merchant=merchant.name,
    )


def import_tell(run: ImportRun) -> None:
    """A file came to nothing, or some of its rows did. What went well shows itself."""
    rejected = ImportIssue.objects.filter(run=run).count()
    if run.state == ImportState.FAILED:
        kind = "import.failed"
    elif rejected:
        kind = "import.refused"
    else:
        return
    team_tell(
        run.merchant_id,
        kind,
        key=f"import:{run.pk}:finished",
        link=reverse("merchants:import_run", args=[run.pk]),
        number=run.pk,
        filename=run.filename,
        rejected=rejected,
        rows=int(run.counts.get("rows", 0)),
        failure=str(run.failure),
    )


def bulk_tell(edit: BulkEdit) -> None:
    """A change of many products that stopped before its end. One that ends well shows itself."""
    team_tell(
        edit.merchant_id,
        "bulk.failed",
        key=f"bulk:{edit.pk}:failed",
        link=reverse("merchants:bulk_run", args=[edit.pk]),
        failure=edit.failure,
        done=edit.done,
        total=edit.total,
    )


def merchant_tell(merchant: Merchant, verb: str, event: AuditEvent, reason: str) -> None:
    """Its state was changed, by what the audit trail says."""
    team_tell(
        merchant.pk,
        verb,
        key=f"{verb}:{event.pk}",
        link=reverse(
            "commissions:first_steps" if verb == "merchant.approved" else "merchants:settings"
        ),
        merchant=merchant.name,
        reason=reason,
    )


def event_tell(event: Event) -> None:
    """Every merchant may enrol from now on."""
    teams_tell(
        "event.opened",
        key=f"event:{event.pk}:opened",
        link=reverse("places:event", args=[event.pk]),
        event=event.name,
        starts_at=event.starts_at.isoformat(),
        ends_at=event.ends_at.isoformat(),
        until_at=event.enrol_until.isoformat(),
    )


def feed_tell(feed: ProductFeed) -> None:
    team_tell(
        feed.shop.merchant_id,
        "feed.failed",
        key=f"feed:{feed.pk}:failed:{feed.next_at:%Y%m%d%H%M}",
        link=reverse("merchants:feed", args=[feed.shop_id]),
        merchant=feed.shop.merchant.name,
        shop=feed.shop.name,
        feed=feed.url,
        count=feed.failures,
        trouble=feed.trouble,
        status=feed.status,
    )


def _feed_words(data: Data) -> Words:
    why = ProductFeed(trouble=data["trouble"], status=data["status"]).why
    return (
        gettext("The product feed of %(shop)s cannot be fetched") % data,
        gettext(
            "%(merchant)s has a product feed at\n%(feed)s\nthat failed %(count)s times in a row. "
            "%(why)s\n\nThe products stay as they are. We go on asking, less and less often."
        )
        % {**data, "why": why},
    )


def _refused_words(data: Data) -> Words:
    title = ngettext(
        "Import %(number)s: %(rejected)s row was not taken",
        "Import %(number)s: %(rejected)s rows were not taken",
        data["rejected"],
    )
    return (
        title % data,
        gettext("%(filename)s had %(rows)s rows. The import says of each refused one why.") % data,
    )


KINDS |= {
    "team.added": Kind(
        Group.ACCOUNT,
        "user-plus",
        told(
            _("You were added to %(merchant)s"),
            _(
                "You can now work on %(merchant)s in the alliance.\n\n"
                "If you have no password yet, choose “Forgot your password?” there."
            ),
        ),
    ),
    "merchant.approved": Kind(
        Group.ACCOUNT,
        "circle-check",
        told(
            _("%(merchant)s is approved"),
            _("You can bring products, set rates and top up the wallet from now on."),
        ),
    ),
    "merchant.frozen": Kind(
        Group.ACCOUNT, "alert-triangle", told(_("%(merchant)s is frozen"), "%(reason)s")
    ),
    "merchant.unfrozen": Kind(
        Group.ACCOUNT, "circle-check", told(_("%(merchant)s is active again"))
    ),
    "merchant.closed": Kind(
        Group.ACCOUNT, "circle-x", told(_("%(merchant)s is closed"), "%(reason)s")
    ),
    "import.refused": Kind(Group.IMPORTS, "file-import", _refused_words),
    "import.failed": Kind(
        Group.IMPORTS, "alert-triangle", told(_("Import %(number)s failed"), "%(failure)s")
    ),
    "bulk.failed": Kind(
        Group.IMPORTS,
        "alert-triangle",
        told(
            _("A change of many products stopped"),
            _("%(failure)s\n\n%(done)s of %(total)s products are changed and stay so."),
        ),
    ),
    "feed.failed": Kind(Group.IMPORTS, "refresh", _feed_words),
    "event.opened": Kind(
        Group.NEWS,
        "calendar",
        told(
            _("Merchants can enrol: %(event)s"),
            _("From %(starts)s to %(ends)s. Enrol until %(until)s."),
        ),
    ),
}
