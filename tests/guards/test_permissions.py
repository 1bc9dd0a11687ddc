"""URL × person: the table in permissions.toml holds for every URL, and names every URL."""

import tomllib
from collections.abc import Iterator
from copy import copy
from pathlib import Path

import pytest
from django.contrib.auth.backends import ModelBackend
from django.http import HttpResponse
from django.template.backends.django import Template
from django.template.response import SimpleTemplateResponse
from django.test import Client

from alliance.desk_site import Desk
from tests.desk.world import World, world_make
from tests.guards.routes import routes

TABLE = tomllib.loads((Path(__file__).parent / "permissions.toml").read_text())
PEOPLE = (
    "anonymous", "affiliate", "merchant", "norole",
    "ops", "risk", "finance", "support", "auditor", "administrator",
)  # fmt: skip
OBJECT = "<path:object_id>/"


def _desk() -> Iterator[tuple[str, set[str]]]:
    """The rows of [desk], one for each URL that they stand for."""
    for table, row in TABLE["desk"].items():
        base = f"admin/{table}/"
        see = {"administrator", *row["see"].split()}
        yield base, see
        yield f"{base}{OBJECT}history/", see
        yield f"{base}{OBJECT}change/", see
        # The bare address only leads on to …/change/, which refuses by itself.
        yield f"{base}{OBJECT}", set(PEOPLE) - {"anonymous", "affiliate", "merchant"}
        yield f"{base}{OBJECT}delete/", set()
        adders = row.get("add")
        yield f"{base}add/", set() if adders is None else {"administrator", *adders.split()}
        for name in row.keys() - {"see", "save", "add"}:
            own = f"{base}{name}/" if f"{base}{name}/" in ROUTES else f"{base}{OBJECT}{name}/"
            yield own, {"administrator", *row[name].split()}


ROUTES = set(routes())
ALLOWED = {route: set(may.split()) for route, may in TABLE["routes"].items()} | dict(_desk())
# Pages that only show differ by their last part; what is left changes something.
DEEDS = {r for r in ROUTES if not r.endswith(("/history/", "/change/", OBJECT)) and r in ALLOWED}
COVERED = {route for route in ROUTES if route.startswith(tuple(TABLE["covered"]))}


def test_every_covered_url_has_a_row():
    assert COVERED - ALLOWED.keys() == set()


def test_every_row_has_its_url():
    assert ALLOWED.keys() - ROUTES == set()


def test_rows_name_people_who_exist():
    assert set().union(*ALLOWED.values()) <= set(PEOPLE)


def _address(route: str, world: World) -> str:
    """A real address for the route, about an object of the world."""
    if route.startswith("admin/^(?P<app_label>"):
        return "/admin/merchants/"
    if route == "admin/(?P<url>.*)$":
        return "/admin/nothing/here/"
    route = route.replace("<path:content_type_id>", "1")
    if "<path:object_id>" in route:
        label = ".".join(route.split("/")[1:3])
        thing = world.things.get(label)
        route = route.replace("<path:object_id>", str(thing.pk if thing else 1))
    assert "<" not in route, f"tell _address what to put into {route}"
    return f"/{route}"


def _got_in(response: HttpResponse) -> bool:
    if response.status_code in (301, 302):
        return "/login/" not in response["Location"]
    return response.status_code == 200


@pytest.fixture
def world(db) -> World:
    return world_make()


def _browsers(world: World) -> Iterator[tuple[str, Client]]:
    for person in PEOPLE:
        client = Client()
        if user := world.people[person]:
            client.force_login(user)
        yield person, client


def test_who_gets_in_where(world, monkeypatch, caplog, settings):
    """GET for all; a deed takes no POST from those who may not do it either."""
    # Thousands of requests: their sessions ask nobody.
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    people = {user.pk: user for user in world.people.values() if user}
    monkeypatch.setattr(ModelBackend, "get_user", lambda _backend, pk: copy(people[int(pk)]))
    # Who gets in is decided before anything is drawn; tests/desk looks at what is drawn.
    monkeypatch.setattr(Template, "render", lambda *_args, **_kwargs: "")
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")
    monkeypatch.setattr(Desk, "each_context", lambda _site, _request: {})
    caplog.set_level("CRITICAL", logger="django.request")  # thousands of refusals are not news
    # These two end or begin what is tested here.
    tested = sorted(COVERED - {"admin/logout/", "admin/login/"})
    wrong = []
    for person, client in _browsers(world):
        for route in tested:
            may, address = person in ALLOWED[route], _address(route, world)
            methods = [client.get, client.post] if route in DEEDS and not may else [client.get]
            wrong += [
                f"{method.__name__} {route} should {'' if may else 'not '}let {person} in"
                for method in methods
                if _got_in(method(address)) != may
            ]
    assert wrong == []


def test_who_may_save_a_form(world):
    """A form of the desk takes nothing from those who may only look."""
    wrong = []
    for person, client in _browsers(world):
        for table, row in TABLE["desk"].items():
            may = "save" in row and person in {"administrator", *row["save"].split()}
            address = _address(f"admin/{table}/{OBJECT}change/", world)
            if _got_in(client.post(address, {})) != may:
                wrong.append(f"{address} {person}")
    assert wrong == []
