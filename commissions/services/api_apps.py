"""Tools of affiliates: made, given another secret, allowed to act, stopped."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.destinations import host_of
from affiliates.models import Affiliate, AffiliateState
from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotFound, WrongState
from alliance.kernel.hashing import keyed
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
    """An app with a key and a secret (`api_app_secrets`: for whoever made it, once).
    `redirect_url`: where people are sent back to who allow it to act for them; without one it acts
    for its own affiliate only.

    Raises Invalid (name, address, too many), WrongState (affiliate not active).
    """
    held = Affiliate.objects.select_for_update(no_key=True).get(pk=affiliate.pk)
    if held.state != AffiliateState.ACTIVE:
        raise WrongState(_("Only an active affiliate can make an app."))
    # Nothing in a name may turn or hide what is written beside it: strangers are shown it.
    name, redirect_url = "".join(filter(str.isprintable, name)).strip()[:60], redirect_url.strip()
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
def api_app_rotate(*, actor: User, app: ApiApp) -> ApiApp:
    """Another secret at once; the one before works for a day more, so that nothing stands still."""
    app = _working(app)
    app.old_secret, app.old_until = app.secret, clock.now() + OVERLAP
    app.secret = lock(_PURPOSE, secrets.token_hex(16))
    app.save(update_fields=["secret", "old_secret", "old_until", "updated_at"])
    audit.record("api_app.rotated", app, actor=actor)
    return app


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


def api_code_give(*, actor: User, app: ApiApp, affiliate: Affiliate, challenge: str = "") -> str:
    """This person allows the app to act for the affiliate: a code that the app exchanges for tokens
    (`api_code_redeem`), once and within ten minutes, and with the verifier of its `challenge` if it
    gave one (RFC 7636). Invalid if the app never said where people are
    sent back to, WrongState unless the affiliate is active, NotFound if the app was revoked."""
    if not app.redirect_url:
        raise Invalid(_("This app has no address that you could be sent back to."))
    if affiliate.state != AffiliateState.ACTIVE:
        raise WrongState(_("Only an active affiliate can allow this."))
    if app.revoked_at:
        raise NotFound(_("This app was revoked."))
    code = token_make()
    given = {
        "app": app.pk,
        "user": actor.pk,
        "affiliate": affiliate.pk,
        "back": app.redirect_url,
        "challenge": challenge,
    }
    cache.set(_code_key(code), given, CODE.total_seconds())
    return code


def api_code_redeem(
    *, app: ApiApp, code: str, redirect_url: str = "", verifier: str = ""
) -> Tokens:
    """A session for the code. NotFound: it is another app's, was used, has run out, or was given
    for another address than `redirect_url`, where the app names one, or for another verifier.

    A code that comes a second time is in the hands of two: what it opened is closed.
    """
    key = _code_key(code)
    given = cache.get(key)
    theirs = given and given["app"] == app.pk and redirect_url in ("", given["back"])
    known = theirs and _challenge_of(verifier) == given["challenge"]
    if not known or not cache.delete(key):  # whoever deletes it has it
        if opened := cache.get(_spent_key(code)):
            _close_reused(app, opened)
        raise NotFound(_("This code was used, has run out, or is not yours."))
    tokens = api_session_open(
        actor=User.objects.get(pk=given["user"]),
        app=app,
        affiliate=Affiliate.objects.get(pk=given["affiliate"]),
    )
    cache.set(_spent_key(code), tokens.session.pk, CODE.total_seconds())
    return tokens


def _code_key(code: str) -> str:
    return f"gateway:code:{digest_of(code)}"


def _spent_key(code: str) -> str:
    return f"gateway:spent:{digest_of(code)}"


def _challenge_of(verifier: str) -> str:
    """None for none: neither is forgotten where the other is there."""
    if not verifier:
        return ""
    digest = hashlib.sha256(verifier.encode(errors="replace")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@transaction.atomic
def api_session_open(*, actor: User, app: ApiApp, affiliate: Affiliate) -> Tokens:
    """The app may act as this person for the affiliate. A session of the two that is open is
    replaced: its tokens no longer work. NotFound if the app was revoked."""
    app = _working(app)
    app.sessions.filter(affiliate=affiliate, revoked_at=None).update(revoked_at=clock.now())
    session = ApiSession(app=app, affiliate=affiliate, user=actor)
    _lasting(session, token_make(), token_make())
    session.save()  # its number goes into what renews it
    tokens = _tokens(session)
    audit.record("api_session.opened", session, actor=actor, app=app.key)
    return tokens


def api_session_renew(*, app: ApiApp, refresh: str) -> Tokens:
    """Another pair of tokens for the one that runs out; each refresh token works once. NotFound.

    One that comes a second time is in the hands of two, of whom nobody knows which is the thief:
    the session ends for both.
    """
    tokens = _renewed(app, refresh)
    if tokens is None:
        if opened := _session_in(refresh):
            _close_reused(app, opened)
        raise NotFound(_("This permission has run out or was taken back."))
    return tokens


@transaction.atomic
def _renewed(app: ApiApp, refresh: str) -> Tokens | None:
    rows = app.sessions.select_for_update().filter(
        refresh_digest=digest_of(refresh), revoked_at=None, refresh_until__gt=clock.now()
    )
    session = rows.first()
    if session is None or app.revoked_at:
        return None
    tokens = _tokens(session)
    audit.record("api_session.renewed", session, actor=session.user)
    return tokens


@transaction.atomic
def _close_reused(app: ApiApp, pk: int) -> None:
    session = app.sessions.select_for_update().filter(pk=pk, revoked_at=None).first()
    if session is not None:
        ApiSession.objects.filter(pk=pk).update(revoked_at=clock.now())
        audit.record("api_session.reused", session, actor=session.user)


@transaction.atomic
def api_session_close(*, actor: User, session: ApiSession) -> None:
    """Taken back: its tokens stop at once. NotFound if it was taken back before."""
    rows = ApiSession.objects.filter(pk=session.pk, revoked_at=None)
    if not rows.update(revoked_at=clock.now()):
        raise NotFound(_("This permission has run out or was taken back."))
    audit.record("api_session.closed", session, actor=actor)


def _tokens(session: ApiSession) -> Tokens:
    """Its next pair. What renews it names it, so that an old one is known again."""
    body = f"{session.pk}.{token_make()}"
    access, refresh = token_make(), f"{body}.{_seal(body)}"
    _lasting(session, access, refresh)
    session.save()
    return Tokens(session, access, refresh)


def _session_in(refresh: str) -> int | None:
    """Whose refresh token this is, or was; None if we never made it."""
    body, _dot, seal = refresh.rpartition(".")
    ours = hmac.compare_digest(seal.encode(errors="replace"), _seal(body).encode())
    return int(body.partition(".")[0]) if ours else None


def _seal(body: str) -> str:
    return keyed("api-app.refresh", body).hex()[:32]


def _lasting(session: ApiSession, access: str, refresh: str) -> None:
    now = clock.now()
    session.digest, session.until = digest_of(access), now + SESSION
    session.refresh_digest, session.refresh_until = digest_of(refresh), now + RENEWAL


def _working(app: ApiApp) -> ApiApp:
    found = ApiApp.objects.select_for_update().filter(pk=app.pk, revoked_at=None).first()
    if found is None:
        raise NotFound(_("This app was revoked."))
    return found


def _may_lead_back(url: str) -> bool:
    """To a tool's own host: with ours in it people would be told that they stay here."""
    host = host_of(url)
    elsewhere = host not in ("", host_of(settings.PUBLIC_URL))
    return elsewhere and url.startswith("https://") and "#" not in url and len(url) <= 300


def _key() -> str:
    """Eight digits that no app ever had, as tools expect a key to look."""
    while True:
        key = str(secrets.randbelow(90_000_000) + 10_000_000)
        if not ApiApp.objects.filter(key=key).exists():
            return key
