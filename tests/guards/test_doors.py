"""Every URL outside the desk × who comes: a new URL without a row here fails.

The desk's own table is permissions.toml. Here the rule follows from the room: an affiliate's pages
are its members', a merchant's its members', and another's object is not there at all.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db.models import Model
from django.test import Client
from rest_framework.test import APIClient

from affiliates.models import Channel
from affiliates.services import (
    affiliate_apply,
    event_draft,
    event_join,
    event_open,
    event_publish,
)
from aiassist.assistant.tools import Scope
from aiassist.models import Conversation, CopyRun, CopyVariant, PlannedPost
from aiassist.services.copies import copy_run_begin, copy_run_go_on
from aiassist.services.odds import odds_make
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from alliance.kernel.models import ApiKey, Endpoint, Notification
from alliance.takeout.models import Takeout
from alliance.takeout.services import takeout_ask
from commissions.services.api_apps import api_app_make, api_session_open
from commissions.services.endpoints import endpoint_try, webhook_open
from merchants.models import Event, Product
from merchants.services.bulk import Wish, bulk_begin, bulk_look
from merchants.services.merchants import merchant_apply, merchant_approve
from tests.cast import user_make
from tests.desk.world import World, world_make
from tests.guards.routes import routes

PUBLIC = {
    "hooks/<str:token>", "statements/keys/", "statements/verify_statement.py",
    "router/rest", "g/<str:token>", "g/c/<str:token>", "g/e/<str:token>",  # signed
    "takeout/verify_takeout.py", "oauth/token",
    "", "r/<str:code>", "s/<str:code>", "code/", "health/live", "health/ready",
    "language/", "start/",
    "api/v1/schema", "api/docs/", "api/errors/", "api/v1/^[\\s\\S]*$",
    "demo/pictures/<slug:code>.svg", "demo/shop/<slug:code>/", "demo/shop/<slug:code>/buy/",
    "demo/orders/<slug:number>/",
    "w/<str:code>", "embed/<str:name>",  # in pages of others
    "feeds/<str:token>", "unsubscribe/<str:token>/", "calendar/<str:token>.ics",  # their key
}  # fmt: skip
SIGNED_IN = {
    "affiliate/join/", "merchant/join/", "notifications/", "notifications/read/",
    "notifications/settings/", "notifications/<int:pk>/", "search/",
    "teams/", "teams/choose/", "oauth/authorize",
}  # fmt: skip
API = {
    "api/v1/orders", "api/v1/orders/bulk", "api/v1/orders/<path:external_id>",
    "api/v1/conversions", "api/v1/me", "api/v1/changes",
    "api/v1/catalogue", "api/v1/catalogue/<int:pk>", "api/v1/zones", "api/v1/links",
    "api/v1/links/bulk", "api/v1/links/<str:code>", "api/v1/commissions",
    "api/v1/commissions/<int:pk>", "api/v1/balances", "api/v1/reports/earnings",
    "api/v1/reports/clicks", "api/v1/reports/sales", "api/v1/products", "api/v1/products/bulk",
    "api/v1/products/<path:external_id>", "api/v1/coupons", "api/v1/wallet",
    "api/v1/wallet/lines", "api/v1/sandbox/orders", "api/v1/webhooks",
    "api/v1/webhooks/<int:pk>",
    "api/v1/webhooks/<int:pk>/pause", "api/v1/webhooks/<int:pk>/resume",
    "api/v1/webhooks/<int:pk>/secret", "api/v1/webhooks/<int:pk>/test",
    "api/v1/webhooks/<int:pk>/replay", "api/v1/webhooks/<int:pk>/deliveries",
    "api/v1/webhooks/<int:pk>/deliveries/<int:delivery>",
    "api/v1/webhooks/<int:pk>/deliveries/<int:delivery>/redeliver", "mcp",
}  # fmt: skip
# What a number in a route of the room stands for, by the route's beginning.
OBJECTS = {
    "notifications/": "the first notification",
    "affiliate/products/": "merchants.product",
    "affiliate/links/": "affiliates.link",
    "affiliate/sites/": "affiliates.site",
    "affiliate/feeds/": "affiliates.feed",
    "affiliate/widgets/": "affiliates.widget",
    "affiliate/keys/": "the affiliate's key",
    "affiliate/plans/": "the targeted plan",
    "affiliate/plans/places/": "affiliates.planmember",
    "affiliate/events/": "the published event",
    "affiliate/products/baskets/": "affiliates.basket",
    "affiliate/channels/": "as whose channel the affiliate is recorded",
    "affiliate/channels/codes/": "affiliates.invitercode",
    "affiliate/campaigns/": "the affiliate's campaign",
    "affiliate/coupons/": "campaigns.couponstock",
    "affiliate/coupons/of/": "merchants.product",
    "affiliate/orders/": "commissions.commission",
    "affiliate/partners/": "the affiliate's relation",
    "affiliate/partners/invitations/": "affiliates.invitation",
    "affiliate/webhooks/": "the affiliate's endpoint",
    "affiliate/webhooks/messages/": "the affiliate's message",
    "affiliate/violations/": "commissions.violation",
    "affiliate/violations/evidence/": "commissions.evidence",
    "affiliate/statements/": "commissions.statement",
    "affiliate/apps/": "the affiliate's app",
    "affiliate/takeout/": "the affiliate's archive",
    "merchant/takeout/": "the merchant's archive",
    "affiliate/apps/sessions/": "the affiliate's session",
    "affiliate/planner/": "the affiliate's post",
    "affiliate/assistant/": "the affiliate's conversation",
    "affiliate/copy/": "the affiliate's text",
    "affiliate/copy/many/": "the affiliate's texts",
    "merchant/campaigns/": "campaigns.campaign",
    "merchant/campaigns/products/": "campaigns.slateitem",
    "merchant/products/": "merchants.product",
    "merchant/products/bulk/": "the merchant's bulk edit",
    "merchant/plans/": "merchants.plan",
    "merchant/plans/<int:pk>/members/": "the targeted plan",
    "merchant/plans/<int:pk>/rule/": "the targeted plan",
    "merchant/plans/members/": "affiliates.planmember",
    "merchant/events/": "the open event",
    "merchant/coupons/": "merchants.coupon",
    "merchant/codes/": "affiliates.codebinding",
    "merchant/agreements/intermediations/": "affiliates.intermediation",
    "merchant/agreements/subsidies/": "campaigns.subsidy",
    "merchant/autopilot/decisions/": "aiassist.autopilotdecision",
    "merchant/imports/": "merchants.importrun",
    "merchant/imports/feeds/": "merchants.shop",
    "merchant/settings/shops/": "merchants.shop",
    "merchant/settings/members/": "merchants.merchantmember",
    "merchant/settings/keys/": "kernel.apikey",
    "merchant/settings/webhooks/": "the merchant's endpoint",
    "merchant/settings/webhooks/messages/": "the merchant's message",
    "merchant/orders/refunds/": "merchants.refund",
    "merchant/orders/import/": "merchants.importrun",
    "merchant/orders/": "merchants.order",
    "merchant/invoices/": "commissions.invoice",
    "merchant/statements/": "the merchant's statement",
    "merchant/assistant/": "the merchant's conversation",
}
# Every affiliate may promote every product and event, apply for every plan, and share the coupons
# that are for all; every merchant may enrol.
EVERYONES = {
    "affiliate/products/<int:pk>/",
    "affiliate/products/<int:pk>/copy/",
    "affiliate/products/<int:pk>/dismiss/",
    "affiliate/coupons/of/<int:pk>/",
    "affiliate/coupons/<int:pk>/link/",
    "affiliate/plans/<int:pk>/",
    "affiliate/plans/<int:pk>/apply/",
    "affiliate/events/<int:pk>/",
    "merchant/events/<int:pk>/",
}

SITE = [route for route in routes() if not route.startswith(("admin/", "accounts/", "demo/"))]
ROOMS = [route for route in SITE if route not in PUBLIC | SIGNED_IN | API]


def test_every_url_belongs_to_a_room():
    assert [r for r in ROOMS if not r.startswith(("affiliate/", "merchant/"))] == []


def test_every_object_in_a_url_is_known_here():
    unknown = [r for r in ROOMS if "<int:pk>" in r and not _label(r)]
    assert unknown == []


def _label(route: str) -> str:
    fitting = [start for start in OBJECTS if route.startswith(start)]
    return OBJECTS[max(fitting, key=len)] if fitting else ""


def address(route: str, world: World) -> str:
    if "<int:pk>" in route:
        label = _label(route)
        thing = ASKED[label](world) if label in ASKED else world.things[label]
        route = route.replace("<int:pk>", str(thing.pk))
    return "/" + re.sub(r"\^(\w+/\w+/)\(.*\)/\$", r"\1mkt/", route)


def _endpoint(side: str) -> Endpoint:
    return Endpoint.objects.filter(organisation__startswith=side).first()


def _conversation(user, whom) -> Conversation:
    organisation = Scope(user, whom).organisation
    return Conversation.objects.get_or_create(user=user, organisation=organisation)[0]


def _post(world: World) -> PlannedPost:
    cast, later = world.cast, clock.now() + timedelta(days=1)
    made, _new = PlannedPost.objects.get_or_create(
        affiliate=cast.affiliate,
        defaults={"zone": cast.zone, "product": cast.product, "at": later, "channel": "web"},
    )
    return made


def _recording(world: World) -> Channel:
    mine, relation = world.cast.affiliate, world.cast.affiliate.partnerships.first()
    other = relation.partner if relation.affiliate == mine else relation.affiliate
    facts = {"affiliate": other, "kind": 1, "publisher": mine}
    return Channel.objects.get_or_create(**facts, defaults={"name": mine.name})[0]


def _archive(side: str) -> Takeout:
    return Takeout.objects.get(organisation__startswith=side)


# What the world has no name for, found when a route asks for it.
ASKED: dict[str, Callable[[World], Model]] = {
    "the affiliate's campaign": lambda world: world.cast.affiliate.awards.get().campaign,
    "the affiliate's key": lambda _: ApiKey.objects.get(organisation__startswith="affiliate:"),
    "the affiliate's app": lambda world: world.cast.affiliate.api_apps.first(),
    "the affiliate's session": lambda world: world.cast.affiliate.api_sessions.first(),
    "the affiliate's relation": lambda world: world.cast.affiliate.partnerships.first(),
    "affiliates.invitation": lambda world: world.cast.affiliate.invitations.first(),
    "merchants.merchantmember": lambda world: world.cast.merchant.members.get(),
    "the targeted plan": lambda world: world.things["affiliates.planmember"].plan,
    "the open event": lambda _: Event.objects.get(state="enrolling"),
    "the published event": lambda _: Event.objects.get(state="published"),
    "the first notification": lambda _: Notification.objects.earliest("pk"),
    "the merchant's bulk edit": lambda world: world.cast.merchant.bulk_edits.first(),
    "the merchant's statement": lambda world: world.cast.merchant.statements.get(),
    "the affiliate's endpoint": lambda _: _endpoint("affiliate"),
    "the merchant's endpoint": lambda _: _endpoint("merchant"),
    "the affiliate's message": lambda _: _endpoint("affiliate").deliveries.first(),
    "the merchant's message": lambda _: _endpoint("merchant").deliveries.first(),
    "the affiliate's conversation": lambda world: _conversation(
        world.cast.lin, world.cast.affiliate
    ),
    "the merchant's conversation": lambda world: _conversation(
        world.cast.chen, world.cast.merchant
    ),
    "the affiliate's post": _post,
    "as whose channel the affiliate is recorded": _recording,
    "the affiliate's archive": lambda _: _archive("affiliate"),
    "the affiliate's text": lambda _: CopyVariant.objects.first(),
    "the affiliate's texts": lambda _: CopyRun.objects.first(),
    "the merchant's archive": lambda _: _archive("merchant"),
}


@pytest.fixture
def world(db, settings) -> World:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    return furnished()


def furnished() -> World:
    """With something of everything that a room has a page for."""
    made = world_make()
    events_make(made)
    copies_make(made)
    bulk_make(made)
    issue = {"organisation": f"affiliate:{made.cast.affiliate.pk}", "name": "Bot", "scopes": []}
    api_key_issue(actor=made.cast.lin, **issue)
    made.cast.affiliate.kind = "channel"  # who has a page of channels
    made.cast.affiliate.save()
    app_make(made)
    endpoints_make(made)
    task = made.cast.publish(made.cast.campaign("guaranteed_task"))
    odds_make(campaign_pk=task.pk)
    return made


def copies_make(world: World) -> None:
    """A text for the product, by a worker."""
    cast = world.cast
    facts = {"actor": cast.lin, "affiliate": cast.affiliate, "zone": cast.zone}
    run = copy_run_begin(products=[cast.product], channel="web", language="en", **facts)
    copy_run_go_on(run_pk=run.pk)


def app_make(world: World) -> None:
    """A tool of the affiliate's, which may act for it."""
    facts = {"actor": world.cast.lin, "affiliate": world.cast.affiliate}
    api_session_open(app=api_app_make(name="Tool", **facts), **facts)


def endpoints_make(world: World) -> None:
    """One of each side's, with a message; and an archive that each has asked for."""
    cast = world.cast
    for actor, team in ((cast.lin, f"affiliate:{cast.affiliate.pk}"),
                        (cast.chen, f"merchant:{cast.merchant.pk}")):  # fmt: skip
        made, _secret = webhook_open(
            actor=actor,
            organisation=team,
            name="Ours",
            url="https://hooks.example/",
            kinds=["commission.settled"],
        )
        endpoint_try(endpoint=made)
        takeout_ask(actor=actor, organisation=team)


def bulk_make(world: World) -> None:
    """The merchant's product was paused, with no other."""
    cast, wish = world.cast, Wish("pause")
    rows = Product.objects.filter(pk=cast.product.pk)
    seen = bulk_look(merchant=cast.merchant, products=rows, wish=wish).mark
    bulk_begin(merchant=cast.merchant, products=rows, wish=wish, seen=seen, actor=cast.chen)


def events_make(world: World) -> None:
    """One that merchants can enrol in, and one that affiliates promote."""
    now, ops = clock.now(), world.people["ops"]
    for name, state in (("Open", "enrolling"), ("Shown", "published")):
        event = event_draft(
            actor=ops,
            name=name,
            least_bps=1_000,
            enrol_until=now + timedelta(days=1),
            starts_at=now + timedelta(days=1),
            ends_at=now + timedelta(days=9),
        )
        event_open(actor=ops, event=event)
        if state == "published":
            event_join(
                actor=world.cast.chen,
                merchant=world.cast.merchant,
                event=event,
                rates={world.cast.product.pk: 1_500},
            )
            event_publish(actor=ops, event=event)


def _client(user) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def _both(client: Client, address: str) -> Iterator[int]:
    for answer in (client.get(address), client.post(address)):
        if answer.status_code in (301, 302):
            yield 302
        else:
            yield answer.status_code


def test_who_is_not_signed_in_gets_into_no_room(world):
    client = _client(None)
    wrong = []
    for route in [*ROOMS, *SIGNED_IN]:
        for answer in (client.get(address(route, world)), client.post(address(route, world))):
            refused = answer.status_code in (405, 403)
            if not refused and "/accounts/login/" not in answer.get("Location", ""):
                wrong.append(route)
    assert wrong == []


def test_staff_get_into_no_room_of_a_partner(world):
    wrong = []
    for who in ("norole", "ops", "finance", "auditor", "administrator"):
        client = _client(world.people[who])
        wrong += [(who, r) for r in ROOMS if 200 in _both(client, address(r, world))]
    assert wrong == []


def test_members_of_one_side_do_not_get_into_the_other(world):
    for user, room in ((world.cast.lin, "merchant/"), (world.cast.chen, "affiliate/")):
        client = _client(user)
        mine = [r for r in ROOMS if r.startswith(room)]
        assert [r for r in mine if 200 in _both(client, address(r, world))] == []


def test_members_open_each_page_of_their_room(world):
    wrong = []
    for user, room in ((world.cast.lin, "affiliate/"), (world.cast.chen, "merchant/")):
        client = _client(user)
        for route in (r for r in ROOMS if r.startswith(room)):
            code = client.get(address(route, world)).status_code
            if code not in (200, 302, 405):
                wrong.append((route, code))
    assert wrong == []


def test_anothers_object_is_not_there_at_all(world):
    """A partner of the same kind, with rooms of their own, asks for the first one's things."""
    other_affiliate, other_merchant = user_make(), user_make()
    affiliate_apply(user=other_affiliate, kind="small", name="Other")
    merchant = merchant_apply(
        user=other_merchant, name="Other", shop_name="Other", domains=["other.example"]
    )
    merchant_approve(merchant=merchant, actor=world.people["ops"])
    wrong = []
    for user, room in ((other_affiliate, "affiliate/"), (other_merchant, "merchant/")):
        client = _client(user)
        for route in (r for r in ROOMS if r.startswith(room) and "<int:pk>" in r):
            codes = set(_both(client, address(route, world)))
            if route not in EVERYONES and not codes <= {404, 405}:
                wrong.append((route, codes))
    assert wrong == []


def test_the_rest_door_wants_a_key(world):
    signed_in = APIClient()
    signed_in.force_login(world.cast.chen)  # a session is no key
    wrong = []
    for address in ("/" + re.sub(r"<\w+:\w+>", "1", route) for route in sorted(API)):
        for client in (APIClient(), signed_in):
            answers = client.get(address), client.post(address, {}, format="json")
            codes = {answer.status_code for answer in answers}
            if not codes <= {401, 403, 405}:
                wrong.append((address, codes))
    assert wrong == []
