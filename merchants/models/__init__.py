"""Models of the merchant side, split by noun."""

from merchants.models.bulk import BulkDeed, BulkEdit, BulkLine, BulkLineState, BulkState
from merchants.models.catalogue import (
    Category,
    Coupon,
    PastCategory,
    PastPrice,
    Product,
    ProductState,
)
from merchants.models.event import SERVICE_MAX_BPS, Event, EventState
from merchants.models.hook import HookDelivery, HookKind, HookOrder, HookResult, ShopHook
from merchants.models.intake import (
    ChangeKind,
    ColumnMapping,
    FeedTrouble,
    ImportChange,
    ImportIssue,
    ImportKind,
    ImportRun,
    ImportState,
    Missing,
    ProductFeed,
)
from merchants.models.merchant import Coverage, Merchant, MerchantMember, MerchantState, Shop
from merchants.models.order import Order, OrderLine, OrderState, Refund, RefundState
from merchants.models.plan import JOINED, Plan, PlanKind, PlanState, RateLock, Terms
from merchants.models.top_n import PieceStock, PieceTake

__all__ = [
    "JOINED",
    "SERVICE_MAX_BPS",
    "BulkDeed",
    "BulkEdit",
    "BulkLine",
    "BulkLineState",
    "BulkState",
    "Category",
    "ChangeKind",
    "ColumnMapping",
    "Coupon",
    "Coverage",
    "Event",
    "EventState",
    "FeedTrouble",
    "HookDelivery",
    "HookKind",
    "HookOrder",
    "HookResult",
    "ImportChange",
    "ImportIssue",
    "ImportKind",
    "ImportRun",
    "ImportState",
    "Merchant",
    "MerchantMember",
    "MerchantState",
    "Missing",
    "Order",
    "OrderLine",
    "OrderState",
    "PastCategory",
    "PastPrice",
    "PieceStock",
    "PieceTake",
    "Plan",
    "PlanKind",
    "PlanState",
    "Product",
    "ProductFeed",
    "ProductState",
    "RateLock",
    "Refund",
    "RefundState",
    "Shop",
    "ShopHook",
    "Terms",
]
