"""E-mails of ours: to one person, in a language that the caller has chosen; as text, and the same
words dressed as HTML."""

from collections.abc import Mapping
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation


def tell(
    address: str,
    subject: str,
    text: str,
    *,
    footer: str = "",
    headers: Mapping[str, str] | None = None,
    connection: Any = None,
) -> None:
    """Names are typed by people: a line break in one must neither add a header nor, refused by
    the mail library, keep somebody from being told."""
    subject = " ".join(subject.split())
    body = f"{text}\n\n-- \n{footer}" if footer else text
    message = EmailMultiAlternatives(
        subject, body, None, [address], headers=dict(headers or {}), connection=connection
    )
    message.attach_alternative(dressed(subject, text, footer), "text/html")
    message.send()


def dressed(subject: str, text: str, footer: str = "") -> str:
    """The text as HTML: a link that is a paragraph of its own is a button."""
    paragraphs = [
        ("", part) if part.startswith("http") and len(part.split()) == 1 else (part, "")
        for part in filter(None, map(str.strip, text.split("\n\n")))
    ]
    return render_to_string(
        "account/email/dressed.html",
        {
            "paragraphs": paragraphs,
            "subject": subject,
            "footer": footer,
            "language": translation.get_language(),
        },
    )
