"""What may be done on the affiliate side, split by noun."""

from affiliates.services.affiliates import (
    affiliate_apply,
    affiliate_approve,
    affiliate_close,
    affiliate_freeze,
    affiliate_reject,
    affiliate_unfreeze,
)
from affiliates.services.links import (
    link_address,
    link_create,
    link_pause,
    link_resume,
    links_create,
)
from affiliates.services.sites import site_approve, site_file, site_reject, zone_create
from affiliates.services.touches import Click, touches_record

__all__ = [
    "Click",
    "affiliate_apply",
    "affiliate_approve",
    "affiliate_close",
    "affiliate_freeze",
    "affiliate_reject",
    "affiliate_unfreeze",
    "link_address",
    "link_create",
    "link_pause",
    "link_resume",
    "links_create",
    "site_approve",
    "site_file",
    "site_reject",
    "touches_record",
    "zone_create",
]
