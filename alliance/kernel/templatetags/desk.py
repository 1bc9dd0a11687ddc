"""What the operations desk's templates say beyond the other pages' tags."""

from typing import Any

from django import template
from django.db.models import Model
from django.utils.safestring import SafeString

from alliance.kernel import columns, trail
from alliance.kernel.models import AuditEvent

register = template.Library()


@register.simple_tag
def facts(event: AuditEvent, currency: str = "") -> SafeString:
    """{% facts event currency %}: what the event keeps, one fact a line."""
    return columns.facts(event.data, currency or "", trail.model_of(event.object_type))


@register.simple_tag
def about(event: AuditEvent) -> SafeString | str:
    """{% about event %}: what it happened to, with a way there."""
    return columns.link_to_named(event.object_type, event.object_id)


@register.filter
def deed(event: AuditEvent) -> str:
    """{{ event|deed }}: what was done, in words."""
    return str(trail.deed(event.verb))


@register.filter
def desk_link(obj: Model | None) -> SafeString | str:
    """{{ object|desk_link }}: its name, leading to its page of the desk."""
    return columns.link_to(obj)


@register.simple_tag
def badge(value: str, label: str) -> SafeString:
    """{% badge state label %}: a state in its colour."""
    return columns.badge(value, label)


@register.filter
def by(minor: int | None, currency: str) -> SafeString | str:
    """{{ minor|by:currency }}: an amount in figures of one width, red below zero."""
    return "–" if minor is None else columns.money(minor, currency)


@register.filter
def at(mapping: dict[Any, Any], key: Any) -> Any:
    """{{ mapping|at:key }}"""
    return mapping.get(key, key)
