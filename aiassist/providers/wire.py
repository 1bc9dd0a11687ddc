"""The chat protocol, by pydantic-ai. Loaded when first asked (see openai_compatible).

Each question has a deadline of its own, over all its tries: a server that says one letter a second
is as slow as one that says nothing. Redirects are not followed, nothing is read from the
environment, and what the server says in anger (its error texts) is neither shown nor kept.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from anyio.from_thread import start_blocking_portal
from django.conf import settings
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, OpenAIError
from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput, exceptions
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RunUsage

from aiassist.models import Verdict, Why
from aiassist.providers.words import Answer, NotAnswered, Question, T, Usage

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
            # The older name of the limit is the one that every server knows.
            profile=None
            if "api.openai.com" in llm["BASE_URL"]
            else OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False),
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
