"""Which tables belong to whom: a sheet for each, and how its rows lead to their owner.

Every model of ours stands here or in NOT_THEIRS with the reason; tests/takeout says which does not.
A sheet has all columns of its model but those in HIDDEN and its own `hidden`: an archive tells a
side no more than its pages do.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Field, Model, Q, QuerySet

from affiliates.explanations import receipt_of_affiliate, receipt_of_merchant
from affiliates.models import TouchKind

# What would open a door, is another's, or says who a buyer was.
HIDDEN: dict[str, set[str]] = {
    "kernel.ApiKey": {"digest"},
    "kernel.Endpoint": {"secret", "secret_before"},
    "kernel.DeliveryCall": {"answer"},
    "merchants.ShopHook": {"secret", "token"},
    "merchants.ProductFeed": {"password"},
    "affiliates.Touch": {"visitor", "visitor_key", "ip_key"},
    "campaigns.Claim": {"buyer_key", "network_key", "trail", "code"},
    "campaigns.CouponStock": {"seed"},
    "affiliates.Feed": {"digest"},
    "commissions.ApiApp": {"secret", "old_secret"},
    "commissions.ApiSession": {"digest", "refresh_digest"},
    "commissions.Evidence": {"content"},
    "aiassist.CalendarFeed": {"digest"},
}
# What becomes of a commission between the alliance and its affiliates: no merchant's business.
_SPLIT = {
    "publisher_minor", "platform_minor", "tech_fee_minor", "special_fee_minor", "net_minor",
}  # fmt: skip
_SPLIT_RATES = {
    "share_bps", "partner_bps", "second_bps", "tech_fee_bps", "tech_fee_base", "special_bps",
}  # fmt: skip
_PARTNERS = {"partner", "partner_share_bps", "second_partner", "second_share_bps"}
_CHARGED = ("affiliate", "intermediary")  # roles whose commission the merchant pays


@dataclass(frozen=True, slots=True)
class Sheet:
    """`paths`: by which lookups a row is an owner's, any of them; of a key, or of "affiliate:12"
    where the path begins with `@`. `only`: which of these rows; `hidden`: columns that this side
    may not read; `told`: by column, how the side of that key reads what stands there."""

    model: str
    paths: tuple[str, ...]
    only: Mapping[str, Any] = field(default_factory=dict)
    hidden: frozenset[str] | set[str] = frozenset()
    told: Mapping[str, Callable[[Any, int], Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.model.replace(".", "/").lower()

    @property
    def table(self) -> type[Model]:
        return apps.get_model(self.model)

    @property
    def fields(self) -> list[Field[Any, Any]]:
        hidden = HIDDEN.get(self.model, set()) | self.hidden
        return [one for one in self.table._meta.concrete_fields if one.name not in hidden]

    def rows(self, organisation: str) -> QuerySet[Any]:
        """Of the organisation, the oldest first."""
        key = organisation.partition(":")[2]
        theirs = Q()
        for path in self.paths:
            theirs |= Q(**{path[1:]: organisation} if path[0] == "@" else {path: key})
        found = self.table._default_manager.filter(theirs, **self.only).order_by("pk")
        return found.distinct() if any("__" in path for path in self.paths[1:]) else found

    def lines(self, organisation: str) -> Iterator[list[Any]]:
        key = int(organisation.partition(":")[2])
        names = [one.attname for one in self.fields]
        tellers = [
            (place, self.told[name]) for place, name in enumerate(names) if name in self.told
        ]
        for found in self.rows(organisation).values_list(*names).iterator(chunk_size=2_000):
            row = list(found)
            for place, teller in tellers:
                row[place] = teller(row[place], key)
            yield row


def sheets_of(organisation: str) -> list[Sheet]:
    return SHEETS[organisation.partition(":")[0]]


_BOTH = [
    Sheet("kernel.ApiKey", ("@organisation",)),
    Sheet("kernel.Endpoint", ("@organisation",)),
    Sheet("kernel.Delivery", ("@endpoint__organisation",)),
    Sheet("kernel.DeliveryCall", ("@delivery__endpoint__organisation",)),
    Sheet("aiassist.PromptRun", ("@organisation",)),
    Sheet("commissions.Account", ("@owner",)),
    Sheet("commissions.Balance", ("@account__owner",)),
    Sheet("commissions.Line", ("@debit__owner", "@credit__owner")),
    Sheet("commissions.Debt", ("@owner",)),
    Sheet("takeout.Takeout", ("@organisation",)),
]

SHEETS: dict[str, list[Sheet]] = {
    "affiliate": [
        Sheet("affiliates.Affiliate", ("pk",)),
        Sheet("affiliates.AffiliateMember", ("affiliate",)),
        Sheet("affiliates.Site", ("affiliate",)),
        Sheet("affiliates.AdZone", ("site__affiliate",)),
        Sheet("affiliates.SpecialFee", ("site__affiliate",)),
        Sheet("affiliates.Link", ("affiliate",)),
        # The click id of a claim is its buyer's coupon: claims have a sheet without it.
        Sheet("affiliates.Touch", ("affiliate",), only={"kind": TouchKind.CLICK}),
        Sheet("affiliates.ClickDay", ("affiliate",)),
        # What partners and intermediaries have of an order is in their commission.
        Sheet(
            "affiliates.Attribution",
            ("affiliate",),
            hidden={"second_partner", "intermediary"},
            told={"receipt": receipt_of_affiliate},
        ),
        Sheet("affiliates.StandDown", ("affiliate",)),
        Sheet("affiliates.Basket", ("affiliate",)),
        Sheet("affiliates.BasketItem", ("basket__affiliate",)),
        Sheet("affiliates.Feed", ("affiliate",)),
        Sheet("affiliates.Widget", ("affiliate",)),
        Sheet("affiliates.CodeBinding", ("affiliate",)),
        Sheet("affiliates.Invitation", ("affiliate",)),
        Sheet("affiliates.InviterCode", ("affiliate",)),
        # What one says of another below it is the one's.
        Sheet("affiliates.Channel", ("affiliate",)),
        Sheet("affiliates.Relation", ("affiliate", "partner")),
        Sheet("affiliates.Intermediation", ("affiliate",)),
        Sheet("affiliates.PlanMember", ("affiliate",)),
        Sheet("affiliates.EventHost", ("affiliate",)),
        Sheet("campaigns.Enrolment", ("affiliate",)),
        Sheet("campaigns.Claim", ("affiliate",)),
        Sheet("campaigns.Grant", ("affiliate",)),
        Sheet("campaigns.Standing", ("affiliate",)),
        Sheet("commissions.Commission", ("affiliate",)),
        Sheet("commissions.CommissionLine", ("affiliate",)),
        Sheet("commissions.Award", ("affiliate",)),
        Sheet("commissions.AwardStep", ("award__affiliate",)),
        Sheet("commissions.SettlementShare", ("affiliate",)),
        Sheet("commissions.SettlementLine", ("affiliate",)),
        Sheet("commissions.Statement", ("affiliate",)),
        Sheet("commissions.PayeeAccount", ("affiliate",)),
        Sheet("commissions.Payout", ("affiliate",)),
        Sheet("commissions.TaxProfile", ("affiliate",)),
        Sheet("commissions.TaxRemittanceLine", ("payout__affiliate",)),
        Sheet("commissions.Violation", ("affiliate",)),
        Sheet("commissions.ViolationEvent", ("violation__affiliate",)),
        Sheet("commissions.Appeal", ("violation__affiliate",)),
        Sheet("commissions.Evidence", ("violation__affiliate",)),
        Sheet("commissions.DebtWriteOff", ("affiliate",)),
        Sheet("commissions.SandboxSale", ("affiliate",)),
        Sheet("commissions.ApiApp", ("affiliate",)),
        Sheet("commissions.ApiSession", ("affiliate",)),
        Sheet("aiassist.Audience", ("affiliate",)),
        Sheet("aiassist.Matches", ("affiliate",)),
        Sheet("aiassist.Dismissal", ("affiliate",)),
        Sheet("aiassist.CopyVariant", ("affiliate",)),
        Sheet("aiassist.CopyTake", ("variant__affiliate",)),
        Sheet("aiassist.CopyChoice", ("affiliate",)),
        Sheet("aiassist.CopyRun", ("affiliate",)),
        Sheet("aiassist.CopyRunLine", ("run__affiliate",)),
        Sheet("aiassist.TaskOdds", ("affiliate",)),
        Sheet("aiassist.OddsSaid", ("affiliate",)),
        Sheet("aiassist.WeekPlan", ("affiliate",)),
        Sheet("aiassist.PlannedPost", ("affiliate",)),
        Sheet("aiassist.CalendarFeed", ("affiliate",)),
        Sheet("commissions.AwardHold", ("affiliate",)),
        *_BOTH,
    ],
    "merchant": [
        Sheet("merchants.Merchant", ("pk",)),
        Sheet("merchants.MerchantMember", ("merchant",)),
        Sheet("merchants.Shop", ("merchant",)),
        Sheet("merchants.Product", ("shop__merchant",)),
        Sheet("merchants.PastCategory", ("product__shop__merchant",)),
        Sheet("merchants.PastPrice", ("product__shop__merchant",)),
        Sheet("merchants.Coupon", ("merchant",)),
        Sheet("merchants.Plan", ("merchant",)),
        Sheet("merchants.Terms", ("plan__merchant",)),
        Sheet("merchants.RateLock", ("plan__merchant",)),
        Sheet("merchants.PieceStock", ("plan__merchant",)),
        Sheet("merchants.PieceTake", ("stock__plan__merchant",)),
        Sheet("merchants.BulkEdit", ("merchant",)),
        Sheet("merchants.BulkLine", ("edit__merchant",)),
        Sheet("merchants.ShopHook", ("shop__merchant",)),
        Sheet("merchants.HookDelivery", ("hook__shop__merchant",)),
        Sheet("merchants.HookOrder", ("hook__shop__merchant",)),
        Sheet("merchants.ColumnMapping", ("merchant",)),
        Sheet("merchants.ProductFeed", ("shop__merchant",)),
        Sheet("merchants.ImportRun", ("merchant",)),
        Sheet("merchants.ImportIssue", ("run__merchant",)),
        Sheet("merchants.ImportChange", ("run__merchant",)),
        Sheet("merchants.Order", ("merchant",)),
        Sheet("merchants.OrderLine", ("order__merchant",)),
        Sheet("merchants.Refund", ("shop__merchant",)),
        Sheet("affiliates.CodeBinding", ("coupon__merchant",)),
        Sheet("affiliates.ClickDay", ("merchant",)),
        Sheet(
            "affiliates.Attribution",
            ("line__order__merchant",),
            hidden={"subs", "share_bps", *_PARTNERS},
            told={"receipt": receipt_of_merchant},
        ),
        Sheet("affiliates.StandDown", ("order__merchant",)),
        Sheet("affiliates.PlanMember", ("plan__merchant",)),
        Sheet("affiliates.PlanRule", ("plan__merchant",)),
        Sheet("affiliates.Intermediation", ("plan__merchant",)),
        Sheet("campaigns.Campaign", ("merchant",)),
        Sheet("campaigns.CampaignPause", ("campaign__merchant",)),
        Sheet("campaigns.SlateItem", ("product__shop__merchant",)),
        Sheet("campaigns.CouponStock", ("campaign__merchant",)),
        Sheet("campaigns.Claim", ("shop__merchant",)),
        Sheet("campaigns.Subsidy", ("merchant",)),
        Sheet("campaigns.Grant", ("line__order__merchant",), hidden={"share_bps"}),
        Sheet(
            "commissions.Commission",
            ("merchant",),
            only={"role__in": _CHARGED},
            hidden={*_SPLIT, *_SPLIT_RATES},
        ),
        Sheet(
            "commissions.CommissionLine",
            ("commission__merchant",),
            only={"commission__role__in": _CHARGED},
            hidden={*_SPLIT, "receipt"},
        ),
        Sheet("commissions.TopUp", ("merchant",)),
        Sheet("commissions.WalletRefund", ("merchant",)),
        Sheet("commissions.Invoice", ("merchant",)),
        Sheet("commissions.InvoiceLine", ("invoice__merchant",)),
        Sheet("commissions.Statement", ("merchant",)),
        Sheet("commissions.DebtWriteOff", ("merchant",)),
        Sheet("commissions.SandboxOrder", ("shop__merchant",)),
        Sheet("aiassist.Autopilot", ("merchant",)),
        Sheet("aiassist.AutopilotPolicy", ("merchant",)),
        Sheet("aiassist.AutopilotGroup", ("policy__merchant",)),
        Sheet("aiassist.KeptPlan", ("autopilot__merchant",)),
        Sheet("aiassist.AutopilotNight", ("autopilot__merchant",)),
        Sheet("aiassist.AutopilotDecision", ("night__autopilot__merchant",)),
        *_BOTH,
    ],
}

# What is nobody's own, another's, or in the archive in another shape.
NOT_THEIRS = {
    "kernel.User": "a person's own, shown on its pages; members are in the teams' sheets",
    "kernel.AuditEvent": "what the desk proves by; what is theirs stands on the object's page",
    "kernel.IdempotentCall": "the answers of calls, for thirty days, each given already",
    "kernel.Notification": "a person's own",
    "aiassist.Conversation": "a person's own, shown and deleted on its page",
    "aiassist.Turn": "a person's own, shown and deleted on its page",
    "aiassist.HourFigure": "the alliance's own figures, of all sides together",
    "aiassist.AnomalyNote": "the desk's own look at figures",
    "aiassist.TaskPeers": "of all affiliates together",
    "aiassist.RiskPolicy": "the desk's own rules",
    "aiassist.RiskScore": "the desk's own look; what comes of it is a case, which is theirs",
    "aiassist.RiskReview": "the desk's own look; what comes of it is a case, which is theirs",
    "kernel.FeedBase": "where the change feed's positions begin",
    "merchants.Category": "the alliance's own list",
    "merchants.Event": "of many merchants; whose it is stands in EventHost",
    "affiliates.ClickFile": "how far files of clicks were read",
    "affiliates.ClickNews": "which days are to be counted again",
    "affiliates.AttributionPolicy": "the alliance's own rules",
    "campaigns.Season": "the alliance's own calendar",
    "campaigns.Board": "the alliance's own lists",
    "campaigns.FreeSlot": "of a stock: how many are left",
    "campaigns.Refusal": "counts of all buyers",
    "commissions.BankStatement": "the alliance's own bank account",
    "commissions.BankCredit": "the alliance's own bank account; what was theirs is in TopUp",
    "commissions.BankFile": "of many affiliates; what was theirs is in Payout",
    "commissions.BankFileItem": "of the alliance's bank files; what was theirs is in Payout",
    "commissions.RailFile": "of many affiliates; what was theirs is in Payout",
    "commissions.RailFileRow": "of many affiliates; what was theirs is in Payout",
    "commissions.Difference": "between the alliance and its rails",
    "commissions.Transfer": "a rail's own handle of a payout",
    "commissions.Settlement": "of all affiliates; what is theirs is in SettlementShare",
    "commissions.Entry": "of many; its key and day are in the sheet of lines",
    "commissions.Period": "the alliance's own books",
    "commissions.StatementKey": "public, and in the archive's manifest",
    "commissions.StatementPart": "in the archive as the signed files",
    "commissions.InvoiceCounter": "the alliance's own numbers",
    "commissions.InvoiceRun": "of all merchants",
    "commissions.SavedReport": "a person's own",
    "commissions.TaxRemittance": "of many affiliates; what is theirs is in TaxRemittanceLine",
    "commissions.VerifyRun": "the alliance's own books",
}
