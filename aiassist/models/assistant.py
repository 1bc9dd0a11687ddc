"""Conversations with the assistant: a person's own, who may remove them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from aiassist.models.prompts import PromptRun
from alliance.kernel import clock
from alliance.kernel.models import User


class Conversation(models.Model):
    """Of one person, for one affiliate or merchant: nobody else of the team reads it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("user"))
    organisation = models.CharField(
        _("organisation"), max_length=40, help_text="merchant:<id>, affiliate:<id>"
    )
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    asked_at = models.DateTimeField(_("last asked at"), default=clock.now)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        indexes = [
            models.Index(
                fields=["user", "organisation", "-asked_at"], name="conversation_of_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation} {self.pk}"


class Turn(models.Model):
    """A question and its answer: sentences, and links ([title, path] each) to pages and forms of
    ours. `note` says why no model answered, where one should have."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="turns")
    question = models.CharField(_("question"), max_length=500)
    sentences = models.JSONField(_("answer"), default=list)
    sources = models.JSONField(default=list)
    actions = models.JSONField(default=list)
    tools = models.JSONField(default=list)  # the names of what was looked up
    note = models.CharField(max_length=200, blank=True)
    run = models.ForeignKey(PromptRun, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("question to the assistant")
        verbose_name_plural = _("questions to the assistant")

    def __str__(self) -> str:
        return self.question
