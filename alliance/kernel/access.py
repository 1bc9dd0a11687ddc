"""Who may enter: staff roles for the operations desk, hashed keys for the REST door."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from alliance.kernel import audit, clock, tries
from alliance.kernel.errors import NotFound
from alliance.kernel.models import ApiKey, StaffRole, User


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
) -> tuple[ApiKey, str]:
    """A new key and its token. The token is shown this once; only its hash is kept."""
    prefix = f"tk_{secrets.token_hex(4)}"
    token = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        user=actor,
        organisation=organisation,
        name=name,
        prefix=prefix,
        digest=_digest(token),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    audit.record("api_key.issued", key, actor=actor, prefix=prefix, scopes=key.scopes)
    return key, token


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
        if not key.user.is_active:
            raise exceptions.AuthenticationFailed(_("The owner of this API key is not active."))
        if key.last_used_at is None or moment - key.last_used_at > timedelta(minutes=1):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=moment)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


class HasScope(permissions.BasePermission):
    """The view's `required_scope` must be among the key's scopes."""

    message = _("This API key does not have the scope that this call needs.")

    def has_permission(self, request: Request, view: Any) -> bool:
        key = request.auth
        return isinstance(key, ApiKey) and view.required_scope in key.scopes
