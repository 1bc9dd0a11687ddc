"""Operations desk: partners, intermediaries and special fees. Opened where the affiliate or site
is, shown and ended in lists of their own."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.enums import ActionVariant
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from affiliates.models import (
    SPECIAL_MAX_BPS,
    Affiliate,
    AffiliateKind,
    AffiliateState,
    Channel,
    CodeBinding,
    Intermediation,
    Relation,
    Site,
)
from affiliates.queries import share_of
from affiliates.services import (
    intermediation_end,
    intermediation_open,
    relation_end,
    relation_open,
    site_special_fee_set,
)
from alliance.kernel import columns
from alliance.kernel.desk import Decision, DecisionForm, Facts, ReadOnlyAdmin
from alliance.kernel.models import StaffRole, User
from alliance.kernel.money import percent
from merchants.models import SERVICE_MAX_BPS, Plan, PlanState

OPS, RISK, FINANCE, SUPPORT = (
    StaffRole.OPS,
    StaffRole.RISK,
    StaffRole.FINANCE,
    StaffRole.SUPPORT,
)


class PercentField(forms.DecimalField):
    """A rate as people write it; cleaned into basis points."""

    def __init__(
        self,
        *,
        label: Any,
        most_bps: int,
        least_bps: int = 1,
        required: bool = True,
        help_text: Any = "",
    ) -> None:
        super().__init__(
            label=label,
            required=required,
            help_text=help_text,
            min_value=Decimal(least_bps) / 100,
            max_value=Decimal(most_bps) / 100,
            decimal_places=2,
            widget=UnfoldAdminDecimalFieldWidget,
        )

    def clean(self, value: Any) -> int | None:
        said = super().clean(value)
        return None if said is None else int(said * 100)


class PartnerForm(DecisionForm):
    partner = forms.ModelChoiceField(
        label=_("Member id of the partner"),
        queryset=Affiliate.objects.filter(state=AffiliateState.ACTIVE),
        widget=UnfoldAdminIntegerFieldWidget,
    )
    share_bps = PercentField(
        label=_("Partner's share in percent"),
        most_bps=10_000,
        help_text=_("Of the whole commission, out of the affiliate's share."),
    )

    below_bps = PercentField(
        label=_("Of the level below, in percent"),
        least_bps=0,
        most_bps=10_000,
        required=False,
        help_text=_("Of what the affiliate's own affiliates bring, out of what it gets of that."),
    )


class PlanField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.merchant}: {obj}"


class IntermediationForm(DecisionForm):
    plan = PlanField(
        label=_("Commission plan"),
        queryset=Plan.objects.filter(state=PlanState.ACTIVE)
        .select_related("merchant")
        .order_by("merchant__name", "pk"),
        widget=UnfoldAdminSelectWidget,
    )
    service_bps = PercentField(
        label=_("Service fee in percent"),
        most_bps=SERVICE_MAX_BPS,
        help_text=_("Of what the buyer pays, beside the commission."),
    )


class SpecialFeeForm(DecisionForm):
    special_bps = PercentField(
        label=_("Special service fee in percent"),
        least_bps=0,
        most_bps=SPECIAL_MAX_BPS,
        help_text=_("Of the base; a part of the plan's rate, not beside it. 0: none."),
    )


def open_relation(
    actor: User,
    affiliate: Affiliate,
    partner: Affiliate,
    share_bps: int,
    below_bps: int | None,
) -> None:
    relation_open(
        actor=actor,
        affiliate=affiliate,
        partner=partner,
        share_bps=share_bps,
        below_bps=below_bps or 0,
    )


def offer(actor: User, affiliate: Affiliate, plan: Plan, service_bps: int) -> None:
    intermediation_open(actor=actor, affiliate=affiliate, plan=plan, service_bps=service_bps)


def share_facts(affiliate: Affiliate) -> Facts:
    yield _("agreed share"), percent(share_of(affiliate))


def special_bps(site: Site) -> int:
    """What counts now."""
    newest = site.special_fees.order_by("-starts_at", "-pk").first()
    return newest.special_bps if newest else 0


PARTNER = Decision(
    name="partner",
    label=_("Set a partner"),
    icon="handshake",
    run=open_relation,
    roles=(OPS,),
    when=lambda affiliate: (
        affiliate.state == AffiliateState.ACTIVE
        and not affiliate.relations.filter(ends_at=None).exists()
    ),
    text=_(
        "For clicks from now on the partner gets its share of each commission. The affiliate and "
        "the partner both read it in their receipts."
    ),
    done=_("The partner is set."),
    form=PartnerForm,
    facts=share_facts,
)
LOOK_AFTER = Decision(
    name="intermediate",
    label=_("Offer to a merchant"),
    icon="diversity_3",
    run=offer,
    roles=(OPS,),
    when=lambda affiliate: (
        affiliate.state == AffiliateState.ACTIVE and affiliate.kind == AffiliateKind.TUANZHANG
    ),
    text=_(
        "The intermediary looks after the plan for a service fee that the merchant pays. It counts "
        "from the moment when the merchant agrees."
    ),
    done=_("The merchant is asked for its consent."),
    form=IntermediationForm,
)
SPECIAL_FEE = Decision(
    name="special_fee",
    label=_("Set the special service fee"),
    icon="percent",
    run=lambda actor, site, special_bps: site_special_fee_set(
        actor=actor, site=site, special_bps=special_bps
    ),
    roles=(OPS,),
    when=lambda site: True,
    text=_("Counts for clicks from now on. What was clicked before keeps the fee of its day."),
    done=_("The special service fee is set."),
    form=SpecialFeeForm,
    initial=lambda site: {"special_bps": f"{special_bps(site) / 100:.2f}"},
)


@admin.register(Relation)
class RelationAdmin(ReadOnlyAdmin):
    """An affiliate's partner of now and before."""

    seen_by = (OPS, RISK, FINANCE, SUPPORT)
    list_display = (
        "number",
        columns.linked("affiliate", _("affiliate")),
        columns.linked("partner", _("partner")),
        columns.rate("share_bps", _("partner's share")),
        columns.rate("below_bps", _("share of the level below")),
        columns.moment("starts_at", _("starts at")),
        columns.moment("ends_at", _("ended at")),
    )
    list_select_related = ("affiliate", "partner")
    list_filter = (
        ("affiliate", AutocompleteSelectFilter),
        ("partner", AutocompleteSelectFilter),
    )
    search_fields = ("affiliate__name", "partner__name", "=affiliate__pk", "=partner__pk")
    search_help_text = _("Name or member id")
    ordering = ("-pk",)
    fields = list_display[1:]
    decisions: tuple[Decision, ...] = (
        Decision(
            name="end",
            label=_("End"),
            icon="link_off",
            variant=ActionVariant.WARNING,
            run=lambda actor, relation: relation_end(actor=actor, relation=relation),
            roles=(OPS,),
            when=lambda relation: relation.ends_at is None,
            text=_("Clicks from now on are the affiliate's alone; earlier ones keep the partner."),
            done=_("The relation has ended."),
        ),
    )

    @display(description=_("number"), ordering="pk")
    def number(self, relation: Relation) -> str:
        return f"#{relation.pk}"


@admin.register(Intermediation)
class IntermediationAdmin(ReadOnlyAdmin):
    """Who looks after which plan, or has offered to."""

    seen_by = (OPS, RISK, FINANCE, SUPPORT)
    list_display = (
        "number",
        columns.linked("affiliate", _("intermediary")),
        columns.linked("plan.merchant", _("merchant")),
        columns.linked("plan", _("commission plan")),
        columns.rate("service_bps", _("service fee")),
        "standing",
        columns.moment("offered_at", _("offered at")),
        columns.moment("starts_at", _("in force from")),
        columns.moment("ends_at", _("ended at")),
    )
    list_select_related = ("affiliate", "plan__merchant")
    list_filter = (("affiliate", AutocompleteSelectFilter), ("plan", AutocompleteSelectFilter))
    search_fields = ("affiliate__name", "plan__name", "plan__merchant__name")
    search_help_text = _("Intermediary, plan or merchant")
    ordering = ("-pk",)
    fields = list_display[1:]
    decisions = (
        Decision(
            name="end",
            label=_("End"),
            icon="link_off",
            variant=ActionVariant.WARNING,
            run=lambda actor, row: intermediation_end(actor=actor, intermediation=row),
            roles=(OPS,),
            when=lambda row: row.ends_at is None,
            text=_("Clicks from now on owe no service fee; an open offer is withdrawn."),
            done=_("The intermediation has ended."),
        ),
    )

    @display(description=_("number"), ordering="pk")
    def number(self, row: Intermediation) -> str:
        return f"#{row.pk}"

    @display(description=columns.STATE)
    def standing(self, row: Intermediation) -> SafeString:
        if row.ends_at:
            return columns.badge("ended", _("Ended"))
        if row.starts_at:
            return columns.badge("active", pgettext_lazy("terms", "Active"))
        return columns.badge("requested", _("Waits for the merchant"))


@admin.register(Channel)
class ChannelAdmin(ReadOnlyAdmin):
    """Whom affiliates have recorded below themselves. Addresses and marks are theirs alone."""

    seen_by = (OPS, RISK, SUPPORT)
    list_display = (
        "name",
        "number",
        "kind",
        columns.linked("affiliate", _("affiliate")),
        columns.linked("publisher", _("account")),
        columns.moment("created_at", _("since")),
        columns.moment("ended_at", _("ended at")),
    )
    list_select_related = ("affiliate", "publisher", "code")
    list_filter = ("kind", ("affiliate", AutocompleteSelectFilter))
    search_fields = ("name", "affiliate__name", "=code__code")
    search_help_text = _("Name, affiliate or inviter code")
    ordering = ("-pk",)
    fields = (*list_display, "code", "scene", "online_scene", "offline_scene", "note")

    @display(description=_("number"), ordering="pk")
    def number(self, channel: Channel) -> int:
        return channel.number


@admin.register(CodeBinding)
class CodeBindingAdmin(ReadOnlyAdmin):
    """Whose the coupon codes of shops are and were. Merchants bind and end them."""

    seen_by = (OPS, RISK, SUPPORT)
    list_display = (
        columns.linked("coupon", _("coupon")),
        columns.linked("coupon.merchant", _("merchant")),
        columns.linked("affiliate", _("affiliate")),
        columns.moment("starts_at", _("starts at")),
        columns.moment("ends_at", _("ended at")),
    )
    list_select_related = ("coupon__merchant", "affiliate")
    list_filter = (("affiliate", AutocompleteSelectFilter),)
    search_fields = ("=coupon__code", "affiliate__name", "coupon__merchant__name")
    search_help_text = _("Code, affiliate or merchant")
    ordering = ("-pk",)
    fields = (*list_display, "zone", "created_by")
