"""Whatever a model's server does, `complete` answers, says how that came about and notes it."""

import time

import pytest
from django.db import IntegrityError, InternalError, transaction
from pydantic import BaseModel, Field

from aiassist.models import PromptRun
from aiassist.providers import complete
from tests.aiassist.model_server import answer, calls, fault_of, send

pytestmark = pytest.mark.django_db


class Copy(BaseModel):
    title: str = Field(max_length=40)
    score: int = Field(ge=1, le=9)


OURS = Copy(title="Our own words", score=1)
GOOD = {"title": "Warm coat ❤\ufe0f\u200b", "score": 7}


def ask(facts=None):
    return complete(
        purpose="copy",
        instructions="Write a title.",
        facts=facts or {"title": "Coat"},
        schema=Copy,
        offline=lambda: OURS,
    )


def test_a_model_answers_in_the_form_that_was_asked_for(model_server):
    model_server.says = [GOOD]

    done = ask({"title": "Coat\u202e\U000e0041 " + "x" * 1000, "price": 19900, "tags": ("a", "b")})

    assert done.value == Copy(title="Warm coat ❤", score=7)
    assert done.note == ""
    (heard,) = model_server.heard
    system, user = heard["messages"]
    assert heard["model"] == "tiny"
    assert heard["max_tokens"] == 100
    assert heard["response_format"]["type"] == "json_schema"
    assert "Write a title." in system["content"]
    assert "Coat xxx" in user["content"]  # in JSON, without what nobody sees, and cut
    assert len(user["content"]) < 600
    assert '"tags": ["a", "b"]' in user["content"]
    run = done.run
    assert (run.verdict, run.why, run.model) == ("ok", "", "tiny")
    assert (run.tokens_in, run.tokens_out) == (300, 50)
    assert run.cost_millionths == 300 * 200 + 50 * 800  # 0.1 of a minor unit
    assert run.cost_minor == 1
    assert "sk-secret" not in str(PromptRun.objects.values().get())


@pytest.mark.parametrize("structure", ["tool", "prompt"])
def test_servers_without_schemas_are_asked_in_another_way(model_server, settings, structure):
    settings.LLM["STRUCTURE"] = structure
    model_server.says = [GOOD]
    if structure == "tool":
        model_server.says = [calls(("final_result", GOOD))]

    assert ask().value.score == 7
    assert "json_schema" not in str(model_server.heard[0].get("response_format"))


def test_an_answer_in_the_wrong_form_is_asked_for_once_more(model_server):
    model_server.says = ["{not json", GOOD]

    done = ask()

    assert done.value.score == 7
    assert done.run.verdict == "repaired"
    assert done.run.tokens_in == 600

    model_server.says = ["{not json"]

    assert ask().run.tokens_in == 600  # it cost as much, though it was of no use


def slow(handler, body):
    time.sleep(1.5)


def drips(handler, body):
    """A letter now and then: each arrives in time, and the answer never."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    for _letter in range(15):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def half(handler, body):
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"id": "c-1", "choices": [{"mess')


def refuses(handler, body):
    answer(handler, body, {"role": "assistant", "content": None, "refusal": "I cannot."})


def elsewhere(handler, body):
    send(handler, 307, {}, Location="http://127.0.0.1:1/v1/chat/completions")


@pytest.mark.parametrize(
    ("said", "verdict", "why"),
    [
        (slow, "fell_back", "slow"),
        (drips, "fell_back", "slow"),
        (half, "fell_back", "unreachable"),
        (refuses, "refused", "declined"),
        (fault_of(429, Retry_After="60"), "fell_back", "busy"),
        (fault_of(500), "fell_back", "faulty"),
        (fault_of(401), "fell_back", "sign_in"),
        (elsewhere, "fell_back", "faulty"),
        (lambda handler, body: send(handler, 200, b"<html>"), "fell_back", "faulty"),
        (lambda handler, body: send(handler, 200, {"choices": []}), "fell_back", "unusable"),
        ("no JSON at all", "fell_back", "unusable"),
        ({"title": "Good", "score": 59_949_752}, "fell_back", "unusable"),
        ({"words": ["of another schema"]}, "fell_back", "unusable"),
        ({"title": "Cheaper at shop-x．com", "score": 3}, "fell_back", "unusable"),
    ],
)
def test_whatever_goes_wrong_our_own_answer_stands(
    model_server, settings, caplog, said, verdict, why
):
    settings.LLM["SECONDS"] = 1 if said in (slow, drips) else 10
    model_server.says = [said]

    done = ask()

    assert done.value == OURS
    assert done.note.startswith("Made without the language model")
    assert (done.run.verdict, done.run.why) == (verdict, why)
    assert done.run.duration_ms < 5_000
    assert "sk-secret" not in caplog.text


def test_a_busy_server_is_asked_again_when_it_says(model_server, settings):
    settings.LLM["RETRIES"] = 1
    model_server.says = [fault_of(429, Retry_After="0.05"), GOOD]

    assert ask().run.verdict == "ok"
    assert len(model_server.heard) == 2


def test_nobody_is_asked_where_nobody_may_be(model_server, settings):
    settings.LLM["BASE_URL"] = "http://127.0.0.1:9/v1"  # nobody listens there
    assert ask().run.why == "unreachable"

    settings.LLM |= {"PRIVATE": False, "BASE_URL": "https://127.0.0.1:443/v1"}
    assert ask().run.why == "address"

    settings.LLM["PROVIDER"] = "offline"
    done = ask()
    assert (done.value, done.note, done.run.verdict, done.run.model) == (OURS, "", "ok", "")
    assert model_server.heard == []


def test_the_budget_of_a_day_is_not_gone_beyond(model_server, settings):
    model_server.says = [GOOD]
    settings.LLM["TOKENS_PER_DAY"] = 800
    assert ask().run.why == ""  # 350 of 800
    assert ask().run.why == ""  # 700
    assert ask().run.why == "budget"
    settings.LLM |= {"TOKENS_PER_DAY": 10_000, "COST_PER_DAY_MINOR": 1}  # 0.2 are spent
    settings.LLM["MAX_TOKENS"] = 2_000  # could cost 1.6
    done = ask()
    assert (done.value, done.run.why) == (OURS, "budget")
    assert "budget" in done.note
    assert len(model_server.heard) == 2


def test_what_was_asked_stays_as_it_was(model_server):
    model_server.says = [GOOD]
    run = ask().run
    run.tokens_in = 0
    with pytest.raises(TypeError):
        run.save()
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        PromptRun.objects.update(tokens_in=0)
