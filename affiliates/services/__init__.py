"""What may be done on the affiliate side, split by noun."""

from affiliates.services.affiliates import (
    affiliate_apply,
    affiliate_approve,
    affiliate_close,
    affiliate_freeze,
    affiliate_links_bar,
    affiliate_reject,
    affiliate_unfreeze,
)
from affiliates.services.codes import code_bind, code_release
from affiliates.services.converting import Made, link_shown, links_convert
from affiliates.services.events import (
    event_draft,
    event_end,
    event_join,
    event_leave,
    event_open,
    event_publish,
    event_void,
)
from affiliates.services.figures import clicks_count
from affiliates.services.links import (
    SUB_LENGTH,
    SUBS,
    link_address,
    link_create,
    link_first_followed,
    link_pause,
    link_resume,
    links_create,
)
from affiliates.services.months import months_turn
from affiliates.services.parts import (
    intermediation_agree,
    intermediation_end,
    intermediation_open,
    relation_end,
    relation_open,
    site_special_fee_set,
)
from affiliates.services.policies import policy_set
from affiliates.services.sites import (
    site_approve,
    site_file,
    site_reject,
    zone_create,
    zone_freeze,
    zone_unfreeze,
)
from affiliates.services.touches import Click, touches_record

__all__ = [
    "SUBS",
    "SUB_LENGTH",
    "Click",
    "Made",
    "affiliate_apply",
    "affiliate_approve",
    "affiliate_close",
    "affiliate_freeze",
    "affiliate_links_bar",
    "affiliate_reject",
    "affiliate_unfreeze",
    "clicks_count",
    "code_bind",
    "code_release",
    "event_draft",
    "event_end",
    "event_join",
    "event_leave",
    "event_open",
    "event_publish",
    "event_void",
    "intermediation_agree",
    "intermediation_end",
    "intermediation_open",
    "link_address",
    "link_create",
    "link_first_followed",
    "link_pause",
    "link_resume",
    "link_shown",
    "links_convert",
    "links_create",
    "months_turn",
    "policy_set",
    "relation_end",
    "relation_open",
    "site_approve",
    "site_file",
    "site_reject",
    "site_special_fee_set",
    "touches_record",
    "zone_create",
    "zone_freeze",
    "zone_unfreeze",
]
