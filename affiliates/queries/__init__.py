"""The only way from a request to a row of the affiliate side. Strangers find nothing."""

from affiliates.queries.clicks import (
    FIGURES,
    VISITOR,
    Clicks,
    clicks_by_affiliate,
    clicks_by_day,
    clicks_by_zone,
    clicks_of_all,
    clicks_of_merchant,
)
from affiliates.queries.codes import codes_bound_for, codes_for, coupons_to_bind
from affiliates.queries.links import (
    links_for,
    merchants_out_of_money,
    sites_for,
    zone_used_last,
    zones_for,
)
from affiliates.queries.members import membership_in, membership_of, reason_of_state, share_of
from affiliates.queries.picking import Found, Place, Wish, products_offered
from affiliates.queries.policies import policies_at, policy_now
from affiliates.queries.products import (
    Offer,
    categories,
    coupons_for_products,
    offers_of,
    products_known,
)
from affiliates.queries.ways import Way, way_of

__all__ = [
    "FIGURES",
    "VISITOR",
    "Clicks",
    "Found",
    "Offer",
    "Place",
    "Way",
    "Wish",
    "categories",
    "clicks_by_affiliate",
    "clicks_by_day",
    "clicks_by_zone",
    "clicks_of_all",
    "clicks_of_merchant",
    "codes_bound_for",
    "codes_for",
    "coupons_for_products",
    "coupons_to_bind",
    "links_for",
    "membership_in",
    "membership_of",
    "merchants_out_of_money",
    "offers_of",
    "policies_at",
    "policy_now",
    "products_known",
    "products_offered",
    "reason_of_state",
    "share_of",
    "sites_for",
    "way_of",
    "zone_used_last",
    "zones_for",
]
