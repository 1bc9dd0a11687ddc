"""Addresses of other systems: made, changed, tried, switched off and on (docs/webhooks.md).

A team that is frozen or closed may switch off, remove and take another secret; whatever has us say
more, or elsewhere, raises WrongState.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from affiliates.models import AdZone, Affiliate
from alliance.kernel import audit, clock, outbound, tries
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import (
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointForm,
    EndpointState,
    HttpMethod,
    Side,
    User,
)
from alliance.kernel.outbox import EVENTS, KEPT, body, key_of, side_of, wake
from commissions.happenings import sample_of
from commissions.outgoing import macros, signing
from commissions.outgoing.delivery import leave
from merchants.models import Merchant

MOST = 20  # endpoints of one organisation
TESTS_AN_HOUR = 60  # of one organisation: each is a call that it has us make, or ten
FORGOTTEN = 5000  # at a time
REPLAYED = 10_000  # at a time
# Of one organisation: what it has us say again may be said to somebody who never asked for it.
REPLAYS_AN_HOUR, REPEATS_AN_HOUR = 30, 600
# What a team hears that may have us say nothing more, by its state.
OFF = {
    "frozen": _(
        "Your team is frozen: until that is over, nothing is set up, changed or sent anew."
    ),
    "closed": _("Your team is closed: nothing is set up, changed or sent anew."),
}
# What a tracker is told of: what became of the commission of a click.
POSTBACK_KINDS = (
    "commission.estimated",
    "commission.confirmed",
    "commission.settled",
    "commission.corrected",
    "commission.void",
)


def kinds_for(side: Side, form: str) -> list[str]:
    """The events that can be chosen on that side, in the order of the table."""
    if form == EndpointForm.POSTBACK:
        return list(POSTBACK_KINDS) if side == Side.AFFILIATE else []
    return [kind for kind, event in EVENTS.items() if side in event.sides]


@transaction.atomic
def webhook_open(
    *,
    actor: User,
    organisation: str,
    name: str,
    url: str,
    kinds: Sequence[str],
    sandbox: bool = False,
) -> tuple[Endpoint, str]:
    """A new endpoint, and the secret that its messages are signed with: told this once. A sandbox's
    hears of invented orders only.

    Raises Invalid with the field, NotAllowed beyond MOST.
    """
    _standing(organisation)
    _room(organisation)
    secret = signing.secret_new()
    made = Endpoint(
        organisation=organisation,
        form=EndpointForm.WEBHOOK,
        secret=signing.locked(secret),
        sandbox=sandbox,
    )
    _fill(made, name=name, url=url, kinds=kinds)
    made.save()
    audit.record("endpoint.opened", made, actor=actor, name=made.name, url=made.url)
    return made, secret


@transaction.atomic
def postback_open(
    *,
    actor: User,
    organisation: str,
    name: str,
    url: str,
    kinds: Sequence[str],
    method: str = HttpMethod.GET,
    only: str = "",
    sandbox: bool = False,
) -> Endpoint:
    """A tracker's address with macros; `only`: "site:7" or "zone:12" of the affiliate's own, or
    everything. A sandbox's hears of invented orders only. Raises Invalid with the field, NotAllowed
    beyond MOST."""
    _standing(organisation)
    _room(organisation)
    made = Endpoint(organisation=organisation, form=EndpointForm.POSTBACK, sandbox=sandbox)
    _fill(made, name=name, url=url, kinds=kinds, method=method, only=only)
    made.save()
    audit.record("endpoint.opened", made, actor=actor, name=made.name, url=made.url)
    return made


@transaction.atomic
def endpoint_change(
    *,
    actor: User,
    endpoint: Endpoint,
    name: str,
    url: str,
    kinds: Sequence[str],
    method: str = HttpMethod.POST,
    only: str = "",
) -> None:
    """From the next message on, those that wait included. Raises Invalid with the field."""
    held = _locked(endpoint)
    _standing(held.organisation)
    before = held.url
    _fill(held, name=name, url=url, kinds=kinds, method=method, only=only)
    held.save()
    audit.record("endpoint.changed", held, actor=actor, name=held.name, url=held.url, before=before)


@transaction.atomic
def secret_rotate(*, actor: User, endpoint: Endpoint) -> str:
    """Another secret, told this once; for a day the one before signs, too. Of three within a day
    the first is forgotten."""
    held = _locked(endpoint)
    if held.form != EndpointForm.WEBHOOK:
        raise WrongState
    secret = signing.secret_new()
    held.secret_before, held.before_until = held.secret, clock.now() + signing.OVERLAP
    held.secret = signing.locked(secret)
    held.save()
    audit.record("endpoint.secret_changed", held, actor=actor, name=held.name)
    return secret


@transaction.atomic
def endpoint_pause(*, actor: User, endpoint: Endpoint) -> None:
    """ON → PAUSED: nothing is sent to it, and what waits has failed. Raises WrongState."""
    held = _locked(endpoint)
    _move(held, EndpointState.PAUSED, EndpointState.ON)
    leave(held)
    audit.record("endpoint.paused", held, actor=actor, name=held.name)


@transaction.atomic
def endpoint_resume(*, actor: User, endpoint: Endpoint) -> None:
    """PAUSED, DEAD → ON: from now on. What it missed is sent if somebody asks for it."""
    held = _locked(endpoint)
    _standing(held.organisation)
    held.failing_since = None
    _move(held, EndpointState.ON, EndpointState.PAUSED, EndpointState.DEAD)
    audit.record("endpoint.resumed", held, actor=actor, name=held.name)


@transaction.atomic
def endpoint_drop(*, actor: User, endpoint: Endpoint) -> None:
    """It goes, with all that was sent to it."""
    held = _locked(endpoint)
    audit.record("endpoint.dropped", held, actor=actor, name=held.name, url=held.url)
    held.delete()


@transaction.atomic
def endpoint_try(*, endpoint: Endpoint, kind: str = "") -> Delivery:
    """A message with invented figures, marked as a test, on the road of all others.

    Raises WrongState unless it is on, or above TESTS_AN_HOUR; Invalid for an event that it does not
    hear of.
    """
    held = _locked(endpoint)
    _on(held)
    _seldom(held, "tests", TESTS_AN_HOUR)
    kind = kind or held.kinds[0]
    if kind not in held.kinds:
        raise Invalid(_("Choose one of the list."), field="kind")
    data = {**sample_of(kind, side_of(held.organisation)), "test": True}
    made = Delivery.objects.create(endpoint=held, kind=kind, body=body(kind, data))
    wake()
    return made


@transaction.atomic
def delivery_repeat(*, actor: User, delivery: Delivery) -> None:
    """Once more, from the beginning of the schedule, under the same id. Raises WrongState while it
    waits anyway, its endpoint is off, or above REPEATS_AN_HOUR."""
    held = _locked(delivery.endpoint)
    _on(held)
    _seldom(held, "repeats", REPEATS_AN_HOUR)
    over = Delivery.objects.filter(pk=delivery.pk).exclude(state=DeliveryState.WAITING)
    if not over.update(state=DeliveryState.WAITING, attempts=0, due_at=clock.now()):
        raise WrongState
    audit.record("endpoint.repeated", held, actor=actor, count=1)
    wake()


@transaction.atomic
def events_replay(*, actor: User, endpoint: Endpoint, since: datetime) -> tuple[int, bool]:
    """What it did not take since then, because it failed or the endpoint was off: once more, the
    oldest first, REPLAYED at most. How many, and whether there are more to ask for.

    Raises WrongState if the endpoint is off, or above REPLAYS_AN_HOUR.
    """
    held = _locked(endpoint)
    _on(held)
    _seldom(held, "replays", REPLAYS_AN_HOUR)
    missed = held.deliveries.filter(
        state__in=(DeliveryState.FAILED, DeliveryState.MISSED), created_at__gte=since
    )
    found = list(missed.order_by("created_at", "pk").values_list("pk", flat=True)[: REPLAYED + 1])
    rows = Delivery.objects.filter(pk__in=found[:REPLAYED])
    count = rows.update(state=DeliveryState.WAITING, attempts=0, due_at=clock.now())
    if count:
        audit.record("endpoint.repeated", held, actor=actor, count=count)
        wake()
    return count, len(found) > REPLAYED


def deliveries_forget() -> None:
    """What was sent is kept for thirty days."""
    old = Delivery.objects.filter(created_at__lt=clock.now() - KEPT).order_by("pk")
    while pks := list(old.values_list("pk", flat=True)[:FORGOTTEN]):
        Delivery.objects.filter(pk__in=pks).delete()


# --- Parts ----------------------------------------------------------------------------------------


def _locked(endpoint: Endpoint) -> Endpoint:
    return Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)


def _standing(organisation: str) -> None:
    """Raises WrongState for a team that is frozen or closed."""
    teams = Affiliate.objects if side_of(organisation) == Side.AFFILIATE else Merchant.objects
    state = teams.filter(pk=key_of(organisation)).values_list("state", flat=True).first()
    if state in OFF:
        raise WrongState(OFF[state], state=state)


def _on(endpoint: Endpoint) -> None:
    """Something can be sent to it."""
    _standing(endpoint.organisation)
    if endpoint.state != EndpointState.ON:
        raise WrongState(_("It is switched off: switch it on first."))


def _seldom(held: Endpoint, what: str, most: int) -> None:
    if tries.count(f"endpoint:{what}:{held.organisation}", 3600) > most:
        raise WrongState(_("Those were many in a short time. Try again in an hour."))


def _move(held: Endpoint, to: EndpointState, *sources: EndpointState) -> None:
    if held.state not in sources:
        raise WrongState
    held.state, held.off_at = to, None if to == EndpointState.ON else clock.now()
    held.save(update_fields=["state", "off_at", "failing_since"])


def _room(organisation: str) -> None:
    if Endpoint.objects.filter(organisation=organisation).count() >= MOST:
        raise NotAllowed(_("These are all that you can have: remove one that you do not need."))


def _fill(
    endpoint: Endpoint,
    *,
    name: str,
    url: str,
    kinds: Sequence[str],
    method: str = HttpMethod.POST,
    only: str = "",
) -> None:
    side = side_of(endpoint.organisation)
    offered = kinds_for(side, endpoint.form)
    endpoint.name = name.strip()[:60]
    endpoint.kinds = [kind for kind in offered if kind in kinds]
    if not endpoint.name:
        raise Invalid(_("Give it a name."), field="name")
    if not endpoint.kinds or len(endpoint.kinds) != len(set(kinds)):
        raise Invalid(_("Choose at least one of the list."), field="kinds")
    if len(url) > 2000:
        raise Invalid(_("This address is too long."), field="url")
    if endpoint.form == EndpointForm.POSTBACK:
        endpoint.url, endpoint.method = macros.checked(url), _method(method)
        endpoint.only = _own(only, key_of(endpoint.organisation))
        return
    try:
        parts = outbound.check(url)
    except outbound.NotFetched as refusal:
        raise Invalid(refusal.message, field="url") from refusal
    if parts.fragment:
        raise Invalid(outbound.Trouble.ADDRESS.label, field="url")
    endpoint.url = url.strip()


def _method(method: str) -> str:
    if method not in HttpMethod.values:
        raise Invalid(_("Choose one of the list."), field="method")
    return method


def _own(only: str, affiliate_pk: int) -> str:
    """A place of the affiliate's, or none."""
    kind, _colon, number = only.partition(":")
    if not only:
        return ""
    zones = AdZone.objects.filter(site__affiliate=affiliate_pk)
    places = {"zone": "pk", "site": "site"}
    if kind not in places or not number.isdecimal() or len(number) > 18:
        raise Invalid(_("Choose one of the list."), field="only")
    if not zones.filter(**{places[kind]: int(number)}).exists():
        raise Invalid(_("Choose one of the list."), field="only")
    return f"{kind}:{int(number)}"
