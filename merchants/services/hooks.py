"""Webhooks of shops: their doors, and the secrets that open them."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid
from alliance.kernel.lockbox import lock, unlock
from alliance.kernel.models import User
from merchants.models import HookDelivery, HookKind, Shop, ShopHook

KEPT = timedelta(days=30)
_PURPOSE = "shop-hook"


@transaction.atomic
def hook_open(*, shop: Shop, kind: str, secret: str, actor: User | None) -> ShopHook:
    """A door for the shop's system; an open one gets another secret. Without a secret we make one.

    Raises Invalid for a system that we do not know, or a secret that anybody could guess.
    """
    secret = secret.strip() or secrets.token_urlsafe(32)
    if kind not in HookKind.values:
        raise Invalid(_("Choose one of the systems."), field="kind")
    if not 8 <= len(secret) <= 200 or not secret.isascii():
        raise Invalid(_("A secret has from 8 to 200 characters."), field="secret")
    hook, _created = ShopHook.objects.update_or_create(
        shop=shop,
        kind=kind,
        defaults={"secret": lock(_PURPOSE, secret)},
        create_defaults={"secret": lock(_PURPOSE, secret), "token": secrets.token_urlsafe(24)},
    )
    audit.record("hook.opened", hook, actor=actor, kind=kind)
    return hook


@transaction.atomic
def hook_close(*, hook: ShopHook, actor: User | None) -> None:
    """Nothing comes through any more; the orders stay."""
    audit.record("hook.closed", hook, actor=actor, kind=hook.kind)
    hook.delete()


def hook_secret(hook: ShopHook) -> str:
    """For those who may see it. Raises lockbox.Locked."""
    return unlock(_PURPOSE, hook.secret)


def deliveries_forget() -> None:
    """Deliveries are kept for thirty days."""
    HookDelivery.objects.filter(created_at__lt=clock.now() - KEPT).delete()
