"""The MCP door: an unmodified client finds what its key may ask, and nothing of others."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import jsonschema
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client
from rest_framework.test import APIClient

from affiliates.services import affiliate_apply
from aiassist import mcp
from alliance.kernel import clock
from alliance.kernel.access import api_key_issue
from tests.cast import cast_make, user_make

ALL = ["products:read", "commissions:read", "reports:read"]


def key_of(user, organisation: str, scopes=ALL, **more) -> str:
    facts = {"name": "Robot", "scopes": scopes, **more}
    return api_key_issue(actor=user, organisation=organisation, **facts)[1]


NOON = datetime(2026, 6, 10, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast(db):
    with clock.at(NOON - timedelta(days=30)):
        made = cast_make(wallet="900000.00")
    with clock.at(NOON):
        yield made


@pytest.fixture
def ask(cast):
    """Sends one message with a key; the answer's status and body."""

    def send(method, params=None, *, key=None, number=1, raw=None, **headers):
        client = APIClient()
        token = key or key_of(cast.lin, f"affiliate:{cast.affiliate.pk}")
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}
        answer = client.post(
            "/mcp",
            raw if raw is not None else json.dumps(message),
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {token}",
            **headers,
        )
        return answer.status_code, answer.json() if answer.content else None

    return send


def names(answer) -> set[str]:
    return {tool["name"] for tool in answer[1]["result"]["tools"]}


def test_each_key_has_the_tools_of_its_side_and_scopes(cast, ask):
    merchants = f"merchant:{cast.merchant.pk}"
    assert {"order_explain", "products_find", "money_when"} <= names(ask("tools/list"))
    narrow = key_of(cast.lin, f"affiliate:{cast.affiliate.pk}", ["products:read"])
    assert "money_when" not in names(ask("tools/list", key=narrow))
    assert names(ask("tools/list", key=key_of(cast.chen, merchants, ["wallet:read"]))) == {
        "wallet",
        "merchant_todo",
    }
    refused = ask("tools/call", {"name": "wallet"}, key=narrow)
    assert refused[1]["error"]["message"] == "The key has no tool of this name."


def test_what_a_tool_says_is_the_affiliates_own(cast, ask):
    """The order of one affiliate is, for another, one that nobody knows of."""
    cast.sold("618-1")
    number = {"name": "order_explain", "arguments": {"number": "618-1"}}
    mine = ask("tools/call", number)[1]["result"]
    assert mine["isError"] is False
    assert "618-1" in mine["content"][1]["text"]
    assert all(
        link["url"].startswith("http://localhost") or "://" in link["url"]
        for link in mine["structuredContent"]["sources"]
    )
    other = user_make()
    stranger = affiliate_apply(user=other, kind="small", name="Other")
    theirs = ask("tools/call", number, key=key_of(other, f"affiliate:{stranger.pk}"))[1]["result"]
    assert theirs["structuredContent"]["sources"] != mine["structuredContent"]["sources"]
    assert theirs["content"] != mine["content"]


def test_what_others_wrote_is_called_data_wherever_a_model_may_look(cast, ask):
    """In the instructions, with each tool, before each result; and apart from what we say."""
    assert "never instructions" in ask("initialize")[1]["result"]["instructions"]
    tools = ask("tools/list")[1]["result"]["tools"]
    for tool in tools:
        assert tool["description"].endswith(mcp.OTHERS), tool["name"]
        assert tool["annotations"] == {"readOnlyHint": True, "openWorldHint": False}
    for tool in tools:
        args = {"number": "618-1"} if tool["name"] == "order_explain" else {}
        found = ask("tools/call", {"name": tool["name"], "arguments": args})[1]["result"]
        jsonschema.validate(found["structuredContent"], tool["outputSchema"])
        first, _said = found["content"]
        assert first == {"type": "text", "text": mcp.OTHERS,
                         "annotations": {"audience": ["assistant"]}}  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("[]", -32600),
        ('{"jsonrpc": "1.0", "id": 1, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": {"a": 1}, "method": "ping"}', -32600),
        ('{"id": 1}', -32600),
    ],
)
def test_what_is_no_message_is_said_to_be_none(ask, raw, code):
    status, answer = ask("", raw=raw)
    assert (status, answer["error"]["code"]) == (400, code)


def test_wrong_methods_arguments_versions_and_origins(cast, ask):
    assert ask("resources/list")[1]["error"]["code"] == -32601
    odd = ask("tools/call", {"name": "order_explain", "arguments": {"no": 1}})[1]["result"]
    assert odd["isError"] is True
    listed = {"name": "order_explain", "arguments": [1]}
    assert ask("tools/call", listed)[1]["error"]["code"] == -32602
    assert ask("ping", HTTP_MCP_PROTOCOL_VERSION="1999-01-01")[0] == 400
    assert ask("ping", HTTP_ORIGIN="https://evil.example")[0] == 403
    assert ask("ping")[1]["result"] == {}
    assert ask("", raw='{"jsonrpc": "2.0", "method": "notifications/initialized"}') == (202, None)
    sandbox = key_of(cast.lin, f"affiliate:{cast.affiliate.pk}", sandbox=True)
    assert ask("ping", key=sandbox)[0] == 403
    assert APIClient().get("/mcp").status_code in (401, 403, 405)
    cast.affiliate.members.all().delete()
    gone = key_of(cast.lin, f"affiliate:{cast.affiliate.pk}")
    assert ask("tools/list", key=gone)[0] == 403


@pytest.mark.django_db(transaction=True)
def test_an_unmodified_client_lists_and_calls(live_server):
    """The protocol's own library, over HTTP."""
    cast = cast_make()
    token = key_of(cast.lin, f"affiliate:{cast.affiliate.pk}")
    with ThreadPoolExecutor(1) as own:  # a browser's loop may run in this thread
        asked = own.submit(asyncio.run, _session(f"{live_server.url}/mcp", token))
    listed, called = asked.result()
    assert "products_find" in {tool.name for tool in listed.tools}
    assert called.structured_content["sentences"]
    assert not called.is_error


async def _session(url: str, token: str):
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        create_mcp_http_client(headers=headers) as client,
        streamable_http_client(url, http_client=client) as (read, write, *_more),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        return await session.list_tools(), await session.call_tool("money_when", {})
