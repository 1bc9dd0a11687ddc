"""/api/v1/reports/…: figures by whatever they are grouped by, as on the pages of reports."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from affiliates.access import IsAffiliate
from affiliates.api import AffiliateCall
from affiliates.queries import clicks_by_day
from alliance.kernel import clock
from alliance.kernel.rest.views import ApiView
from alliance.kernel.rest.words import Day, Strict
from commissions.queries import reports, reports_merchant
from merchants.access import IsMerchant
from merchants.api import MerchantCall

DAYS_MOST = 1100
ROWS_MOST = 1000
EARNINGS = {
    "key": "2026-06-16",
    "clicks": 120,
    "visitors": 98,
    "orders": 7,
    "amount_minor": 139300,
    "refunded_minor": 0,
    "estimated_minor": 13538,
    "confirmed_minor": 0,
    "settled_minor": 0,
}
SALES = {
    "key": "2026-06-16",
    "orders": 7,
    "amount_minor": 139300,
    "refunded_minor": 0,
    "commission_minor": 16716,
    "service_minor": 0,
    "subsidy_minor": 0,
    "cost_minor": 16716,
    "new": 5,
    "returning": 2,
}


class SpanQuery(Strict):
    start = Day(required=False, help_text="A business day; default: 30 days ago.")
    end = Day(required=False, help_text="A business day, included; default: today.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        end = attrs.setdefault("end", clock.business_day())
        start = attrs.setdefault("start", max(end - timedelta(days=29), clock.FIRST_DAY))
        if start > end:
            raise serializers.ValidationError({"start": _("It begins after its end.")})
        if (end - start).days >= DAYS_MOST:
            raise serializers.ValidationError(
                {"start": _("At most %(most)d days.") % {"most": DAYS_MOST}}
            )
        return attrs


class RowsQuery(SpanQuery):
    limit = serializers.IntegerField(required=False, default=100, min_value=1, max_value=ROWS_MOST)
    offset = serializers.IntegerField(required=False, default=0, min_value=0, max_value=10**9)


class EarningsQuery(RowsQuery):
    by = serializers.ChoiceField(choices=list(reports.BY), required=False, default="day")
    currency = serializers.RegexField(
        r"^[A-Z]{3}$", required=False, help_text="Default: the alliance's."
    )
    sort = serializers.ChoiceField(
        choices=[f"{sign}{name}" for name in reports.SORTS for sign in ("", "-")],
        required=False,
        default="-key",
    )


class SalesQuery(RowsQuery):
    by = serializers.ChoiceField(choices=list(reports_merchant.BY), required=False, default="day")
    sort = serializers.ChoiceField(
        choices=[f"{sign}{name}" for name in reports_merchant.SORTS for sign in ("", "-")],
        required=False,
        default="-key",
    )


class EarningsRowOut(serializers.Serializer[Any]):
    """Amounts in minor units; each figure on its own day: orders on the day of placing, confirmed
    on that of receipt, settled on that of settlement."""

    key = serializers.CharField(help_text="The day, or the number of what it is grouped by.")
    clicks = serializers.IntegerField(
        allow_null=True, help_text="Null: clicks cannot be told apart by that."
    )
    visitors = serializers.IntegerField(allow_null=True)
    orders = serializers.IntegerField()
    amount_minor = serializers.IntegerField(source="amount")
    refunded_minor = serializers.IntegerField(source="refunded")
    estimated_minor = serializers.IntegerField(source="estimated")
    confirmed_minor = serializers.IntegerField(source="confirmed")
    settled_minor = serializers.IntegerField(source="settled")


class SalesRowOut(serializers.Serializer[Any]):
    """Amounts in minor units, on the day on which the order was placed."""

    key = serializers.CharField(help_text="The day, or the number of what it is grouped by.")
    orders = serializers.IntegerField()
    amount_minor = serializers.IntegerField(source="amount")
    refunded_minor = serializers.IntegerField(source="refunded")
    commission_minor = serializers.IntegerField(source="commission")
    service_minor = serializers.IntegerField(source="service")
    subsidy_minor = serializers.IntegerField(source="subsidy")
    cost_minor = serializers.IntegerField(source="cost")
    new = serializers.IntegerField(help_text="Orders of buyers who had not bought before.")
    returning = serializers.IntegerField()


class EarningsOut(serializers.Serializer[Any]):
    currency = serializers.CharField()
    rows = EarningsRowOut(many=True)
    count = serializers.IntegerField(help_text="Of all rows, beyond `limit` too.")
    total = EarningsRowOut(help_text="An order in several rows counts once.")


class SalesOut(serializers.Serializer[Any]):
    currency = serializers.CharField()
    rows = SalesRowOut(many=True)
    count = serializers.IntegerField(help_text="Of all rows, beyond `limit` too.")
    total = SalesRowOut(help_text="An order in several rows counts once.")


class ClicksDayOut(serializers.Serializer[Any]):
    day = serializers.DateField()
    clicks = serializers.IntegerField(help_text="By people.")
    visitors = serializers.IntegerField()
    bots = serializers.IntegerField()
    previews = serializers.IntegerField(help_text="Of links, by messengers.")


class ClicksOut(serializers.Serializer[Any]):
    days = ClicksDayOut(many=True)


class EarningsView(ApiView):
    permission_classes = [IsAffiliate]
    required_scope = "reports:read"
    query = EarningsQuery

    @extend_schema(
        operation_id="reports_earnings",
        summary="Report clicks, orders and earnings",
        tags=["reports"],
        responses=EarningsOut,
        examples=[
            OpenApiExample(
                "A day",
                {
                    "currency": "CNY",
                    "rows": [EARNINGS],
                    "count": 1,
                    "total": {**EARNINGS, "key": ""},
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: AffiliateCall) -> Response:
        """By day, week, month, ad zone, product, shop, campaign, partner relation or sub-id."""
        asked = self.asked(request)
        currency = asked.get("currency", settings.ALLIANCE["CURRENCY"])
        span = (asked["start"], asked["end"])
        rows, count = reports.report_rows(
            request.affiliate, currency, asked["by"], *span, **_cut(asked)
        )
        total = reports.report_total(request.affiliate, currency, *span)
        return Response(
            EarningsOut({"currency": currency, "rows": rows, "count": count, "total": total}).data
        )


class SalesView(ApiView):
    permission_classes = [IsMerchant]
    required_scope = "reports:read"
    query = SalesQuery

    @extend_schema(
        operation_id="reports_sales",
        summary="Report sales and what they cost",
        tags=["reports"],
        responses=SalesOut,
        examples=[
            OpenApiExample(
                "A day",
                {"currency": "CNY", "rows": [SALES], "count": 1, "total": {**SALES, "key": ""}},
                response_only=True,
            )
        ],
    )
    def get(self, request: MerchantCall) -> Response:
        """Of what affiliates brought: by day, week, month, affiliate, product, plan or campaign."""
        asked, merchant = self.asked(request), request.merchant
        span = (asked["start"], asked["end"])
        rows, count = reports_merchant.report_rows(merchant, asked["by"], *span, **_cut(asked))
        total = reports_merchant.report_total(merchant, *span)
        facts = {"currency": merchant.currency, "rows": rows, "count": count, "total": total}
        return Response(SalesOut(facts).data)


class ClicksView(ApiView):
    permission_classes = [IsAffiliate]
    required_scope = "reports:read"
    query = SpanQuery

    @extend_schema(
        operation_id="reports_clicks",
        summary="Count clicks by day",
        tags=["reports"],
        responses=ClicksOut,
        examples=[
            OpenApiExample(
                "A day",
                {
                    "days": [
                        {
                            "day": "2026-06-16",
                            "clicks": 120,
                            "visitors": 98,
                            "bots": 14,
                            "previews": 9,
                        }
                    ]
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: AffiliateCall) -> Response:
        """People, bots and previews apart; only people's clicks can earn."""
        asked = self.asked(request)
        found = clicks_by_day(request.affiliate, asked["start"], asked["end"])
        names = ("clicks", "visitors", "bots", "previews")
        days = [
            {"day": day, **{name: getattr(came, name) for name in names}}
            for day, came in sorted(found.items())
        ]
        return Response(ClicksOut({"days": days}).data)


def _cut(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asked[name] for name in ("sort", "limit", "offset")}


earnings = EarningsView.as_view()
sales = SalesView.as_view()
clicks = ClicksView.as_view()
