"""Models of the kernel, split by noun."""

from alliance.kernel.models.core import (
    DESK,
    ApiKey,
    AppendOnly,
    AuditEvent,
    IdempotentCall,
    MemberRole,
    Membership,
    Notification,
    Side,
    StaffRole,
    Stamped,
    User,
    UserManager,
)
from alliance.kernel.models.feed import FeedBase
from alliance.kernel.models.outbox import (
    Delivery,
    DeliveryCall,
    DeliveryState,
    Endpoint,
    EndpointForm,
    EndpointState,
    HttpMethod,
)

__all__ = [
    "DESK",
    "ApiKey",
    "AppendOnly",
    "AuditEvent",
    "Delivery",
    "DeliveryCall",
    "DeliveryState",
    "Endpoint",
    "EndpointForm",
    "EndpointState",
    "FeedBase",
    "HttpMethod",
    "IdempotentCall",
    "MemberRole",
    "Membership",
    "Notification",
    "Side",
    "StaffRole",
    "Stamped",
    "User",
    "UserManager",
]
