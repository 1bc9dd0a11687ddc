"""The assistant's room: asked by a form or by a stream, one's own, and gone when one says so."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from affiliates.models import AffiliateMember
from aiassist.models import Conversation, Turn
from alliance.kernel.models import MemberRole
from tests.aiassist.model_server import calls, fault_of, stream
from tests.cast import cast_make, user_make

pytestmark = pytest.mark.django_db
ROOM = "/affiliate/assistant/"


@pytest.fixture
def cast():
    return cast_make()


@pytest.fixture
def lin(cast):
    client = Client()
    client.force_login(cast.lin)
    return client


def ask(client, question, room=ROOM, **headers):
    return client.post(room, {"question": question}, headers=headers)


def test_one_asks_is_answered_with_sources_and_goes_on(cast, lin):
    page = lin.get(ROOM).content.decode()
    assert "When is my money paid?" in page  # what can be asked
    assert "js/assistant.js" not in page  # nothing comes piece by piece without a model

    answered = ask(lin, "When is my money paid?")
    conversation = Conversation.objects.get()
    address = f"{ROOM}{conversation.pk}/"
    assert answered["Location"] == f"{address}#turn-{conversation.turns.get().pk}"
    page = lin.get(address).content.decode()
    assert "can be withdrawn now" in page
    assert f'href="{reverse("commissions:earnings")}"' in page

    ask(lin, "<b>which</b> products pay over 5 %?", address)
    page = lin.get(address).content.decode()
    assert "&lt;b&gt;which" in page
    assert reverse("affiliates:product", args=[cast.product.pk]) in page
    assert Turn.objects.count() == 2
    assert ask(lin, "  \u200b ").status_code == 400


def test_what_is_not_understood_is_answered_with_questions_to_press(cast, lin):
    said = lin.get(ask(lin, "hello")["Location"]).content.decode()

    assert "I did not understand that" in said
    assert 'name="question" value="When is my money paid?"' in said
    assert "618-2001" not in said  # nobody has such an order


def test_merchants_have_the_same_room(cast):
    chen = Client()
    chen.force_login(cast.chen)
    answered = ask(chen, "How long does my wallet last?", "/merchant/assistant/")
    assert "is in the wallet" in chen.get(answered["Location"]).content.decode()
    assert chen.get(f"{ROOM}").status_code == 302  # not an affiliate
    assert ask(chen, "When is my money paid?", "/merchant/assistant/").status_code == 302
    assert Turn.objects.latest("pk").tools == []  # that is no merchant's question


def test_conversations_are_ones_own_and_go_for_good(cast, lin):
    ask(lin, "When is my money paid?")
    address = f"{ROOM}{Conversation.objects.get().pk}/"
    viewer = user_make()
    AffiliateMember.objects.create(user=viewer, affiliate=cast.affiliate, role=MemberRole.VIEWER)
    colleague = Client()
    colleague.force_login(viewer)

    assert colleague.get(address).status_code == 404
    assert ask(colleague, "And mine?", address).status_code == 404
    assert colleague.post(f"{address}forget/").status_code == 404
    assert (
        ask(colleague, "What should I promote?").status_code == 302
    )  # reading is for viewers, too
    assert Conversation.objects.count() == 2

    assert lin.post(f"{address}forget/")["Location"] == ROOM
    assert lin.get(address).status_code == 404
    assert not Turn.objects.filter(conversation__user=cast.lin).exists()


def test_only_so_many_are_asked_and_kept(lin, monkeypatch):
    monkeypatch.setattr("aiassist.services.conversations.AN_HOUR", 3)
    monkeypatch.setattr("aiassist.services.conversations.KEPT", 2)
    for _time in range(3):
        assert ask(lin, "What is there to do?").status_code == 302
    assert Conversation.objects.count() == 2
    assert ask(lin, "What is there to do?").status_code == 429


def test_an_answer_is_streamed_a_sentence_at_a_time(cast, lin, model_server):
    assert "js/assistant.js" in lin.get(ROOM).content.decode()
    model_server.says = [calls(("order_explain", {"number": "T9"})), "Nobody knows it. Wait."]

    answered = ask(lin, "Why was order T9 not mine?", Accept="application/x-ndjson")
    lines = [json.loads(line) for line in answered.streaming_content]

    assert lines[:2] == [{"sentence": "Nobody knows it."}, {"sentence": "Wait."}]
    assert "Where is my order?" in lines[2]["turn"]
    assert lines[2]["page"].startswith(f"{ROOM}{Conversation.objects.get().pk}/#turn-")

    model_server.says = [fault_of(500)]
    answered = ask(lin, "When is my money paid?", Accept="application/x-ndjson")
    (last,) = [json.loads(line) for line in answered.streaming_content]
    assert "can be withdrawn now" in last["turn"]
    assert "it has a fault at the moment" in last["turn"]


def test_half_a_stream_is_taken_back(cast, lin, model_server):
    def breaks(handler, body):
        said = {"content": "Nothing can be withdrawn. But then somebody came and"}
        stream(handler, said, breaks_after=7)

    model_server.says = [calls(("money_when", {})), breaks]
    answered = ask(lin, "When is my money paid?", Accept="application/x-ndjson")
    lines = [json.loads(line) for line in answered.streaming_content]

    assert "can be withdrawn now" in lines[-1]["turn"]
    turn = Turn.objects.get()
    assert turn.note
    assert "Nothing can be withdrawn." not in turn.sentences
