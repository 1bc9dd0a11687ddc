"""What a question cost and how it ended, written down once."""

import time
from dataclasses import dataclass, field
from hashlib import sha256

from django.conf import settings

from affiliates.models import Affiliate
from aiassist.models import PromptRun, Verdict, Why
from aiassist.providers.budget import cost_millionths
from aiassist.providers.words import NotAnswered, Usage
from merchants.models import Merchant


@dataclass(slots=True)
class Record:
    """Begun before a question, ended once. Of the prompt only its hash is kept."""

    purpose: str
    prompt: str
    whom: Affiliate | Merchant | None
    began: float = field(default_factory=time.monotonic)

    def answered(self, verdict: Verdict, usage: Usage) -> PromptRun:
        return self._write(verdict, usage)

    def failed(self, exc: NotAnswered) -> PromptRun:
        return self._write(exc.verdict, exc.usage, exc.why)

    def offline(self) -> PromptRun:
        return self._write(Verdict.OK, Usage(), model="")

    def _write(
        self, verdict: Verdict, usage: Usage, why: Why | None = None, model: str | None = None
    ) -> PromptRun:
        llm = settings.LLM
        return PromptRun.objects.create(
            purpose=self.purpose,
            provider=llm["PROVIDER"],
            model=llm["MODEL"] if model is None else model,
            organisation=f"{self.whom._meta.model_name}:{self.whom.pk}" if self.whom else "",
            digest=sha256(self.prompt.encode()).hexdigest(),
            tokens_in=usage.read,
            tokens_out=usage.written,
            cost_millionths=cost_millionths(usage),
            currency=llm["CURRENCY"],
            duration_ms=round((time.monotonic() - self.began) * 1000),
            verdict=verdict,
            why=why or "",
        )
