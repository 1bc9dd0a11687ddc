"""What every form of ours carries (settings.TEMPLATES: a builtin, so that no page forgets it)."""

from typing import Any

from django import template
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html

from alliance.kernel.http import ACTING_FOR

register = template.Library()


@register.simple_tag(takes_context=True)
def csrf_token(context: Context) -> str:
    """Django's own, and in a team's room for which team the form was filled in: whoever is in
    several may have chosen another one on another page since (`acts_for`)."""
    token = CsrfTokenNode().render(context)
    team: Any = getattr(context.get("request"), "acting_for", "")
    if not (token and team):
        return token
    return token + format_html('<input type="hidden" name="{}" value="{}">', ACTING_FOR, team)
