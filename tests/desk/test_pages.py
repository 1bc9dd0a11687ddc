"""Every page of the desk is drawn, in every language."""

from collections.abc import Iterator

import pytest

from tests.desk.world import MODELS, World
from tests.guards.routes import routes


def test_every_table_of_the_desk_is_known_to_these_tests(world):
    assert {model._meta.label_lower for model in MODELS} <= set(world.things)


def desk_pages(world: World) -> Iterator[str]:
    for route in sorted(set(routes())):
        parts = route.split("/")
        thing = world.things.get(".".join(parts[1:3])) if parts[0] == "admin" else None
        if thing:
            yield "/" + route.replace("<path:object_id>", str(thing.pk))


@pytest.mark.parametrize("language", ["en", "de", "zh-hans"])
def test_every_page_is_drawn(world, as_, language):
    client = as_("administrator")
    answers = {
        page: client.get(page, headers={"accept-language": language}).status_code
        for page in ["/admin/", *desk_pages(world)]
    }

    # Adding and deleting are refused (403); a decision that does not apply leads back (302).
    odd = {page: code for page, code in answers.items() if code not in (200, 302, 403)}
    assert odd == {}
    assert len(answers) > 150
    refused = [page for page, code in answers.items() if code == 403]
    assert {page.rstrip("/").rpartition("/")[2] for page in refused} == {"add", "delete"}
