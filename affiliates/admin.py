"""Operations desk: who promotes, where, what the buyers did, and whose each order is."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.enums import ActionVariant

import affiliates.admin_plans
import affiliates.admin_policy  # noqa: F401 (registers its tables)
from affiliates.admin_parts import (
    FINANCE,
    LOOK_AFTER,
    OPS,
    PARTNER,
    RISK,
    SPECIAL_FEE,
    SUPPORT,
    special_bps,
)
from affiliates.explanations import explain
from affiliates.models import (
    AdZone,
    Affiliate,
    AffiliateMember,
    AffiliateState,
    Attribution,
    Link,
    Site,
    SiteState,
    Touch,
)
from affiliates.services import (
    affiliate_approve,
    affiliate_close,
    affiliate_freeze,
    affiliate_reject,
    affiliate_unfreeze,
    site_approve,
    site_reject,
)
from alliance.kernel import columns
from alliance.kernel.desk import (
    Decision,
    DeskAdmin,
    Facts,
    ReadOnlyAdmin,
    ReadOnlyInline,
    ReasonForm,
    in_state,
    last_reason,
)
from alliance.kernel.money import percent


class MemberInline(ReadOnlyInline):
    model = AffiliateMember
    fields = ("user", "role", columns.moment("created_at", _("since")))
    readonly_fields = fields
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AffiliateMember]:
        return super().get_queryset(request).select_related("user")


class SiteInline(ReadOnlyInline):
    model = Site
    fields = ("name", "kind", "url", columns.state(), "reason")
    readonly_fields = fields


def affiliate_facts(affiliate: Affiliate) -> Facts:
    yield _("kind"), affiliate.get_kind_display()
    yield _("where and how you promote"), affiliate.introduction or "–"
    yield _("applied"), affiliate.created_at
    for member in affiliate.members.select_related("user"):
        yield _("member"), f"{member.user.email} ({member.get_role_display()})"


STATE_FIELDS = (columns.state(), columns.moment("created_at", _("applied")))


@admin.register(Affiliate)
class AffiliateAdmin(DeskAdmin):
    """Kind, tier and agreed share are edited here; the state moves by decisions only."""

    tabs_by = "state"
    seen_by = (RISK, FINANCE, SUPPORT)
    changed_by = (OPS,)
    list_display = (
        "name",
        columns.plain("pk", _("member id")),
        columns.state(),
        "kind",
        "tier_name",
        columns.rate("share_bps", _("agreed share")),
        columns.moment("created_at", _("applied")),
    )
    list_filter = ("state", "kind", "tier")
    search_fields = ("name", "=pk", "members__user__email")
    search_help_text = _("Name, member id or e-mail")
    ordering = ("-pk",)
    inlines = (SiteInline, MemberInline)
    readonly_fields = (*STATE_FIELDS, "reason_of_state", "introduction")
    fieldsets = (
        (None, {"fields": ("name", *STATE_FIELDS, "reason_of_state", "introduction")}),
        (_("Conditions"), {"fields": ("kind", "tier", "share_bps")}),
    )
    decisions: tuple[Decision, ...] = (
        Decision(
            name="approve",
            label=_("Approve"),
            icon="how_to_reg",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, affiliate: affiliate_approve(actor=actor, affiliate=affiliate),
            roles=(OPS,),
            when=in_state(AffiliateState.APPLIED),
            text=_("The affiliate gets a first site and ad zone, and can build links at once."),
            done=_("The affiliate is approved."),
            facts=affiliate_facts,
            bulk=True,
        ),
        Decision(
            name="reject",
            label=_("Refuse"),
            icon="person_off",
            variant=ActionVariant.DANGER,
            run=lambda actor, affiliate, reason: affiliate_reject(
                actor=actor, affiliate=affiliate, reason=reason
            ),
            roles=(OPS,),
            when=in_state(AffiliateState.APPLIED),
            text=_("The applicant reads the reason, and may apply again."),
            done=_("The application is refused."),
            form=ReasonForm,
            facts=affiliate_facts,
            bulk=True,
        ),
        Decision(
            name="freeze",
            label=_("Freeze"),
            icon="ac_unit",
            variant=ActionVariant.WARNING,
            run=lambda actor, affiliate, reason: affiliate_freeze(
                actor=actor, affiliate=affiliate, reason=reason
            ),
            roles=(OPS, RISK),
            when=in_state(AffiliateState.ACTIVE),
            text=_(
                "Links stop earning at once and nothing can be withdrawn. Orders of earlier "
                "clicks stay theirs. The affiliate reads the reason."
            ),
            done=_("The affiliate is frozen."),
            form=ReasonForm,
            facts=affiliate_facts,
            bulk=True,
        ),
        Decision(
            name="unfreeze",
            label=_("Unfreeze"),
            icon="wb_sunny",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, affiliate: affiliate_unfreeze(actor=actor, affiliate=affiliate),
            roles=(OPS, RISK),
            when=in_state(AffiliateState.FROZEN),
            text=_("Links earn again, and withdrawals are open."),
            done=_("The affiliate is active again."),
            facts=lambda affiliate: [
                (_("Frozen because"), last_reason(affiliate, "affiliate.frozen") or "–")
            ],
        ),
        Decision(
            name="close",
            label=_("Close"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=lambda actor, affiliate, reason: affiliate_close(
                actor=actor, affiliate=affiliate, reason=reason
            ),
            roles=(OPS,),
            when=in_state(AffiliateState.ACTIVE, AffiliateState.FROZEN),
            text=_("For good. The affiliate reads the reason."),
            done=_("The affiliate is closed."),
            form=ReasonForm,
            facts=affiliate_facts,
        ),
        PARTNER,
        LOOK_AFTER,
    )

    @display(description=_("tier"), ordering="tier")
    def tier_name(self, affiliate: Affiliate) -> str:
        return f"T{affiliate.tier}"

    @display(description=_("reason given"))
    def reason_of_state(self, affiliate: Affiliate) -> str:
        verbs = ("affiliate.rejected", "affiliate.frozen", "affiliate.closed")
        return last_reason(affiliate, *verbs) or "–"


class ZoneInline(ReadOnlyInline):
    model = AdZone
    fields = ("name", "pid", columns.moment("created_at", _("made")))
    readonly_fields = fields
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AdZone]:
        return super().get_queryset(request).select_related("site")


def site_facts(site: Site) -> Facts:
    yield _("affiliate"), columns.link_to(site.affiliate)
    yield _("kind"), site.get_kind_display()
    yield _("address"), address(site)
    yield _("filed"), site.created_at


def address(site: Site) -> SafeString | str:
    """The site's address, opened beside the desk and without telling it where we come from."""
    if not site.url:
        return "–"
    return format_html(
        '<a class="text-link" href="{0}" target="_blank" rel="noopener noreferrer nofollow">'
        "{0}</a>",
        site.url,
    )


@admin.register(Site)
class SiteAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (OPS, RISK, SUPPORT)
    list_display = (
        "name",
        columns.linked("affiliate", _("affiliate")),
        "kind",
        "open",
        columns.state(),
        columns.moment("created_at", _("filed")),
    )
    list_select_related = ("affiliate",)
    list_filter = ("state", "kind", ("affiliate", AutocompleteSelectFilter))
    search_fields = ("name", "url", "affiliate__name")
    ordering = ("-pk",)
    inlines = (ZoneInline,)
    fields = (
        "name",
        columns.linked("affiliate", _("affiliate")),
        "kind",
        "open",
        columns.state(),
        "reason",
        "special",
        columns.moment("created_at", _("filed")),
    )
    decisions: tuple[Decision, ...] = (
        Decision(
            name="approve",
            label=_("Approve"),
            icon="check_circle",
            variant=ActionVariant.SUCCESS,
            run=lambda actor, site: site_approve(actor=actor, site=site),
            roles=(OPS,),
            when=in_state(SiteState.SUBMITTED, SiteState.REJECTED),
            text=_("The medium stands; links on its ad zones earn."),
            done=_("The site is approved."),
            facts=site_facts,
            bulk=True,
        ),
        Decision(
            name="reject",
            label=_("Reject"),
            icon="block",
            variant=ActionVariant.DANGER,
            run=lambda actor, site, reason: site_reject(actor=actor, site=site, reason=reason),
            roles=(OPS, RISK),
            when=in_state(SiteState.SUBMITTED, SiteState.APPROVED),
            text=_("Its links stop earning at once. The affiliate reads the reason."),
            done=_("The site is rejected."),
            form=ReasonForm,
            facts=site_facts,
            bulk=True,
        ),
        SPECIAL_FEE,
    )

    @display(description=_("special service fee"))
    def special(self, site: Site) -> str:
        return percent(special_bps(site))

    @display(description=_("address"))
    def open(self, site: Site) -> SafeString | str:
        return address(site)


@admin.register(Link)
class LinkAdmin(ReadOnlyAdmin):
    seen_by = (OPS, RISK, SUPPORT)
    list_display = (
        "code",
        columns.linked("affiliate", _("affiliate")),
        "pid",
        columns.linked("shop", _("shop")),
        columns.linked("product", _("product")),
        columns.moment("created_at", _("made")),
        columns.moment("paused_at", _("paused at")),
    )
    list_select_related = ("affiliate", "zone__site", "shop", "product")
    list_filter = (("affiliate", AutocompleteSelectFilter), ("shop", AutocompleteSelectFilter))
    search_fields = ("=code", "affiliate__name", "product__title")
    ordering = ("-pk",)
    fields = (
        *list_display,
        columns.linked("plan", _("event plan")),
        "dx",
        "url",
        "sub1",
        "sub2",
        "sub3",
        "sub4",
        "sub5",
    )

    @display(description="PID")
    def pid(self, link: Link) -> str:
        return link.zone.pid


@admin.register(Touch)
class TouchAdmin(ReadOnlyAdmin):
    """Clicks and claims. The visitor is only known by keyed hashes, which say nothing here."""

    seen_by = (OPS, RISK, SUPPORT)
    list_display = (
        "shown",
        columns.moment("touched_at", _("touched at")),
        "kind",
        columns.linked("affiliate", _("affiliate")),
        columns.linked("shop", _("shop")),
        columns.linked("product", _("product")),
        "visitor",
    )
    list_select_related = ("affiliate", "shop", "product")
    list_filter = ("visitor", "touched_at", ("affiliate", AutocompleteSelectFilter))
    search_fields = ("=click_id", "affiliate__name")
    search_help_text = _("Click id or affiliate")
    ordering = ("-pk",)
    fields = (
        *list_display,
        columns.linked("link", _("link")),
        "zone",
        "sub1",
        "sub2",
        "sub3",
        "sub4",
        "sub5",
    )

    @display(description=_("click id"))
    def shown(self, touch: Touch) -> str:
        return str(touch)


@admin.register(Attribution)
class AttributionAdmin(ReadOnlyAdmin):
    """Whose an order line is, and the receipt that says why."""

    seen_by = (OPS, RISK, SUPPORT, FINANCE)
    list_display = (
        "line",
        columns.state("rule", _("rule")),
        columns.linked("affiliate", _("affiliate")),
        columns.rate("rate_bps", _("commission rate")),
        columns.rate("share_bps", _("affiliate's share")),
        columns.moment("decided_at", _("decided at")),
    )
    list_filter = ("rule", ("affiliate", AutocompleteSelectFilter))
    search_fields = ("=line__order__external_id", "affiliate__name")
    search_help_text = _("Order number or affiliate")
    ordering = ("-pk",)
    fields = (
        columns.linked("line.order", _("order")),
        "line",
        columns.state("rule", _("rule")),
        columns.linked("affiliate", _("affiliate")),
        "receipt_text",
        columns.linked("touch", _("click")),
        columns.linked("plan", _("commission plan")),
        "terms",
        columns.rate("rate_bps", _("commission rate")),
        columns.rate("share_bps", _("affiliate's share")),
        columns.rate("special_bps", _("special service fee")),
        columns.linked("partner", _("partner")),
        columns.rate("partner_share_bps", _("partner's share")),
        columns.linked("second_partner", _("second-level partner")),
        columns.rate("second_share_bps", _("second-level partner's share")),
        columns.linked("intermediary", _("intermediary")),
        columns.rate("service_bps", _("service fee")),
        columns.moment("decided_at", _("decided at")),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.select_related(
            "line__order",
            "affiliate",
            "partner",
            "second_partner",
            "intermediary",
            "plan",
            "terms__plan",
            "touch",
        )

    @display(description=_("receipt"))
    def receipt_text(self, attribution: Attribution) -> SafeString:
        return columns.lines([str(said) for said in explain(attribution, viewer=None, staff=True)])
