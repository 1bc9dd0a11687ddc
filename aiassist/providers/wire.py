"""The chat protocol, by pydantic-ai. Loaded when first asked (see openai_compatible).

Each question has a deadline of its own, over all its tries: a server that says one letter a second
is as slow as one that says nothing. Redirects are not followed, nothing is read from the
environment, and what the server says in anger (its error texts) is neither shown nor kept.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from anyio.from_thread import start_blocking_portal
from django.conf import settings
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, OpenAIError
from pydantic_ai import Agent, NativeOutput, PromptedOutput, Tool, ToolOutput, exceptions
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    UserPromptPart,
)
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RunUsage, UsageLimits

from aiassist.models import Verdict, Why
from aiassist.providers.words import Answer, Lookup, NotAnswered, Question, T, Talk, Usage

logger = logging.getLogger(__name__)

STRUCTURES = {"schema": NativeOutput, "tool": ToolOutput, "prompt": PromptedOutput}
# In this order: the first that fits. Whatever else the libraries raise is a fault, too.
_WHY: tuple[tuple[type[Exception], Why], ...] = (
    (TimeoutError, Why.SLOW),
    (exceptions.ModelTimeoutError, Why.SLOW),
    (exceptions.ModelRequestTimeout, Why.SLOW),
    (exceptions.ModelRateLimitError, Why.BUSY),
    (exceptions.ModelQuotaExceededError, Why.BUSY),
    (exceptions.ModelAuthenticationError, Why.SIGN_IN),
    (exceptions.ModelConnectionError, Why.UNREACHABLE),
    (exceptions.ModelAPIError, Why.FAULTY),
    (exceptions.ContentFilterError, Why.DECLINED),
    (exceptions.UnexpectedModelBehavior, Why.UNUSABLE),
    (exceptions.AgentRunError, Why.UNUSABLE),
    (OpenAIError, Why.FAULTY),
    (ValueError, Why.UNUSABLE),
)


def complete(question: Question[T]) -> Answer[T]:
    usage = RunUsage()
    # A loop of its own: whoever calls may have one running in this thread.
    with troubles(usage), start_blocking_portal() as portal:
        value = portal.call(_complete, question, usage)
    verdict = Verdict.REPAIRED if usage.requests > 1 else Verdict.OK
    return Answer(value, verdict, Usage(usage.input_tokens, usage.output_tokens))


async def _complete(question: Question[T], usage: RunUsage) -> T:
    async with asyncio.timeout(settings.LLM["SECONDS"]), model() as asked:
        agent = Agent(
            asked,
            output_type=STRUCTURES[settings.LLM["STRUCTURE"]](question.schema),
            instructions=question.instructions,
            retries={"output": 1},
        )
        facts = json.dumps(question.facts, ensure_ascii=False)
        return (await agent.run(facts, usage=usage)).output


# --- In words, a piece at a time ---

CALLS = 8  # of lookups in one answer
ASKED = 6  # of the model in one answer


@dataclass(slots=True)
class _Wanted:
    """A lookup on its way from the loop to the thread that asks, and its answer on the way back."""

    lookup: Lookup
    args: dict[str, Any]
    found: asyncio.Future[Any]


def converse(talk: Talk, usage: Usage) -> Generator[str]:
    """Pieces of the answer, as they come. What it took is written into `usage` at the end, however
    it ends. Raises NotAnswered."""
    counted = RunUsage()
    said: SimpleQueue[str | _Wanted | None] = SimpleQueue()
    try:
        with troubles(counted), start_blocking_portal() as portal:
            talking = portal.start_task_soon(_converse, talk, said, counted)
            while (item := said.get()) is not None:
                if isinstance(item, str):
                    yield item
                else:
                    # Here, not in the loop: the database's connection is this thread's.
                    portal.call(item.found.set_result, item.lookup.call(item.args))
            talking.result()
    finally:
        usage.read, usage.written = counted.input_tokens, counted.output_tokens


async def _converse(talk: Talk, said: "SimpleQueue[str | _Wanted | None]", usage: RunUsage) -> None:
    async def listen(_context: Any, events: AsyncIterable[Any]) -> None:
        async for event in events:
            if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                said.put(event.part.content)
            elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                said.put(event.delta.content_delta)

    try:
        async with asyncio.timeout(settings.LLM["SECONDS"]), model() as asked:
            agent = Agent(
                asked,
                instructions=talk.instructions,
                tools=[_tool(lookup, said) for lookup in talk.lookups],
                retries=1,
            )
            await agent.run(
                talk.question,
                message_history=list(_history(talk.before)),
                usage=usage,
                usage_limits=UsageLimits(request_limit=ASKED, tool_calls_limit=CALLS),
                event_stream_handler=listen,
            )
    finally:
        said.put(None)


def _tool(lookup: Lookup, said: "SimpleQueue[str | _Wanted | None]") -> Tool[object]:
    async def call(**args: Any) -> Any:
        wanted = _Wanted(lookup, args, asyncio.get_running_loop().create_future())
        said.put(wanted)
        return await wanted.found

    return Tool.from_schema(
        call, name=lookup.name, description=lookup.description, json_schema=dict(lookup.schema)
    )


def _history(before: Sequence[tuple[str, str]]) -> Iterator[ModelMessage]:
    for question, answer in before:
        yield ModelRequest(parts=[UserPromptPart(question)])
        yield ModelResponse(parts=[TextPart(answer)])


# --- The model ---


@asynccontextmanager
async def model() -> AsyncIterator[OpenAIChatModel]:
    """The operator's model, on a connection that is closed afterwards."""
    llm = settings.LLM
    async with DefaultAsyncHttpxClient(
        timeout=llm["SECONDS"], follow_redirects=False, trust_env=False
    ) as http:
        client = AsyncOpenAI(
            base_url=llm["BASE_URL"],
            api_key=llm["API_KEY"] or "none",  # a local server wants none; the library does
            max_retries=llm["RETRIES"],
            http_client=http,
        )
        yield OpenAIChatModel(
            llm["MODEL"],
            provider=OpenAIProvider(openai_client=client),
            profile=OpenAIModelProfile(
                # The older name of the limit is the one that every other server knows.
                openai_chat_supports_max_completion_tokens="api.openai.com" in llm["BASE_URL"],
                openai_chat_streaming_requires_finish_reason=True,  # else half an answer is one
            ),
            settings=ModelSettings(max_tokens=llm["MAX_TOKENS"], temperature=0.3),
        )


@contextmanager
def troubles(usage: RunUsage) -> Iterator[None]:
    """Whatever goes wrong inside is NotAnswered."""
    try:
        yield
    except tuple(kind for kind, _why in _WHY) as exc:
        why = next(why for kind, why in _WHY if isinstance(exc, kind))
        logger.warning("the language model did not answer: %s (%s)", why.value, type(exc).__name__)
        raise NotAnswered(why, Usage(usage.input_tokens, usage.output_tokens)) from exc
