"""What is sold and at which rates: products, plans, coupons, and the files that came in."""

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

from alliance.kernel import columns
from alliance.kernel.desk import (
    Decision,
    DeskAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    in_state,
)
from alliance.kernel.models import StaffRole
from merchants.models import (
    Category,
    Coupon,
    ImportIssue,
    ImportRun,
    Plan,
    Product,
    ProductState,
    RateLock,
    Terms,
)
from merchants.services.products import product_withdraw

OPS, RISK, FINANCE, SUPPORT = (
    StaffRole.OPS,
    StaffRole.RISK,
    StaffRole.FINANCE,
    StaffRole.SUPPORT,
)
DATES = (columns.moment("starts_at", _("starts at")), columns.moment("ends_at", _("ends at")))


@admin.register(Category)
class CategoryAdmin(DeskAdmin):
    """The only table here that operations write by hand: it has no money and no state."""

    seen_by = (SUPPORT,)
    changed_by = (OPS,)
    list_display = ("slug", "name_zh", "name_en", "name_de")
    search_fields = ("slug", "name_zh", "name_en", "name_de")
    ordering = ("slug",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()  # feeds name categories by it


@admin.register(Product)
class ProductAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (OPS, RISK, SUPPORT)
    list_display = (
        "picture",
        "name",
        columns.linked("shop", _("shop")),
        "category",
        columns.amount("price_minor", _("price")),
        columns.rate("rate_bps", _("rate now")),
        "sales_count",
        columns.state(),
    )
    list_display_links = ("name",)
    list_select_related = ("shop", "category")
    list_filter = ("state", "category", ("shop", AutocompleteSelectFilter))
    search_fields = ("title", "title_en", "=external_id")
    search_help_text = _("Title or the shop's product id")
    ordering = ("-pk",)
    fields = (
        "picture",
        "title",
        "title_en",
        "title_de",
        columns.linked("shop", _("shop")),
        "external_id",
        "category",
        "brand",
        "gtin",
        "group_id",
        "url",
        columns.amount("price_minor", _("price")),
        columns.rate("rate_bps", _("rate now")),
        "sales_count",
        columns.state(),
        "held_back",
        columns.moment("ends_at", _("ends at")),
        "description",
        columns.moment("updated_at", _("changed")),
    )
    decisions = (
        Decision(
            name="withdraw",
            label=_("Take off the shelf"),
            icon="remove_shopping_cart",
            variant=ActionVariant.WARNING,
            run=lambda actor, product: product_withdraw(product=product, actor=actor),
            roles=(OPS,),
            when=in_state(ProductState.ON_SALE),
            text=_(
                "Affiliates cannot find it any more, and its links say that it is gone. "
                "The merchant can bring it back."
            ),
            done=_("The product is withdrawn."),
            bulk=True,
        ),
    )

    @display(description=_("title"), ordering="title")
    def name(self, product: Product) -> str:
        return product.name

    @display(description=_("picture"))
    def picture(self, product: Product) -> SafeString | str:
        if not product.image_url:
            return "–"
        return format_html(
            '<img class="desk-picture" src="{}" alt="" loading="lazy">', product.image_url
        )


class TermsInline(ReadOnlyInline):
    model = Terms
    fields = (
        "product",
        "category",
        columns.rate("rate_bps", _("commission rate")),
        *DATES[:1],
        columns.moment("created_at", _("announced at")),
        "created_by",
    )
    readonly_fields = fields
    per_page = 25
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Terms]:
        rows = super().get_queryset(request)
        return rows.select_related("product", "category", "created_by").order_by("-pk")


class LocksInline(ReadOnlyInline):
    model = RateLock
    fields = (
        "product",
        columns.moment("starts_at", _("locked from")),
        columns.moment("ends_at", _("locked until")),
        "created_by",
    )
    readonly_fields = fields
    per_page = 25
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[RateLock]:
        rows = super().get_queryset(request)
        return rows.select_related("product", "created_by").order_by("-pk")


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin):
    seen_by = (OPS, RISK, SUPPORT, FINANCE)
    list_display = (
        "name",
        columns.linked("merchant", _("merchant")),
        "kind",
        columns.state(),
        *DATES,
    )
    list_select_related = ("merchant",)
    list_filter = ("state", "kind", "by_autopilot", ("merchant", AutocompleteSelectFilter))
    search_fields = ("name", "merchant__name")
    ordering = ("-pk",)
    inlines = (TermsInline, LocksInline)
    fields = (
        "name",
        columns.linked("merchant", _("merchant")),
        "kind",
        columns.state(),
        *DATES,
        columns.linked("event", _("event")),
        "exclusive",
        "rates_shown",
        "by_autopilot",
        "pieces",
    )

    @display(description=_("first pieces"))
    def pieces(self, plan: Plan) -> str:
        stock = getattr(plan, "stock", None)
        return f"{stock.taken} / {stock.pieces}" if stock else "–"


@admin.register(Coupon)
class CouponAdmin(ReadOnlyAdmin):
    seen_by = (OPS, RISK, SUPPORT)
    list_display = (
        "code",
        columns.linked("shop", _("shop")),
        columns.linked("product", _("product")),
        columns.amount("face_minor", _("face value")),
        columns.amount("threshold_minor", _("from an amount of")),
        *DATES,
    )
    list_select_related = ("shop", "product")
    list_filter = (("merchant", AutocompleteSelectFilter),)
    search_fields = ("code", "merchant__name", "product__title")
    ordering = ("-pk",)
    fields = (columns.linked("merchant", _("merchant")), *list_display)


class IssueInline(ReadOnlyInline):
    model = ImportIssue
    fields = ("line_no", "external_id", "field", "code", "reason", "as_it_came")
    readonly_fields = fields
    per_page = 50
    show_change_link = False

    @display(description=_("as it came"))
    def as_it_came(self, issue: ImportIssue) -> str:
        return ", ".join(f"{key}: {value}" for key, value in dict(issue.raw).items())[:300]


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    tabs_by = "state"
    seen_by = (OPS, SUPPORT)
    list_display = (
        "filename",
        columns.linked("merchant", _("merchant")),
        "kind",
        columns.state(),
        "numbers",
        columns.moment("created_at", _("begun")),
        "actor",
    )
    list_select_related = ("merchant", "actor")
    list_filter = ("state", "kind", ("merchant", AutocompleteSelectFilter))
    search_fields = ("filename", "merchant__name")
    ordering = ("-pk",)
    inlines = (IssueInline,)
    fields = (
        "filename",
        columns.linked("merchant", _("merchant")),
        columns.linked("shop", _("shop")),
        "kind",
        "layout",
        "full",
        columns.state(),
        "numbers",
        "missing",
        "failure",
        "actor",
        columns.moment("created_at", _("begun")),
        columns.moment("updated_at", _("ended")),
    )

    @display(description=_("counts"))
    def numbers(self, run: ImportRun) -> str:
        return ", ".join(f"{key}: {value}" for key, value in run.counts.items()) or "–"
