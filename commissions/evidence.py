"""Files that prove something: small, of a few kinds, known by what is in them."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import Invalid

LARGEST = 2 * 1024 * 1024
PER_SIDE = 20  # pieces that each side may add to a case
# content type → (ending, how such a file begins)
_KINDS = {
    "image/png": ("png", b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": ("jpg", b"\xff\xd8\xff"),
    "application/pdf": ("pdf", b"%PDF-"),
}
_TEXT = "text/plain; charset=utf-8"
ACCEPT = ".png,.jpg,.jpeg,.pdf,.txt,.csv,.log"


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept. `content_type` is what it is, not what its sender said."""

    filename: str
    content_type: str
    content: bytes


def check(file: Any) -> Checked:
    """The uploaded file, looked at. Raises Invalid: too large, empty, of another kind."""
    if file.size > LARGEST:
        raise Invalid(_("A file may have at most 2 MB."), field="file")
    file.seek(0)  # one file may go into many cases
    content: bytes = file.read()
    content_type = _kind(content)
    if not content_type:
        raise Invalid(_("Only pictures (PNG, JPEG), PDF and plain text are kept."), field="file")
    return Checked(_clean(file.name), content_type, content)


def name_of(pk: int, content_type: str) -> str:
    """Under which name a file is handed out: ours, with the ending of what it is."""
    ending = _KINDS[content_type][0] if content_type in _KINDS else "txt"
    return f"evidence-{pk}.{ending}"


def _kind(content: bytes) -> str:
    for content_type, (_ending, start) in _KINDS.items():
        if content.startswith(start):
            return content_type
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    plain = text.strip() and all(char.isprintable() or char in "\r\n\t" for char in text)
    return _TEXT if plain else ""


def _clean(name: str) -> str:
    kept = "".join(char for char in name if char.isprintable()).strip()
    return kept[-100:] or "file"
