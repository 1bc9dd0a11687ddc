"""Tools of affiliates: made, given another secret, allowed to act, stopped."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.destinations import host_of
from affiliates.models import Affiliate, AffiliateState
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotFound, WrongState
from alliance.kernel.lockbox import lock, unlock
from alliance.kernel.models import User
from commissions.models import ApiApp, ApiSession
from commissions.tokens import digest_of, token_make

APPS_MOST = 10
OVERLAP = timedelta(days=1)  # how long the secret before still works
CODE = timedelta(minutes=10)
SESSION, RENEWAL = timedelta(days=30), timedelta(days=180)
_PURPOSE = "api-app"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the app is given, this once."""

    session: ApiSession
    access: str
    refresh: str


@transaction.atomic
def api_app_make(*, actor: User, affiliate: Affiliate, name: str, redirect_url: str = "") -> ApiApp:
    """An app with a key and a secret. `redirect_url`: where people are sent back to who allow it
    to act for them; without one it acts for its own affiliate only.

    Raises Invalid (name, address, too many), WrongState (affiliate not active).
    """
    held = Affiliate.objects.select_for_update(no_key=True).get(pk=affiliate.pk)
    if held.state != AffiliateState.ACTIVE:
        raise WrongState(_("Only an active affiliate can make an app."))
    name, redirect_url = name.replace("\x00", "").strip()[:60], redirect_url.strip()
    if not name:
        raise Invalid(_("Please give a name."), field="name")
    if redirect_url and not _may_lead_back(redirect_url):
        raise Invalid(
            _("Please give a full web address: https://…, without a # in it."), field="redirect_url"
        )
    if held.api_apps.filter(revoked_at=None).count() >= APPS_MOST:
        raise Invalid(
            _("You have %(most)d apps already. Revoke one that you no longer use.")
            % {"most": APPS_MOST},
            most=APPS_MOST,
        )
    app = ApiApp.objects.create(
        affiliate=affiliate,
        user=actor,
        name=name,
        key=_key(),
        secret=lock(_PURPOSE, secrets.token_hex(16)),
        redirect_url=redirect_url,
    )
    audit.record("api_app.made", app, actor=actor, key=app.key)
    return app


@transaction.atomic
def api_app_rotate(*, actor: User, app: ApiApp) -> None:
    """Another secret at once; the one before works for a day more, so that nothing stands still."""
    app = _working(app)
    app.old_secret, app.old_until = app.secret, clock.now() + OVERLAP
    app.secret = lock(_PURPOSE, secrets.token_hex(16))
    app.save(update_fields=["secret", "old_secret", "old_until", "updated_at"])
    audit.record("api_app.rotated", app, actor=actor)


@transaction.atomic
def api_app_revoke(*, actor: User, app: ApiApp) -> None:
    """The app stops at once, and with it every session. NotFound if it was revoked before."""
    app = _working(app)
    app.revoked_at = clock.now()
    app.save(update_fields=["revoked_at", "updated_at"])
    app.sessions.filter(revoked_at=None).update(revoked_at=app.revoked_at)
    audit.record("api_app.revoked", app, actor=actor)


def api_app_secrets(app: ApiApp) -> list[str]:
    """The secrets that its calls may be signed with, the present one first. Raises Locked."""
    found = [unlock(_PURPOSE, app.secret)]
    if app.old_until and app.old_until > clock.now():
        found.append(unlock(_PURPOSE, app.old_secret))
    return found


def api_app_used(app: ApiApp) -> None:
    """Noted once a minute at most."""
    moment = clock.now()
    if app.last_used_at is None or moment - app.last_used_at > timedelta(minutes=1):
        ApiApp.objects.filter(pk=app.pk).update(last_used_at=moment)


# --- What people allow an app -------------------------------------------------------------------


def api_code_give(*, actor: User, app: ApiApp, affiliate: Affiliate) -> str:
    """This person allows the app to act for the affiliate: a code that the app exchanges for tokens
    (`api_code_redeem`), once and within ten minutes. Invalid if the app never said where people are
    sent back to, WrongState unless the affiliate is active, NotFound if the app was revoked."""
    if not app.redirect_url:
        raise Invalid(_("This app has no address that you could be sent back to."))
    if affiliate.state != AffiliateState.ACTIVE:
        raise WrongState(_("Only an active affiliate can allow this."))
    if app.revoked_at:
        raise NotFound(_("This app was revoked."))
    code = token_make()
    given = {"app": app.pk, "user": actor.pk, "affiliate": affiliate.pk, "back": app.redirect_url}
    cache.set(_code_key(code), given, CODE.total_seconds())
    return code


def api_code_redeem(*, app: ApiApp, code: str, redirect_url: str = "") -> Tokens:
    """A session for the code. NotFound: it is another app's, was used, has run out, or was given
    for another address than `redirect_url`, where the app names one."""
    key = _code_key(code)
    given = cache.get(key)
    theirs = given and given["app"] == app.pk and redirect_url in ("", given["back"])
    if not theirs or not cache.delete(key):  # whoever deletes it has it
        raise NotFound(_("This code was used, has run out, or is not yours."))
    return api_session_open(
        actor=User.objects.get(pk=given["user"]),
        app=app,
        affiliate=Affiliate.objects.get(pk=given["affiliate"]),
    )


def _code_key(code: str) -> str:
    return f"gateway:code:{digest_of(code)}"


@transaction.atomic
def api_session_open(*, actor: User, app: ApiApp, affiliate: Affiliate) -> Tokens:
    """The app may act as this person for the affiliate. A session of the two that is open is
    replaced: its tokens no longer work. NotFound if the app was revoked."""
    app = _working(app)
    app.sessions.filter(affiliate=affiliate, revoked_at=None).update(revoked_at=clock.now())
    access, refresh = token_make(), token_make()
    session = ApiSession.objects.create(
        app=app, affiliate=affiliate, user=actor, **_lasting(access, refresh)
    )
    audit.record("api_session.opened", session, actor=actor, app=app.key)
    return Tokens(session, access, refresh)


@transaction.atomic
def api_session_renew(*, app: ApiApp, refresh: str) -> Tokens:
    """Another pair of tokens for the one that runs out; each refresh token works once. NotFound."""
    rows = app.sessions.select_for_update().filter(
        refresh_digest=digest_of(refresh), revoked_at=None, refresh_until__gt=clock.now()
    )
    session = rows.first()
    if session is None or app.revoked_at:
        raise NotFound(_("This permission has run out or was taken back."))
    access, refresh = token_make(), token_make()
    for name, value in _lasting(access, refresh).items():
        setattr(session, name, value)
    session.save()
    audit.record("api_session.renewed", session, actor=session.user)
    return Tokens(session, access, refresh)


@transaction.atomic
def api_session_close(*, actor: User, session: ApiSession) -> None:
    """Taken back: its tokens stop at once. NotFound if it was taken back before."""
    rows = ApiSession.objects.filter(pk=session.pk, revoked_at=None)
    if not rows.update(revoked_at=clock.now()):
        raise NotFound(_("This permission has run out or was taken back."))
    audit.record("api_session.closed", session, actor=actor)


def _lasting(access: str, refresh: str) -> dict[str, object]:
    now = clock.now()
    return {
        "digest": digest_of(access),
        "until": now + SESSION,
        "refresh_digest": digest_of(refresh),
        "refresh_until": now + RENEWAL,
    }


def _working(app: ApiApp) -> ApiApp:
    found = ApiApp.objects.select_for_update().filter(pk=app.pk, revoked_at=None).first()
    if found is None:
        raise NotFound(_("This app was revoked."))
    return found


def _may_lead_back(url: str) -> bool:
    return url.startswith("https://") and bool(host_of(url)) and "#" not in url and len(url) <= 300


def _key() -> str:
    """Eight digits that no app ever had, as tools expect a key to look."""
    while True:
        key = str(secrets.randbelow(90_000_000) + 10_000_000)
        if not ApiApp.objects.filter(key=key).exists():
            return key
