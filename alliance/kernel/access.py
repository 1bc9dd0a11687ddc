"""Who may enter: staff roles for the operations desk, hashed keys for the REST door."""

import hashlib
import ipaddress
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from alliance.kernel import audit, clock, tries
from alliance.kernel.errors import Invalid, NotAllowed, NotFound
from alliance.kernel.models import ApiKey, StaffRole, User

KEYS_MOST = 50  # that work, of one organisation: each has its own calls (`API_RATE`)


def has_role(user: Any, *roles: StaffRole) -> bool:
    """True if the user is active staff with one of the roles, or an administrator."""
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return False
    return user.is_superuser or not set(roles).isdisjoint(user.staff_roles)


def _digest(token: str) -> str:
    # The token carries 256 bits of chance, so a plain hash is as good as a slow one.
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def api_key_issue(
    *,
    actor: User,
    organisation: str,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    networks: Iterable[str] = (),
    sandbox: bool = False,
) -> tuple[ApiKey, str]:
    """A new key and its token. The token is shown this once; only its hash is kept. `networks`:
    the CIDRs that it may be used from; none: anywhere. A sandbox key's token says that it is one.
    Raises Invalid beyond KEYS_MOST.
    """
    if api_keys_of(organisation).count() >= KEYS_MOST:
        raise Invalid(
            _("You have %(most)d keys. Revoke one that you no longer use.") % {"most": KEYS_MOST},
            most=KEYS_MOST,
        )
    prefix = f"{'ts' if sandbox else 'tk'}_{secrets.token_hex(4)}"
    token = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        user=actor,
        organisation=organisation,
        name=name,
        prefix=prefix,
        digest=_digest(token),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        networks=list(networks),
        sandbox=sandbox,
    )
    audit.record(
        "api_key.issued",
        key,
        actor=actor,
        prefix=prefix,
        scopes=key.scopes,
        networks=key.networks,
        sandbox=sandbox,
        expires_at=expires_at.isoformat() if expires_at else None,
    )
    return key, token


def keys_in(organisation: str, kind: str) -> list[int]:
    """The primary key that an API key's organisation names, if it is of that kind; else none."""
    said, _colon, number = organisation.partition(":")
    return [int(number)] if said == kind and number.isdecimal() else []


def api_keys_of(*organisations: str) -> QuerySet[ApiKey]:
    """The keys of these that still work, newest first."""
    keys = ApiKey.objects.filter(revoked_at=None, organisation__in=organisations)
    return keys.select_related("user").order_by("-id")


@transaction.atomic
def api_key_revoke(*, actor: User, key: ApiKey) -> None:
    """The key stops working at once."""
    if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=clock.now()):
        raise NotFound(_("This key does not exist or was revoked before."))
    audit.record("api_key.revoked", key, actor=actor, prefix=key.prefix)


class ApiKeyAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer tk_…`. request.auth is the ApiKey."""

    keyword = "Bearer"

    def token_of(self, request: Request) -> str:
        """The token that the call carries; "" if none."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        return token if scheme == self.keyword else ""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        token = self.token_of(request)
        if not token:
            return None
        address = str(request.META.get("REMOTE_ADDR", ""))
        if tries.barred("key", address):
            raise exceptions.Throttled(tries.SECONDS, str(tries.TOO_MANY))
        prefix = "_".join(token.split("_")[:2]).replace("\x00", "")
        key = ApiKey.objects.select_related("user").filter(prefix=prefix, revoked_at=None).first()
        if key is None or not secrets.compare_digest(key.digest, _digest(token.strip())):
            tries.wrong("key", address)
            raise exceptions.AuthenticationFailed(_("This API key is not known or was revoked."))
        moment = clock.now()
        if key.expires_at and key.expires_at <= moment:
            raise exceptions.AuthenticationFailed(_("This API key has expired."))
        if key.networks and not _within(address, key.networks):
            raise exceptions.PermissionDenied(
                _("This API key may not be used from your address."), "address_not_allowed"
            )
        if not key.user.is_active:
            raise exceptions.AuthenticationFailed(_("The owner of this API key is not active."))
        if key.last_used_at is None or moment - key.last_used_at > timedelta(minutes=1):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=moment)
        key.user.acts_for = key.organisation
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


def _within(address: str, networks: Iterable[str]) -> bool:
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return False
    asked = getattr(asked, "ipv4_mapped", None) or asked
    return any(asked in ipaddress.ip_network(one, strict=False) for one in networks)


class HasScope(permissions.BasePermission):
    """The view's `required_scope` (one, or one by method) must be among the key's scopes, and a
    sandbox key comes in only where the view says `in_sandbox`, for any method or for some."""

    message: Any = _("Who issued this API key may not do this.")
    code = "permission_denied"
    side = ""  # whose keys: "merchant", "affiliate"; "": anybody's

    def has_permission(self, request: Request, view: Any) -> bool:
        key, scope = request.auth, view.required_scope
        if not isinstance(key, ApiKey):
            return False
        if self.side and not key.organisation.startswith(f"{self.side}:"):
            return self.refused("wrong_side", _OTHER_SIDE[self.side])
        if isinstance(scope, Mapping):
            scope = scope.get(request.method)  # none: the method is not there, as the view says
        if scope and scope not in key.scopes:
            raise ScopeMissing(scope=scope)
        allowed = getattr(view, "in_sandbox", False)
        if key.sandbox and not (
            request.method in allowed if isinstance(allowed, tuple) else allowed
        ):
            return self.refused("not_in_sandbox", _("A sandbox key cannot do this."))
        if not key.sandbox and getattr(view, "only_in_sandbox", False):
            return self.refused("only_in_sandbox", _("Only a sandbox key may do this."))
        return True

    def refused(self, code: str, message: Any) -> bool:
        """No, and why."""
        self.code, self.message = code, message
        return False


_OTHER_SIDE = {
    "merchant": _("This call is for keys of merchants."),
    "affiliate": _("This call is for keys of affiliates."),
}


class ScopeMissing(NotAllowed):
    code = "scope_missing"
    message = _("This API key does not have the scope that this call needs.")
