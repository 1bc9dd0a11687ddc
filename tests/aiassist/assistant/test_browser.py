"""The assistant in a browser, with a model: sentences appear while they are made."""

import threading

import pytest
from playwright.sync_api import Page, expect

from tests.aiassist.model_server import USAGE, calls, event, stream
from tests.cast import PASSWORD, cast_make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_answer_appears_while_it_is_made_and_stays(site: str, page: Page, model_server):
    cast_make()
    seen = threading.Event()

    def slowly(handler, body):
        stream(handler, {"content": "Nothing can be withdrawn yet. -----"}, breaks_after=7)
        seen.wait(20)
        event(handler, [{"index": 0, "delta": {"content": "Wait."}, "finish_reason": "stop"}])
        event(handler, [], usage=USAGE)

    model_server.says = [calls(("money_when", {})), slowly]
    page.goto(f"{site}/accounts/login/?next=/affiliate/assistant/")
    page.fill("[name=login]", "lin@test.example")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.fill("#question", "When is my money paid?")
    page.press("#question", "Enter")

    first = expect(page.locator(".turn-answer"))
    first.to_have_text("Nothing can be withdrawn yet.")  # libraries are loaded
    seen.set()
    expect(page.locator(".turn-sources")).to_contain_text("Withdrawals")
    expect(page.locator(".turn-answer > p").nth(1)).to_have_text("Wait.")
    assert "#turn-" in page.url
    page.reload()
    expect(page.locator(".turn-answer")).to_contain_text("Wait.")
    expect(page.locator("#question")).to_have_value("")
