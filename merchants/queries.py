"""From a person to the rows they may see. The only way from a request to the merchant's data."""

from django.db.models import Count, Q, QuerySet

from alliance.kernel import clock
from alliance.kernel.models import ApiKey, User
from merchants.models import (
    Category,
    ColumnMapping,
    Coupon,
    ImportRun,
    Merchant,
    MerchantMember,
    MerchantState,
    Order,
    OrderLine,
    Plan,
    Product,
    Refund,
    RefundState,
    Shop,
)


def membership_of(user: User) -> MerchantMember | None:
    """The merchant's team that the person works in (the first they joined), with the merchant."""
    if not user.is_authenticated:
        return None
    mine = MerchantMember.objects.filter(user=user).exclude(merchant__state=MerchantState.CLOSED)
    return mine.select_related("merchant").order_by("pk").first()


def merchant_of(user: User) -> Merchant | None:
    member = membership_of(user)
    return member.merchant if member else None


def merchants_for(user: User) -> QuerySet[Merchant]:
    return Merchant.objects.filter(members__user=user)


def shops_for(user: User) -> QuerySet[Shop]:
    return Shop.objects.filter(merchant__members__user=user).order_by("pk")


def members_for(user: User) -> QuerySet[MerchantMember]:
    mine = MerchantMember.objects.filter(merchant__members__user=user)
    return mine.select_related("user", "merchant").order_by("pk")


def products_for(user: User) -> QuerySet[Product]:
    mine = Product.objects.filter(shop__merchant__members__user=user)
    return mine.select_related("shop", "category")


SORTS = {
    "new": ("-id",),
    "sales": ("-sales_count", "-id"),
    "price": ("price_minor", "id"),
    "-price": ("-price_minor", "-id"),
    "rate": ("-rate_bps", "-id"),
}


def products_found(
    products: QuerySet[Product],
    *,
    words: str = "",
    category: str = "",
    state: str = "",
    shop: str = "",
    sort: str = "",
) -> QuerySet[Product]:
    """Narrowed to all of the words (in any title, or the shop's id), category, state and shop."""
    for word in words.split()[:8]:
        products = products.filter(
            Q(title__icontains=word)
            | Q(title_en__icontains=word)
            | Q(title_de__icontains=word)
            | Q(external_id__iexact=word)
        )
    if category:
        products = products.filter(category__slug=category)
    if state:
        products = products.filter(state=state)
    if shop.isdigit():
        products = products.filter(shop=shop)
    return products.order_by(*SORTS.get(sort, SORTS["new"]))


def categories() -> QuerySet[Category]:
    """Public: the alliance's own list."""
    return Category.objects.order_by("slug")


def plans_for(user: User) -> QuerySet[Plan]:
    mine = Plan.objects.filter(merchant__members__user=user).select_related("merchant")
    return mine.order_by("state", "-kind", "-starts_at", "-id")


def coupons_for(user: User) -> QuerySet[Coupon]:
    mine = Coupon.objects.filter(merchant__members__user=user)
    return mine.select_related("shop", "product").order_by("-ends_at", "-id")


def coupons_valid_now() -> Q:
    now = clock.now()
    return Q(starts_at__lte=now, ends_at__gt=now)


def orders_for(user: User) -> QuerySet[Order]:
    """The merchant's own orders, newest first, with their lines."""
    mine = Order.objects.filter(merchant__members__user=user)
    return mine.select_related("shop").prefetch_related("lines").order_by("-placed_at", "-id")


def lines_for(user: User) -> QuerySet[OrderLine]:
    mine = OrderLine.objects.filter(order__merchant__members__user=user)
    return mine.select_related("order", "product")


def refunds_waiting_for(user: User) -> QuerySet[Refund]:
    """Refunds that fit no order, oldest first."""
    mine = Refund.objects.filter(shop__merchant__members__user=user, state=RefundState.UNMATCHED)
    return mine.select_related("shop").order_by("refunded_at", "id")


def imports_for(user: User) -> QuerySet[ImportRun]:
    mine = ImportRun.objects.filter(merchant__members__user=user)
    return mine.select_related("shop", "actor").annotate(refused=Count("issues")).order_by("-id")


def mappings_for(user: User) -> QuerySet[ColumnMapping]:
    return ColumnMapping.objects.filter(merchant__members__user=user)


def api_keys_for(user: User) -> QuerySet[ApiKey]:
    """Keys of the merchant's team that still work."""
    merchant = merchant_of(user)
    keys = ApiKey.objects.filter(revoked_at=None).select_related("user").order_by("-id")
    return keys.filter(organisation=f"merchant:{merchant.pk}") if merchant else keys.none()
