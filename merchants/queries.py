"""From a person to the rows they may see. The only way from a request to the merchant's data."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, ngettext

from alliance.kernel import clock
from alliance.kernel.access import api_keys_of, keys_in
from alliance.kernel.models import ApiKey, AuditEvent, User
from alliance.kernel.progress import Progress
from alliance.kernel.templatetags.alliance import number
from merchants.models import (
    BulkEdit,
    BulkLine,
    BulkState,
    Category,
    ChangeKind,
    ColumnMapping,
    Coupon,
    HookDelivery,
    ImportChange,
    ImportIssue,
    ImportRun,
    ImportState,
    Merchant,
    MerchantMember,
    MerchantState,
    Order,
    Plan,
    PlanKind,
    PlanState,
    Product,
    ProductFeed,
    RateLock,
    Shop,
    ShopHook,
    Terms,
)


def memberships_of(user: User) -> QuerySet[MerchantMember]:
    """Every team that the person is in, with the merchant: the one they chose last comes first,
    then the first joined. By a key it is the key's alone."""
    mine = MerchantMember.objects.filter(user=user).exclude(merchant__state=MerchantState.CLOSED)
    if user.acts_for:
        mine = mine.filter(merchant__in=keys_in(user.acts_for, "merchant"))
    chosen = F("chosen_at").desc(nulls_last=True)
    return mine.select_related("merchant").order_by(chosen, "pk")


def membership_of(user: User | AnonymousUser) -> MerchantMember | None:
    """The team in which the person acts: the one they chose, or the first they joined."""
    return memberships_of(user).first() if isinstance(user, User) else None


def merchant_of(user: User) -> Merchant | None:
    member = membership_of(user)
    return member.merchant if member else None


def may_act_for(user: User, merchant_pk: int) -> bool:
    """Whether the person may change what is the merchant's."""
    members = MerchantMember.objects.filter(merchant=merchant_pk, user=user)
    return any(member.may_change for member in members)


def _acting_for(user: User) -> QuerySet[MerchantMember, int]:
    """The merchant that `membership_of` names, as a part of another query. Somebody in two teams
    has the rights of the one in which they act, so they see the rows of that one only."""
    return memberships_of(user).values_list("merchant", flat=True)[:1]


def shops_for(user: User) -> QuerySet[Shop]:
    return Shop.objects.filter(merchant=_acting_for(user)).order_by("pk")


def members_for(user: User) -> QuerySet[MerchantMember]:
    mine = MerchantMember.objects.filter(merchant=_acting_for(user))
    return mine.select_related("user", "merchant").order_by("pk")


def products_for(user: User) -> QuerySet[Product]:
    mine = Product.objects.filter(shop__merchant=_acting_for(user))
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
    if shop.isdecimal() and len(shop) < 20:
        products = products.filter(shop=int(shop))
    return products.order_by(*SORTS.get(sort, SORTS["new"]))


def bulk_progress_of(edit: BulkEdit) -> Progress:
    """How many of its products are done, or refused."""
    words = gettext("%(done)s of %(total)s products are done.") % {
        "done": number(edit.settled),
        "total": number(edit.total),
    }
    return Progress(edit.settled, edit.total, words, edit.state == BulkState.RUNNING)


def bulk_edits_for(user: User) -> QuerySet[BulkEdit]:
    """Changes of many products, the newest first."""
    mine = BulkEdit.objects.filter(merchant=_acting_for(user))
    return mine.select_related("plan", "actor", "undoes").order_by("-pk")


def bulk_lines_for(user: User) -> QuerySet[BulkLine]:
    mine = BulkLine.objects.filter(edit__merchant=_acting_for(user))
    return mine.select_related("product").order_by("pk")


def plans_to_edit(user: User) -> QuerySet[Plan]:
    """Those in which single products can have another rate now."""
    return plans_for(user).filter(
        Q(ends_at=None) | Q(ends_at__gt=clock.now()),
        state=PlanState.ACTIVE,
        kind__in=[kind for kind in PlanKind if kind != PlanKind.TOPN],
    )


def categories() -> QuerySet[Category]:
    """Public: the alliance's own list."""
    return Category.objects.order_by("slug")


def plans_for(user: User) -> QuerySet[Plan]:
    """Those that the team opens and changes itself; without what the autopilot keeps."""
    mine = Plan.objects.filter(merchant=_acting_for(user), by_autopilot=False)
    return mine.select_related("merchant", "event", "stock__product").order_by(
        "state", "kind", "-starts_at", "-id"
    )


def autopilot_plans_for(user: User) -> QuerySet[Plan]:
    """The plans that the autopilot keeps for the team and that are in force."""
    kept = Plan.objects.filter(merchant=_acting_for(user), by_autopilot=True)
    return kept.filter(Q(ends_at=None) | Q(ends_at__gt=clock.now()))


def locks_now(plans: Iterable[Plan], product: Product | None = None) -> dict[int, list[RateLock]]:
    """By plan: what is locked in it now, the whole plan first; with a product, what concerns it."""
    now = clock.now()
    found: dict[int, list[RateLock]] = defaultdict(list)
    rows = RateLock.objects.filter(plan__in=list(plans), starts_at__lte=now, ends_at__gt=now)
    if product is not None:
        rows = rows.filter(Q(product=None) | Q(product=product))
    for lock in rows.select_related("product").order_by(F("product").asc(nulls_first=True), "pk"):
        found[lock.plan_id].append(lock)
    return dict(found)


def terms_for(user: User) -> QuerySet[Terms]:
    """Everything that was ever announced, the latest first."""
    mine = Terms.objects.filter(plan__merchant=_acting_for(user))
    return mine.select_related("plan", "product", "category", "created_by").order_by(
        "-created_at", "-id"
    )


def terms_of(plans: Iterable[Plan]) -> QuerySet[Terms]:
    """Everything that was announced in these plans, the latest first; for whoever may see them."""
    rows = Terms.objects.filter(plan__in=list(plans)).select_related("plan", "product", "category")
    return rows.order_by("-created_at", "-id")


@dataclass(slots=True)
class Standing:
    """What a plan pays for one scope now, and what was announced for later."""

    scope: Product | Category | None
    now: Terms | None = None
    later: Terms | None = None


def standings(terms: QuerySet[Terms]) -> dict[int, list[Standing]]:
    """By plan: whole shop first, then categories and products. An announcement that a newer one
    has overtaken is left out, and so is what was taken out."""
    moment = clock.now()
    found: dict[tuple[int, int | None, int | None], Standing] = {}
    for one in terms:  # the latest announcement first
        key = (one.plan_id, one.product_id, one.category_id)
        standing = found.setdefault(key, Standing(one.product or one.category))
        if standing.now is not None:
            continue
        if one.starts_at <= moment:
            standing.now = one
        elif standing.later is None:
            standing.later = one
    by_plan: dict[int, list[Standing]] = defaultdict(list)
    for (plan, _product, _category), standing in sorted(
        found.items(), key=lambda item: (item[0][2] or 0, item[0][1] or 0)
    ):
        by_plan[plan].append(standing)
    return dict(by_plan)


def reason_of_state(merchant: Merchant) -> str:
    """Why operations froze or closed the merchant, in their words."""
    verbs = {"frozen": "merchant.frozen", "closed": "merchant.closed"}
    event = AuditEvent.objects.filter(
        object_type="merchants.merchant",
        object_id=str(merchant.pk),
        verb=verbs.get(merchant.state, ""),
    )
    last = event.order_by("-at").first()
    return str(last.data.get("reason", "")) if last else ""


def issues_for(user: User) -> QuerySet[ImportIssue]:
    return ImportIssue.objects.filter(run__merchant=_acting_for(user))


def changes_for(user: User) -> QuerySet[ImportChange]:
    """What runs changed of products."""
    mine = ImportChange.objects.filter(run__merchant=_acting_for(user))
    return mine.select_related("product").order_by("id")


def kinds_of(changes: QuerySet[ImportChange]) -> list[tuple[str, str, int]]:
    """(kind, its words, how many), in the order of the kinds."""
    counts = changes.order_by().values("kind").annotate(count=Count("pk"))
    found = {row["kind"]: row["count"] for row in counts}
    return [(k, str(words), found[k]) for k, words in ChangeKind.choices if k in found]


def coupons_for(user: User) -> QuerySet[Coupon]:
    mine = Coupon.objects.filter(merchant=_acting_for(user))
    return mine.select_related("shop", "product").order_by("-ends_at", "-id")


def progress_of(run: ImportRun) -> Progress:
    """How far its worker is; nothing is counted before one has begun."""
    going = run.state == ImportState.RUNNING
    if going and not run.counts:
        return Progress(0, 0, gettext("It waits for its turn."))
    rows = run.counts.get("rows", 0)
    words = ngettext("%(count)s row is read.", "%(count)s rows are read.", rows)
    return Progress(run.done, run.total, words % {"count": number(rows)}, going)


def imports_for(user: User) -> QuerySet[ImportRun]:
    mine = ImportRun.objects.filter(merchant=_acting_for(user))
    return mine.select_related("shop", "actor").annotate(refused=Count("issues")).order_by("-id")


def mappings_for(user: User) -> QuerySet[ColumnMapping]:
    return ColumnMapping.objects.filter(merchant=_acting_for(user))


def feeds_for(user: User) -> QuerySet[ProductFeed]:
    mine = ProductFeed.objects.filter(shop__merchant=_acting_for(user))
    return mine.select_related("shop").order_by("shop")


def feeds_due(*, limit: int = 100) -> list[int]:
    """Keys of product feeds to fetch now, the longest due first."""
    due = ProductFeed.objects.filter(active=True, next_at__lte=clock.now())
    due = due.filter(shop__merchant__state=MerchantState.ACTIVE)
    return list(due.order_by("next_at").values_list("pk", flat=True)[:limit])


def hooks_for(user: User) -> QuerySet[ShopHook]:
    mine = ShopHook.objects.filter(shop__merchant=_acting_for(user))
    return mine.select_related("shop").order_by("kind")


def deliveries_for(user: User) -> QuerySet[HookDelivery]:
    """The latest first."""
    mine = HookDelivery.objects.filter(hook__shop__merchant=_acting_for(user))
    return mine.select_related("hook").order_by("-id")


def hook_at(token: str) -> ShopHook | None:
    """The door at an address; none of a merchant who is closed."""
    hooks = ShopHook.objects.select_related("shop__merchant").filter(token=token)
    return hooks.exclude(shop__merchant__state=MerchantState.CLOSED).first()


@dataclass(frozen=True, slots=True)
class OrderHeld:
    """What we know of an order, for whoever reports only what is so now."""

    placed_at: datetime
    paid_at: datetime | None
    received_at: datetime | None
    lines: Sequence[str]
    refunded_minor: int


def orders_held(shop: Shop, numbers: Collection[str]) -> dict[str, OrderHeld]:
    """By their numbers."""
    rows = Order.objects.filter(shop=shop, external_id__in=numbers).annotate(
        numbers=ArrayAgg("lines__external_id", default=[]),
        refunded=Coalesce(Sum("lines__refunded_minor"), 0),
    )
    facts = rows.values_list(
        "external_id", "placed_at", "paid_at", "received_at", "numbers", "refunded"
    )
    return {number: OrderHeld(*rest) for number, *rest in facts}


def api_keys_for(user: User) -> QuerySet[ApiKey]:
    """Keys of the merchant's team and of its shops that still work."""
    merchant = merchant_of(user)
    if merchant is None:
        return api_keys_of()
    shops = [f"shop:{shop.pk}" for shop in shops_for(user)]
    return api_keys_of(f"merchant:{merchant.pk}", *shops)


def shop_of_key(key: ApiKey) -> Shop | None:
    """The shop that a key of its own reports for; of a merchant that is closed, none."""
    open_ones = Shop.objects.exclude(merchant__state=MerchantState.CLOSED)
    return (
        open_ones.select_related("merchant")
        .filter(pk__in=keys_in(key.organisation, "shop"))
        .first()
    )
