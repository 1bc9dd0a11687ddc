"""Every code that the REST door refuses with, and what to do about it: the page /api/errors/."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

PAGE = "/api/errors/"

# By code, in words for whoever writes the program that got it. docs/api.md says more.
MEANINGS = {
    "invalid": _("Something in the input is not right. `field` or `details` name it."),
    "parse_error": _("The body is no JSON that can be read: check its encoding and nesting."),
    "too_large": _("The body is larger than 8 MB. Send fewer things at once."),
    "not_authenticated": _("Send a key: `Authorization: Bearer tk_…`."),
    "authentication_failed": _("The key is unknown, revoked or expired. Issue a new one."),
    "address_not_allowed": _("The key may not be used from this address: see its list."),
    "scope_missing": _("The key lacks the scope that `facts` names. Issue one that has it."),
    "wrong_side": _("This call is for the other side: merchants' keys or affiliates' keys."),
    "not_in_sandbox": _("A sandbox key cannot do this: it would be real. Use a live key."),
    "only_in_sandbox": _("Only a sandbox key may do this."),
    "permission_denied": _("Who issued the key may not do this in their team."),
    "not_allowed": _("Who issued the key may not do this in their team."),
    "not_found": _("There is no such thing, or it is not yours."),
    "method_not_allowed": _("This address does not know the method: see the `Allow` header."),
    "not_acceptable": _("Answers are JSON. Ask for `application/json`."),
    "unsupported_media_type": _("Send `Content-Type: application/json`."),
    "wrong_state": _("Something has changed in the meantime. Read it again."),
    "refused": _("This cannot be done now: `message` says why."),
    "key_reused": _("The Idempotency-Key came before with another content. Use a new one."),
    "over_refund": _("More is refunded than is left of the line."),
    "refund_reused": _("The refund's number came before with another amount."),
    "cursor_expired": _("The feed began anew. Read it from its beginning, without a cursor."),
    "throttled": _("Too many calls. Wait as long as `Retry-After` says."),
}


def help_of(code: str) -> str:
    """Where the code is explained; of one that is not, where all are."""
    return f"{settings.PUBLIC_URL}{PAGE}{f'#{code}' if code in MEANINGS else ''}"
