"""Scripts of ours that stand in other people's pages.

A file keeps its name and its bytes for ever, since pages name its checksum (SRI): what changes gets
a new version beside it. They have a door of their own, as browsers check a checksum only of what
other origins may read, and whoever serves our static files need not know that.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha384
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

SCRIPTS = {"tag": "tag-1.0.js", "widget": "widget-1.0.js"}
SERVED = frozenset(SCRIPTS.values())  # and every earlier version


@require_safe
def script(request: HttpRequest, name: str) -> HttpResponse:
    """The script, for pages of any origin. It never changes, so it is kept for a year."""
    if name not in SERVED:
        raise Http404
    answer = HttpResponse(_content(name), content_type="text/javascript; charset=utf-8")
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def snippet(name: str, **data: str) -> SafeString:
    """The line that one copies into a page. `data`: what the script reads off it (data-…)."""
    return format_html(
        '<script async src="{}{}" integrity="{}" crossorigin="anonymous"{}></script>',
        settings.PUBLIC_URL,
        reverse("embed", args=[SCRIPTS[name]]),
        integrity(name),
        format_html_join("", ' data-{}="{}"', data.items()),
    )


def integrity(name: str) -> str:
    """The checksum as browsers want it."""
    return f"sha384-{b64encode(sha384(_content(SCRIPTS[name])).digest()).decode()}"


@cache
def _content(name: str) -> bytes:
    return Path(str(finders.find(f"embed/{name}"))).read_bytes()
