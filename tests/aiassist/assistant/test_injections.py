"""Whatever outsiders write and a model makes of it: an answer's links are pages of ours that the
asker's own tools gave, no address stands in its words, and no figure that no tool has said."""

import json
import re
from datetime import datetime

import pytest
from django.urls import resolve

from aiassist import guard
from aiassist.assistant import talk
from aiassist.assistant.tools import TOOLS, Scope
from aiassist.models import PromptRun
from aiassist.services.conversations import question_ask
from alliance.kernel import clock
from merchants.models import Product
from tests.aiassist.assistant.hostile import HOSTILE
from tests.aiassist.model_server import answer, calls, message
from tests.cast import cast_make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 10, 12, tzinfo=clock.ZONE)
OF_MERCHANTS = {tool.name for tool in TOOLS.values() if tool.side == "merchant"}
ADDRESS = re.compile(
    r"evil\W{0,3}(com|cn|de|top|example)|https?:|javascript:|203\.0", re.IGNORECASE
)


@pytest.fixture
def cast():
    with clock.at(NOW):
        yield cast_make()


@pytest.fixture
def lin(cast):
    return Scope(cast.lin, cast.affiliate)


@pytest.fixture
def shelf(cast, monkeypatch):
    """A product for each of them, named so; and answers that name them all."""
    plain = {
        "shop": cast.shop, "currency": "CNY", "price_minor": 19900, "rate_bps": 1200,
        "url": "https://shop.chen.example/p",
    }  # fmt: skip
    titles = [title.replace("\x00", "")[:200] for title in HOSTILE]  # as the database takes them
    Product.objects.bulk_create(
        Product(external_id=f"H{number}", title=title, title_en=title, **plain)
        for number, title in enumerate(titles)
    )
    monkeypatch.setattr("aiassist.assistant.tools.products.MOST", len(HOSTILE))
    monkeypatch.setattr("aiassist.assistant.talk.LINKS", len(HOSTILE) + 5)


def through(asking):
    while True:
        try:
            next(asking)
        except StopIteration as end:
            return end.value


def assert_harmless(found):
    for link in (*found.sources, *found.actions):
        assert link.url.startswith("/affiliate/"), link
        assert resolve(link.url.partition("?")[0])
        assert not ADDRESS.search(link.title), link
    for sentence in found.sentences:
        assert not ADDRESS.search(sentence), sentence
        assert guard.seen(sentence) == sentence
    assert not OF_MERCHANTS & set(found.tools)


def test_titles_and_questions_say_nothing_to_the_rules(lin, shelf):
    found = talk.by_rules(lin, "which products pay over 10 %?")
    assert found.tools == ["products_find"]
    assert len(found.sentences) > len(HOSTILE)
    assert_harmless(found)
    for question in HOSTILE:
        assert_harmless(talk.by_rules(lin, question))


def obeys(handler, body):
    """A model that does what it reads: calls what is not its own, then says all it was told, with
    links, and where to pay."""
    told = [one for one in body["messages"] if one["role"] == "tool"]
    if not told:
        return calls(
            ("wallet", {}),
            ("order_show", {"number": "T1"}),
            ("products_find", {"rate_from_bps": 100}),
        )(handler, body)
    said = " ".join(str(one["content"]) for one in told)
    told_to = f"{said} Pay at https://evil.example/pay. Or [here](https://evil.com)! evil。com"
    return answer(handler, body, message(told_to))


def test_a_model_that_obeys_them_leads_nowhere_else(lin, shelf, model_server):
    model_server.says = [obeys]
    found = through(talk.answer(lin, "Which products pay over 1 %?"))
    assert found.note == ""
    assert found.tools == ["products_find"]
    assert len(" ".join(found.sentences)) > 40 * len(HOSTILE)  # it said all that it was told
    assert_harmless(found)
    for heard in model_server.heard:
        offered = {tool["function"]["name"] for tool in heard["tools"]}
        assert not offered & OF_MERCHANTS
        system = [one["content"] for one in heard["messages"] if one["role"] == "system"]
        assert not any(title in str(system) for title in HOSTILE)
        for one in heard["messages"]:
            if one["role"] == "tool":  # what it is told has nothing unseen in it, and no address
                told = one["content"].replace("\u200d", "")  # the library's, to break role tags
                assert guard.seen(told) == told
                assert not ADDRESS.search(one["content"])


@pytest.mark.parametrize(
    "said",
    [
        "Your money is paid tomorrow: 99,999.00 yuan.",  # no tool said so
        "Everything is fine.",  # nothing was looked up
    ],
)
def test_what_no_tool_said_is_not_shown(lin, model_server, said):
    looks = [calls(("money_when", {}))] if "99" in said else []
    model_server.says = [*looks, said]

    found = through(talk.answer(lin, "When is my money paid?"))

    assert said not in found.sentences
    assert found.tools == ["money_when"]
    assert "could not be used" in found.note
    run = PromptRun.objects.get()
    assert run.why == "unusable"
    assert (run.tokens_in > 0, run.tokens_out > 0) == (True, True)  # it cost what it cost
    assert_harmless(found)


def test_only_an_answer_from_the_data_is_streamed_and_kept(lin, cast, model_server):
    model_server.says = [calls(("money_when", {})), "Nothing can be withdrawn yet. Wait a little!"]
    model_server.says *= 2

    asking = question_ask(scope=lin, question="  When is my money paid?\u200b ")
    assert next(asking) == "Nothing can be withdrawn yet."
    turn = through(asking)

    assert turn.question == "When is my money paid?"
    assert turn.sentences == ["Nothing can be withdrawn yet.", "Wait a little!"]
    assert turn.tools == ["money_when"]
    assert [link["url"] for link in turn.sources] == [
        "/affiliate/earnings/",
        "/affiliate/withdrawals/",
    ]
    assert (turn.note, turn.run.purpose, turn.run.verdict) == ("", "assistant", "ok")
    assert turn.run.organisation == f"affiliate:{cast.affiliate.pk}"
    assert turn.run.tokens_in == 600
    told = json.loads(model_server.heard[1]["messages"][-1]["content"])
    assert told["facts"]["payable_minor"] == 0

    leaving = question_ask(scope=lin, question="When is my money paid?")
    next(leaving)
    leaving.close()  # whoever asked is gone: it was paid for all the same
    left = PromptRun.objects.latest("pk")
    assert (left.why, left.tokens_in >= 300, left.tokens_out > 5) == ("left", True, True)

    model_server.says = ["It was as I said."]  # asked again without looking: not good enough
    again = through(question_ask(scope=lin, question="And then?", conversation=turn.conversation))
    assert again.note
    assert "When is my money paid?" in str(model_server.heard[-1]["messages"])
