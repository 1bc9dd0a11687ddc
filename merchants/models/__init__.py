"""Models of the merchant side, split by noun."""

from merchants.models.catalogue import Category, Coupon, Product, ProductState
from merchants.models.intake import ColumnMapping, ImportIssue, ImportKind, ImportRun, ImportState
from merchants.models.merchant import Coverage, Merchant, MerchantMember, MerchantState, Shop
from merchants.models.order import Order, OrderLine, OrderState, Refund, RefundState
from merchants.models.plan import Plan, PlanKind, PlanState, Terms

__all__ = [
    "Category",
    "ColumnMapping",
    "Coupon",
    "Coverage",
    "ImportIssue",
    "ImportKind",
    "ImportRun",
    "ImportState",
    "Merchant",
    "MerchantMember",
    "MerchantState",
    "Order",
    "OrderLine",
    "OrderState",
    "Plan",
    "PlanKind",
    "PlanState",
    "Product",
    "ProductState",
    "Refund",
    "RefundState",
    "Shop",
    "Terms",
]
